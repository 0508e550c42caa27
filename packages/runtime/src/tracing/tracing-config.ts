/** The exporter that the environment asks for. */
export interface TracingConfig {
  readonly protocol: 'http/protobuf' | 'http/json' | 'grpc';
  readonly serviceName: string | undefined;
}

/** Why a configuration cannot be used. */
export interface TracingProblem {
  readonly variable: string;
  readonly got: string;
  readonly expected: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const PROTOCOLS: readonly TracingConfig['protocol'][] = ['http/protobuf', 'http/json', 'grpc'];

/**
 * Reads the standard `OTEL_*` variables: whether traces are to be exported, and how.
 *
 * Nothing is exported when `OTEL_SDK_DISABLED` is `true`, when `OTEL_TRACES_EXPORTER` is `none`, or when neither an endpoint nor
 * an exporter is named. Empty variables count as unset.
 */
export function tracingConfig(
  env: Env,
  onProblem: (problem: TracingProblem) => void,
): TracingConfig | undefined {
  const read = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const exporters = read('OTEL_TRACES_EXPORTER')
    ?.split(',')
    .map((name) => name.trim());
  const endpoint =
    read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? read('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (exporters === undefined ? endpoint === undefined : !exporters.includes('otlp')) {
    const unknown = exporters?.find((name) => name !== 'none' && name !== 'otlp');
    if (unknown !== undefined) {
      onProblem({ variable: 'OTEL_TRACES_EXPORTER', got: unknown, expected: 'otlp or none' });
    }
    return undefined;
  }
  const variable =
    read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') === undefined
      ? 'OTEL_EXPORTER_OTLP_PROTOCOL'
      : 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL';
  const asked = read(variable) ?? 'http/protobuf';
  const protocol = PROTOCOLS.find((known) => known === asked);
  if (protocol === undefined) {
    onProblem({ variable, got: asked, expected: PROTOCOLS.join(', ') });
  }
  return { protocol: protocol ?? 'http/protobuf', serviceName: read('OTEL_SERVICE_NAME') };
}
