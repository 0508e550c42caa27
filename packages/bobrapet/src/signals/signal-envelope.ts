import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '@engramkit/core';

/** What a signal says about a payload without showing it; empty members are left out. Source: bobrapet-batch section 8.3. */
export interface SignalMeta {
  readonly format?: string;
  readonly contentType?: string;
  readonly sizeBytes?: number;
  readonly hashSha256?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Options of {@link textSignal}. Source: bobrapet-batch section 8.3. */
export interface TextSignalOptions {
  /** Default `text`. */
  readonly format?: string;
  readonly contentType?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Whether the SHA-256 of the text is sent along; default no. */
  readonly hash?: boolean;
  /** How many bytes of the text are shown; 0 shows none, default none, or 2,048 with `extras`. */
  readonly sampleBytes?: number;
  /** Shown beside the text; never in place of `text` and `truncated`. */
  readonly extras?: JsonObject;
}

const BRAND = Symbol.for('engramkit.signal-envelope');
const DEFAULT_SAMPLE_BYTES = 2_048;

/**
 * A signal value that is kept as it is, so that templates can read it; all other values are only described.
 *
 * `sample` is what may be shown. Source: bobrapet-batch section 8.3.
 */
export function signalEnvelope(meta: SignalMeta, sample?: JsonValue): JsonObject {
  return branded({
    meta: metaJson(meta),
    ...(sample === undefined || sample === null ? {} : { sample }),
  });
}

/** An envelope that describes a text and shows its beginning, if asked to. Source: bobrapet-batch section 8.3. */
export function textSignal(text: string, options: TextSignalOptions = {}): JsonObject {
  const { format = 'text', contentType, attributes, hash = false, extras } = options;
  const meta: SignalMeta = {
    format,
    ...(contentType === undefined ? {} : { contentType }),
    sizeBytes: Buffer.byteLength(text),
    ...(hash ? { hashSha256: createHash('sha256').update(text).digest('hex') } : {}),
    ...(attributes === undefined ? {} : { attributes }),
  };
  const { sampleBytes = extras === undefined ? 0 : DEFAULT_SAMPLE_BYTES } = options;
  if (sampleBytes <= 0 && extras === undefined) return signalEnvelope(meta);
  const shown = prefixOf(text, Math.max(0, sampleBytes));
  return signalEnvelope(meta, {
    ...extras,
    text: shown,
    ...(shown.length < text.length ? { truncated: true } : {}),
  });
}

/** Whether {@link signalEnvelope} made the value, in any copy of the package. */
export function isSignalEnvelope(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, BRAND);
}

function branded(value: JsonObject): JsonObject {
  return Object.freeze(Object.defineProperty(value, BRAND, { value: true }));
}

function metaJson(meta: SignalMeta): JsonObject {
  const { format = '', contentType = '', sizeBytes = 0, hashSha256 = '', attributes = {} } = meta;
  return {
    ...(format === '' ? {} : { format }),
    ...(contentType === '' ? {} : { contentType }),
    ...(sizeBytes === 0 ? {} : { sizeBytes }),
    ...(hashSha256 === '' ? {} : { hashSha256 }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes: { ...attributes } }),
  };
}

/** The longest prefix of whole characters within so many bytes. */
function prefixOf(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
