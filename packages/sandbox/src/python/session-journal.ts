import { type JsonValue, parseJson } from '@engramkit/core';
import { SandboxError } from '../wire/sandbox-error.js';

/** A value with what JSON cannot say about it; scalars stand for themselves, all else is a list that begins with its kind. */
export type PackedValue = JsonValue;

/** The state of a Python session: values and the source of functions. Source: sandbox section 6.4-4. */
export interface SessionJournal {
  /** Packed values of top-level names. */
  readonly values: Readonly<Record<string, PackedValue>>;
  /** Source of imports, in order. */
  readonly imports: readonly string[];
  /** Source of top-level functions by name, in the order of their definition. */
  readonly functions: readonly (readonly [name: string, source: string])[];
  /** Set while a run waits: the interpreter's own state, and what belongs to it. */
  readonly paused?: {
    readonly dump: string;
    readonly callId: number;
    readonly kept: Readonly<Record<string, PackedValue>>;
    readonly dropped: readonly string[];
  };
}

/** The state of a new session. */
export const EMPTY_JOURNAL: SessionJournal = { values: {}, imports: [], functions: [] };

/** The journal as an image. */
export function journalImage(journal: SessionJournal): Uint8Array {
  return Buffer.from(JSON.stringify(journal), 'utf8');
}

/** The journal of an image; images are sealed by the runtime, so that only their kind is looked at. */
export function imageJournal(image: Uint8Array | undefined): SessionJournal {
  if (image === undefined) return EMPTY_JOURNAL;
  try {
    const options = { what: 'the image', maxDepth: 2_000, prototypeKeys: 'keep' } as const;
    return parseJson(image, options) as unknown as SessionJournal;
  } catch (cause) {
    throw new SandboxError('SNAPSHOT_CORRUPT', 'the image of a session is damaged', { cause });
  }
}
