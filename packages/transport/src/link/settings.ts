import { durationToMs, parseDuration, trimSpace } from '@engramkit/core';
import type { Environment, TransportBinding } from './binding.js';
import { TransportError } from './transport-error.js';

/** Everything that can be tuned; milliseconds and bytes. Source: bobrapet-streaming section 7.2. */
export interface TransportSettings {
  readonly dialTimeoutMs: number;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  /** How many messages wait in each direction. */
  readonly bufferSize: number;
  /** How long a received message waits for the engram before it is dropped; absent means for ever. */
  readonly enqueueTimeoutMs: number | undefined;
  readonly messageTimeoutMs: number;
  readonly hangTimeoutMs: number | undefined;
  readonly dataHeartbeatMs: number;
  readonly controlHeartbeatMs: number;
  /** Negative means without a limit. */
  readonly maxRetries: number;
  readonly baseBackoffMs: number;
  readonly maxBackoffMs: number;
  /** How long the end may take: flushing what was sent and acknowledging what is done. */
  readonly drainTimeoutMs: number;
  /** Whether trace positions travel in message metadata. */
  readonly tracePropagation: boolean;
}

const FALSE = new Set(['0', 'false', 'f', 'no', 'n', 'off']);

/**
 * Resolves the settings: the overrides of the binding, then the environment, then the defaults.
 *
 * What cannot be read yields the default, as peers have it; only the security mode is refused, with
 * `TRANSPORT_SETTING_INVALID`. Source: bobrapet-streaming sections 3.3 and 7.2.
 */
export function resolveSettings(
  env: Environment,
  overrides: TransportBinding['overrides'],
): TransportSettings {
  const textOf = (name: string): string => {
    const override = overrides.get(name) ?? '';
    return override === '' ? trimSpace(env[name] ?? '') : override;
  };
  const mode = textOf('BUBU_TRANSPORT_SECURITY_MODE');
  if (mode !== '' && mode.toLowerCase() !== 'tls') {
    throw new TransportError(
      `invalid BUBU_TRANSPORT_SECURITY_MODE ${JSON.stringify(mode)}: only "tls" is supported`,
      { code: 'TRANSPORT_SETTING_INVALID', hint: 'Unset the variable, or set it to tls.' },
    );
  }
  const duration = <Default>(name: string, otherwise: Default): number | Default =>
    durationOf(textOf(name)) ?? otherwise;
  const messageTimeoutMs = duration('BUBU_GRPC_MESSAGE_TIMEOUT', 30_000);
  const dataHeartbeatMs = duration('BUBU_GRPC_HEARTBEAT_INTERVAL', 10_000);
  return {
    dialTimeoutMs: duration('BUBU_GRPC_DIAL_TIMEOUT', 10_000),
    maxReceiveBytes: integerOf(textOf('BUBU_GRPC_CLIENT_MAX_RECV_BYTES')) ?? 10_485_760,
    maxSendBytes: integerOf(textOf('BUBU_GRPC_CLIENT_MAX_SEND_BYTES')) ?? 10_485_760,
    bufferSize: integerOf(textOf('BUBU_GRPC_CHANNEL_BUFFER_SIZE')) ?? 16,
    enqueueTimeoutMs: duration('BUBU_GRPC_CHANNEL_SEND_TIMEOUT', undefined),
    messageTimeoutMs,
    hangTimeoutMs: duration('BUBU_GRPC_HANG_TIMEOUT', undefined),
    dataHeartbeatMs:
      dataHeartbeatMs < messageTimeoutMs ? dataHeartbeatMs : Math.max(1, messageTimeoutMs - 1),
    controlHeartbeatMs: duration('BUBU_TRANSPORT_HEARTBEAT_INTERVAL', 30_000),
    maxRetries: signedOf(textOf('BUBU_GRPC_RECONNECT_MAX_RETRIES')) ?? 10,
    baseBackoffMs: duration('BUBU_GRPC_RECONNECT_BASE_BACKOFF', 500),
    maxBackoffMs: duration('BUBU_GRPC_RECONNECT_MAX_BACKOFF', 30_000),
    drainTimeoutMs: duration('BUBU_GRPC_GRACEFUL_SHUTDOWN_TIMEOUT', 20_000),
    tracePropagation: !FALSE.has(trimSpace(env.BUBU_TRACE_PROPAGATION ?? '').toLowerCase()),
  };
}

function durationOf(text: string): number | undefined {
  if (text === '') return undefined;
  try {
    const milliseconds = durationToMs(parseDuration(text));
    return milliseconds > 0 ? milliseconds : undefined;
  } catch {
    return undefined; // Source: bobrapet-streaming section 7.2: invalid values silently give the default.
  }
}

function integerOf(text: string): number | undefined {
  const value = signedOf(text);
  return value !== undefined && value > 0 ? value : undefined;
}

function signedOf(text: string): number | undefined {
  if (!/^[+-]?\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}
