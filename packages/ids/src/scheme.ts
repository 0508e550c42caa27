import { InvalidInputError } from '@engramkit/core';
import type { ByteSink } from './byte-sink.js';
import { CanonicalJsonWriter } from './canonical-json.js';
import type { WalkOptions } from './canonical-walker.js';
import type { CidCodec } from './cid-v1.js';
import { DagCborWriter } from './dag-cbor.js';
import type { DigestAlgorithm } from './hash.js';
import {
  dagJsonDialect,
  type JsonDialect,
  jcsDialect,
  pythonDialect,
  type SerdeVariant,
  serdeDialect,
  serdeVariant,
} from './json-dialect.js';

/** The ways to name content; each has its canonical form, its digest and its spelling. */
export const CONTENT_ID_SCHEMES = [
  'python',
  'jcs',
  'serde-sha3',
  'cidv1-raw',
  'cidv1-json',
  'cidv1-dag-json',
  'cidv1-dag-cbor',
] as const;

/** Identifier of a scheme. Source: function-descriptor section 4. */
export type ContentIdScheme = (typeof CONTENT_ID_SCHEMES)[number];

/** Options of everything that makes a canonical form. */
export interface CanonicalizeOptions<Scheme extends ContentIdScheme = ContentIdScheme>
  extends WalkOptions {
  /** Default `python`. */
  readonly scheme?: Scheme | undefined;
  /** Variants of the scheme `serde-sha3`; other schemes have none. */
  readonly serde?: SerdeVariant | undefined;
}

/** What writes canonical forms of one kind. */
interface DocumentWriter {
  write(value: unknown, sink: ByteSink, options: WalkOptions): void;
}

/** What a scheme is made of. */
export interface SchemeFacts {
  readonly algorithm: DigestAlgorithm;
  /** Set for schemes whose identifiers are CIDs; those may choose another digest. */
  readonly codec?: CidCodec;
  /** Absent for the one binary form. */
  readonly dialect?: JsonDialect;
}

const SCHEMES: Readonly<Record<ContentIdScheme, SchemeFacts>> = {
  python: { algorithm: 'sha2-256', dialect: pythonDialect },
  jcs: { algorithm: 'sha2-256', dialect: jcsDialect },
  'serde-sha3': { algorithm: 'sha3-256', dialect: serdeDialect },
  'cidv1-raw': { algorithm: 'sha2-256', codec: 'raw', dialect: pythonDialect },
  'cidv1-json': { algorithm: 'sha2-256', codec: 'json', dialect: jcsDialect },
  'cidv1-dag-json': { algorithm: 'sha2-256', codec: 'dag-json', dialect: dagJsonDialect },
  'cidv1-dag-cbor': { algorithm: 'sha2-256', codec: 'dag-cbor' },
};

/** The facts of a scheme; throws `UNKNOWN_CONTENT_ID_SCHEME`. */
export function schemeFacts(scheme: ContentIdScheme): SchemeFacts {
  if (Object.hasOwn(SCHEMES, scheme)) return SCHEMES[scheme];
  throw new InvalidInputError(`There is no content id scheme ${JSON.stringify(scheme)}.`, {
    code: 'UNKNOWN_CONTENT_ID_SCHEME',
    details: { scheme: String(scheme), known: [...CONTENT_ID_SCHEMES] },
    hint: `Use one of ${CONTENT_ID_SCHEMES.join(', ')}.`,
  });
}

/** Writers that wait for the next document; their buffers and remembered shapes are worth keeping. */
const idleWriters = new Map<JsonDialect | 'dag-cbor', DocumentWriter>();

/** Writes the canonical form of a value into a sink. */
export function writeCanonical(value: unknown, sink: ByteSink, options: CanonicalizeOptions): void {
  const { scheme = 'python', serde } = options;
  const facts = schemeFacts(scheme);
  const dialect =
    serde !== undefined && scheme === 'serde-sha3' ? serdeVariant(serde) : facts.dialect;
  const kind = dialect ?? 'dag-cbor';
  // A getter or a default function of the value may come back here: then a second writer is made.
  const idle = idleWriters.get(kind);
  if (idle !== undefined) idleWriters.delete(kind);
  const writer =
    idle ?? (dialect === undefined ? new DagCborWriter() : new CanonicalJsonWriter(dialect));
  writer.write(value, sink, options);
  if (dialect === facts.dialect) idleWriters.set(kind, writer);
}
