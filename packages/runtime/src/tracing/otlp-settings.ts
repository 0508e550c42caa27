/** What the OTLP exporter is told. */
export interface OtlpSettings {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMillis?: number;
  readonly compression?: 'gzip' | 'none';
}

type Env = Readonly<Record<string, string | undefined>>;

/** The endpoint, headers, time limit and compression that the standard variables name for traces. */
export function otlpSettings(
  env: Env,
  protocol: 'http/protobuf' | 'http/json' | 'grpc',
): OtlpSettings {
  const url = endpoint(env, protocol);
  const headers = keyValueList(
    read(env, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS') ?? read(env, 'OTEL_EXPORTER_OTLP_HEADERS'),
  );
  const timeout = Number(
    read(env, 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT') ?? read(env, 'OTEL_EXPORTER_OTLP_TIMEOUT'),
  );
  const compression =
    read(env, 'OTEL_EXPORTER_OTLP_TRACES_COMPRESSION') ??
    read(env, 'OTEL_EXPORTER_OTLP_COMPRESSION');
  return {
    ...(url === undefined ? {} : { url }),
    ...(headers.size === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(timeout > 0 ? { timeoutMillis: timeout } : {}),
    ...(compression === 'gzip' ? { compression } : {}),
  };
}

/** Lists like `key1=value1,key2=value2`, values percent-encoded; parts without a key are left out. */
export function keyValueList(text: string | undefined): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const part of (text ?? '').split(',')) {
    const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (key !== '') pairs.set(key, decoded(value));
  }
  return pairs;
}

function endpoint(env: Env, protocol: string): string | undefined {
  const exact = read(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  if (exact !== undefined) return exact;
  const base = read(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (base === undefined || protocol === 'grpc') return base;
  return `${base.replace(/\/+$/, '')}/v1/traces`;
}

function read(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // A stray percent sign is meant as one.
  }
}
