import { type EnvironmentReader, shownValue } from './environment-reader.js';

/** Where payloads go and how large they may be. Source: bobrapet-batch sections 1.5 and 1.9. */
export interface StorageSettings {
  readonly backend: StorageBackend;
  /** Bytes above which a value is stored; 0 stores everything. */
  readonly maxInlineSize: number;
  readonly maxRecursionDepth: number;
  /** Limit of one hydration, dehydration or upload, in milliseconds. */
  readonly timeoutMs: number;
  readonly outputPrefix: string;
  readonly inputPrefix: string;
}

/** One of the places that payloads go to. */
export type StorageBackend =
  | { readonly provider: 'none' }
  | { readonly provider: 'file'; readonly path: string }
  | ({ readonly provider: 's3' } & S3Settings);

/** Credentials as they were handed in. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** How to reach a bucket. Source: bobrapet-batch sections 1.9 and 4.7. */
export interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  /** Origin with scheme; absent: the service of AWS in the region. */
  readonly endpoint: string | undefined;
  readonly forcePathStyle: boolean;
  /** Absent: requests are not signed. */
  readonly credentials: S3Credentials | undefined;
  readonly maxAttempts: number;
  readonly maxBackoffMs: number;
  readonly timeoutMs: number;
  readonly partSize: number;
  readonly concurrency: number;
  readonly serverSideEncryption: 'AES256' | 'aws:kms' | undefined;
  readonly kmsKeyId: string;
}

/** The least that S3 takes as a part. */
const LEAST_PART = 5 * 1_048_576;

/** Reads the storage settings; what cannot be used is a problem of the part `storage`. */
export function readStorageSettings(reader: EnvironmentReader): StorageSettings {
  return {
    backend: readBackend(reader),
    maxInlineSize:
      reader.requiredInteger('BUBU_MAX_INLINE_SIZE', 'storage', 0, { trim: false }) ?? 1_024,
    maxRecursionDepth: reader.positiveInteger('BUBU_MAX_RECURSION_DEPTH', 10, { warn: false }),
    timeoutMs: reader.positiveDuration('BUBU_STORAGE_TIMEOUT', 300_000, { warn: false }),
    outputPrefix: reader.trimmed('BUBU_STORAGE_OUTPUT_PREFIX') || 'outputs',
    inputPrefix: reader.trimmed('BUBU_STORAGE_INPUT_PREFIX') || 'inputs',
  };
}

function readBackend(reader: EnvironmentReader): StorageBackend {
  const provider = reader.trimmed('BUBU_STORAGE_PROVIDER');
  switch (provider) {
    case '':
    case 'none':
      return { provider: 'none' };
    case 'file': {
      const path = reader.trimmed('BUBU_STORAGE_PATH');
      if (path === '') {
        reader.problem(
          'BUBU_STORAGE_PATH',
          'storage',
          'nothing',
          'a folder, for the provider file',
        );
        return { provider: 'none' };
      }
      return { provider: 'file', path };
    }
    case 's3':
      return { provider: 's3', ...readS3(reader) };
    default:
      reader.problem('BUBU_STORAGE_PROVIDER', 'storage', shownValue(provider), 's3, file or none');
      return { provider: 'none' };
  }
}

function readS3(reader: EnvironmentReader): S3Settings {
  const bucket = reader.trimmed('BUBU_STORAGE_S3_BUCKET');
  if (bucket === '') {
    reader.problem('BUBU_STORAGE_S3_BUCKET', 'storage', 'nothing', 'the name of a bucket');
  }
  const endpoint = readEndpoint(reader);
  const part = reader.positiveInteger('BUBU_S3_MAX_PART_SIZE', LEAST_PART, { warn: false });
  return {
    bucket,
    region:
      reader.trimmed('BUBU_STORAGE_S3_REGION') ||
      reader.trimmed('AWS_REGION') ||
      reader.trimmed('AWS_DEFAULT_REGION') ||
      'us-east-1',
    endpoint,
    forcePathStyle: reader.storageFlag('BUBU_S3_FORCE_PATH_STYLE') ?? endpoint !== undefined,
    credentials: readCredentials(reader),
    maxAttempts: reader.positiveInteger('BUBU_S3_MAX_RETRIES', 3, { warn: false }),
    maxBackoffMs: reader.positiveDuration('BUBU_S3_MAX_BACKOFF', 10_000, { warn: false }),
    timeoutMs: reader.positiveDuration('BUBU_S3_TIMEOUT', 300_000, { warn: false }),
    partSize: Math.max(LEAST_PART, part),
    concurrency: reader.positiveInteger('BUBU_S3_CONCURRENCY', 5, { warn: false }),
    serverSideEncryption: readEncryption(reader),
    kmsKeyId: reader.trimmed('BUBU_S3_SSE_KMS_KEY'),
  };
}

function readEndpoint(reader: EnvironmentReader): string | undefined {
  const name = 'BUBU_STORAGE_S3_ENDPOINT';
  const tls = reader.storageFlag('BUBU_S3_TLS');
  const text = reader.trimmed(name);
  if (text === '') return undefined;
  const full = text.includes('://') ? text : `${tls === false ? 'http' : 'https'}://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (
    url === undefined ||
    url.hostname === '' ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.username !== '' ||
    url.password !== ''
  ) {
    // Not shown: an address may hold a password.
    reader.problem(name, 'storage', 'an address that cannot be used', 'http(s)://host[:port]');
    return undefined;
  }
  if (tls !== undefined && tls !== (url.protocol === 'https:')) {
    reader.problem(
      name,
      'storage',
      `an ${url.protocol.slice(0, -1)} address`,
      `the scheme that BUBU_S3_TLS=${tls} says`,
    );
  }
  url.hash = '';
  return url.href.replace(/\/+$/, '');
}

/** Source: bobrapet-batch section 4.7, gap G-S1. */
function readCredentials(reader: EnvironmentReader): S3Credentials | undefined {
  const read = (prefix: string): S3Credentials => ({
    accessKeyId: reader.trimmed(`${prefix}_ACCESS_KEY_ID`),
    secretAccessKey: reader.trimmed(`${prefix}_SECRET_ACCESS_KEY`),
    sessionToken: reader.trimmed(`${prefix}_SESSION_TOKEN`) || undefined,
  });
  const own = read('BUBU_S3');
  if (own.accessKeyId !== '' && own.secretAccessKey !== '') return own;
  if (own.accessKeyId !== '' || own.secretAccessKey !== '' || own.sessionToken !== undefined) {
    for (const part of ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY']) {
      if (reader.trimmed(`BUBU_S3_${part}`) === '') {
        reader.problem(
          `BUBU_S3_${part}`,
          'storage',
          'nothing',
          'both parts of the key, or neither',
        );
      }
    }
    return undefined;
  }
  const given = read('AWS');
  return given.accessKeyId !== '' && given.secretAccessKey !== '' ? given : undefined;
}

function readEncryption(reader: EnvironmentReader): 'AES256' | 'aws:kms' | undefined {
  const name = 'BUBU_S3_SSE';
  const word = reader.trimmed(name).toLowerCase();
  if (word === '') return undefined;
  if (['s3', 'sse-s3', 'aes256'].includes(word)) return 'AES256';
  if (['kms', 'aws:kms'].includes(word)) return 'aws:kms';
  reader.problem(name, 'storage', shownValue(word), 's3 or kms');
  return undefined;
}
