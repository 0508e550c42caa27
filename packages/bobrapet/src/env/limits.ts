import type { EnvironmentReader } from './environment-reader.js';

/** Limits, timeouts and switches; times in milliseconds, sizes in bytes. Source: bobrapet-batch section 1.5. */
export interface Limits {
  /** Budget of init, inputs and process. */
  readonly stepTimeoutMs: number;
  /** Unknown keys of config and inputs are errors. */
  readonly strictUnmarshal: boolean;
  readonly configHydrationMaxDepth: number;
  readonly configHydrationMaxNodes: number;
  readonly templateMaxOutputBytes: number;
  readonly templateMaxInputBytes: number;
  readonly templateTimeoutMs: number;
  readonly signalMaxPayloadBytes: number;
  readonly effectMaxDetailsBytes: number;
  /** Absent: the temporary and log folders of the machine and the working directory. */
  readonly logAllowedRoots: readonly string[] | undefined;
  readonly logFileMaxBytes: number;
  readonly debug: boolean;
  readonly hybridBridge: boolean;
  readonly hybridBridgeTimeoutMs: number;
  readonly grpcPort: number | undefined;
  readonly mediaInlineSize: number;
  /** The JSON envelope, unread; empty in batch Jobs. */
  readonly transportBinding: string;
}

/** Reads the limits; malformed values warn and take their defaults. */
export function readLimits(reader: EnvironmentReader): Limits {
  const roots = reader
    .raw('BUBU_LOG_ALLOWED_ROOTS')
    .split(':')
    .filter((root) => root.trim() !== '');
  const inline = reader.positiveInteger('BUBU_MAX_INLINE_SIZE', undefined, { warn: false });
  return {
    stepTimeoutMs: reader.positiveDuration('BUBU_STEP_TIMEOUT', 30 * 60_000),
    strictUnmarshal: reader.goFlag('BUBU_RUNTIME_STRICT_UNMARSHAL'),
    configHydrationMaxDepth: reader.positiveInteger('BUBU_CONFIG_HYDRATION_MAX_DEPTH', 64),
    configHydrationMaxNodes: reader.positiveInteger('BUBU_CONFIG_HYDRATION_MAX_NODES', 10_000),
    templateMaxOutputBytes: reader.positiveInteger('BUBU_TEMPLATE_MAX_OUTPUT_BYTES', 1_048_576),
    templateMaxInputBytes: reader.positiveInteger('BUBU_TEMPLATE_MAX_INPUT_BYTES', 8_388_608),
    templateTimeoutMs: reader.positiveDuration('BUBU_TEMPLATE_EVALUATION_TIMEOUT', 30_000),
    signalMaxPayloadBytes: reader.positiveInteger('BUBU_SIGNAL_MAX_PAYLOAD_BYTES', 8_192),
    effectMaxDetailsBytes: reader.positiveInteger('BUBU_EFFECT_MAX_DETAILS_BYTES', 8_192),
    logAllowedRoots: roots.length === 0 ? undefined : roots,
    logFileMaxBytes: reader.positiveInteger('BUBU_LOG_FILE_MAX_BYTES', 5_242_880),
    debug: reader.isOneOf('BUBU_DEBUG', ['1', 'true', 't', 'yes', 'y', 'on', 'debug']),
    // Not trimmed: ` false` leaves the bridge on.
    hybridBridge: !['0', 'false', 'no', 'off'].includes(
      reader.raw('BUBU_HYBRID_BRIDGE').toLowerCase(),
    ),
    hybridBridgeTimeoutMs: reader.positiveDuration('BUBU_HYBRID_BRIDGE_TIMEOUT', 15_000),
    grpcPort: reader.positiveInteger('BUBU_GRPC_PORT', undefined),
    mediaInlineSize: reader.positiveInteger('BUBU_MEDIA_INLINE_SIZE', inline ?? 49_152, {
      warn: false,
    }),
    transportBinding: reader.raw('BUBU_TRANSPORT_BINDING'),
  };
}
