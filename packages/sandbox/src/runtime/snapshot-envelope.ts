import { createHmac, timingSafeEqual } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type JsonObject, type JsonValue, parseJson, stringifyJson } from '@engramkit/core';
import { canonicalize, digestBytes } from '@engramkit/ids';
import { readLanguage, readSessionLimits } from '../wire/read-session.js';
import { SandboxError } from '../wire/sandbox-error.js';
import { checkSessionId, SNAPSHOT_VERSION } from '../wire/session-types.js';
import { WireReader } from '../wire/wire-reader.js';
import type { PausedRun, SessionState } from './session-state.js';

/** The most bytes of a snapshot. Source: sandbox section 5.6. */
const MOST_SNAPSHOT_BYTES = 64 * 1024 * 1024;
const MOST_IMAGE_BYTES = 1024 * 1024 * 1024;

/** What a snapshot is written and read with. */
export interface SnapshotContext {
  /** Secret: whoever has it can make images that the engine trusts. */
  readonly key: string | Uint8Array;
  /** `name@version` of the engine. */
  readonly engine: string;
  readonly capabilityDigest: string;
}

/** Writes the state of a session as one JSON document with a message authentication code. Source: sandbox section 5.6. */
export function sealSnapshot(session: SessionState, context: SnapshotContext): Uint8Array {
  const pack = (image: Uint8Array | undefined): string =>
    image === undefined ? '' : gzipSync(image, { level: 1 }).toString('base64');
  const payload = pack(session.image);
  const before = pack(session.before);
  const body = {
    magic: magicOf(context.engine),
    version: SNAPSHOT_VERSION,
    session_id: session.id,
    language: session.language,
    limits: { ...session.limits },
    capability_digest: context.capabilityDigest,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt,
    seed: session.seed,
    code_digest: [...session.codeDigests],
    pending: (session.paused ?? null) as unknown as JsonValue,
    payload_sha3: digestBytes(payload),
    before_sha3: digestBytes(before),
  };
  const mac = macOf(body, context.key);
  return Buffer.from(stringifyJson({ ...body, mac, payload, before }), 'utf8');
}

/** The id of a snapshot: its content. Source: sandbox section 4. */
export function snapshotId(bytes: Uint8Array): string {
  return `snap_${digestBytes(bytes)}`;
}

/** What a reader of snapshots accepts. */
export interface OpenSnapshotOptions extends SnapshotContext {
  /** Takes a snapshot also when the capabilities are others than at its making. */
  readonly ignoreCapabilities?: boolean;
}

/**
 * Reads a snapshot; only one whose code verifies reaches the engine.
 *
 * Throws `SNAPSHOT_CORRUPT`, `SNAPSHOT_VERSION_MISMATCH` or `SNAPSHOT_CAPABILITY_MISMATCH`.
 */
export function openSnapshot(bytes: Uint8Array, options: OpenSnapshotOptions): SessionState {
  const reader = parsedSnapshot(bytes);
  const magic = reader.text('magic');
  const [kind, engine] = [magic.slice(0, MAGIC.length), magic.slice(MAGIC.length)];
  if (kind !== MAGIC) throw corrupt('it is no snapshot of this kind');
  if (engine !== options.engine || reader.u32('version') !== SNAPSHOT_VERSION) {
    throw new SandboxError(
      'SNAPSHOT_VERSION_MISMATCH',
      `the snapshot was made by ${engine || 'another engine'}, version ${reader.u32('version')}`,
      { hint: `This runtime has ${options.engine}, version ${SNAPSHOT_VERSION}.` },
    );
  }
  // Long, and only of use when they have the sealed digests.
  const [payload, before] = [String(reader.raw('payload')), String(reader.raw('before'))];
  const body = bodyOf(reader);
  const expected = Buffer.from(macOf(body, options.key), 'hex');
  const given = Buffer.from(reader.text('mac'), 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw corrupt(
      'its authentication code does not verify',
      'Give the runtime the snapshotKey that it was made with.',
    );
  }
  if (digestBytes(payload) !== body.payload_sha3 || digestBytes(before) !== body.before_sha3) {
    throw corrupt('its content is not what was sealed');
  }
  if (body.capability_digest !== options.capabilityDigest && options.ignoreCapabilities !== true) {
    throw new SandboxError(
      'SNAPSHOT_CAPABILITY_MISMATCH',
      'the snapshot was made with other capabilities',
      { hint: 'Register the same capabilities, or allow others when you restore.' },
    );
  }
  const image = unpack(payload);
  return {
    id: checkSessionId(reader.text('session_id')),
    language: readLanguage(reader.raw('language'), '/language'),
    limits: readSessionLimits(reader.raw('limits') ?? null, '/limits'),
    createdAt: reader.u64('created_at'),
    lastUsedAt: reader.u64('last_used_at'),
    image,
    imageId: image === undefined ? undefined : digestBytes(payload),
    // Sealed by this package under the same key, so that its shape is known.
    paused: (reader.raw('pending') ?? undefined) as unknown as PausedRun | undefined,
    before: unpack(before),
    codeDigests: reader.list('code_digest', String),
    seed: Number(reader.raw('seed')),
  };
}

const MAGIC = 'cellshot/v1+';

function magicOf(engine: string): string {
  return `${MAGIC}${engine}`;
}

const SEALED = [
  'magic',
  'version',
  'session_id',
  'language',
  'limits',
  'capability_digest',
  'created_at',
  'last_used_at',
  'seed',
  'code_digest',
  'pending',
  'payload_sha3',
  'before_sha3',
] as const;

function bodyOf(reader: WireReader): JsonObject {
  return Object.fromEntries(SEALED.map((name) => [name, reader.raw(name) ?? null]));
}

function macOf(
  body: JsonObject | Readonly<Record<string, unknown>>,
  key: string | Uint8Array,
): string {
  return createHmac('sha256', key)
    .update(`${MAGIC}\n${canonicalize(body, { scheme: 'jcs' })}`)
    .digest('hex');
}

function parsedSnapshot(bytes: Uint8Array): WireReader {
  try {
    const options = {
      what: 'the snapshot',
      maxBytes: MOST_SNAPSHOT_BYTES,
      hideContent: true,
    } as const;
    return new WireReader(parseJson(bytes, { ...options, prototypeKeys: 'keep' }), '');
  } catch (cause) {
    throw corrupt(cause instanceof Error ? cause.message : 'it cannot be read');
  }
}

function unpack(payload: string): Uint8Array | undefined {
  if (payload === '') return undefined;
  try {
    return new Uint8Array(
      gunzipSync(Buffer.from(payload, 'base64'), { maxOutputLength: MOST_IMAGE_BYTES }),
    );
  } catch {
    throw corrupt('its image cannot be unpacked');
  }
}

function corrupt(why: string, hint?: string): SandboxError {
  return new SandboxError(
    'SNAPSHOT_CORRUPT',
    `the snapshot cannot be used: ${why}`,
    hint === undefined ? {} : { hint },
  );
}
