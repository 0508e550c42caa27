import type { JsonObject } from '@engramkit/core';
import type { OpenRecord, WaitingCall } from '../tools/call-ledger.js';
import type { Language, SessionLimits } from '../wire/session-types.js';

/** A run that stands still until somebody decides; travels in snapshots. */
export interface PausedRun {
  readonly run_id: string;
  readonly code: string;
  readonly inputs: JsonObject;
  readonly limits: SessionLimits;
  /** Milliseconds that were used before. */
  readonly cpu_used_ms: number;
  readonly wall_used_ms: number;
  readonly return_snapshot: boolean;
  readonly records: readonly OpenRecord[];
  readonly waiting: readonly WaitingCall[];
}

/** A session as the runtime keeps it, also across processes. */
export interface SessionState {
  readonly id: string;
  readonly language: Language;
  readonly limits: SessionLimits;
  readonly createdAt: number;
  lastUsedAt: number;
  /** State of the interpreter after the last run; absent before the first. */
  image: Uint8Array | undefined;
  /** Changes whenever the image does. */
  imageId: string | undefined;
  /** Set while a run waits for approval; `image` is then that of the waiting run. */
  paused: PausedRun | undefined;
  /** What the state is rolled back to when the paused run fails. */
  before: Uint8Array | undefined;
  /** Digests of the programs that made the state, the last of them. */
  codeDigests: readonly string[];
  seed: number;
}
