import type { Clock } from '@engramkit/core';
import type { OpenFile } from '../file-system.js';
import type { LedgerRecovery } from './ledger-events.js';
import type { MerkleTree } from './merkle.js';
import type { LedgerSigner } from './seal.js';
import type { SegmentWriterOptions } from './segment-writer.js';
import type { WriterLock } from './writer-lock.js';

/** What an open ledger starts from; made by `openLedger`. */
export interface LedgerStart {
  /** Identity of the ledger: a UUID. */
  readonly id: string;
  readonly file: OpenFile;
  readonly segment: number;
  readonly segmentBytes: number;
  readonly tree: MerkleTree;
  readonly head: string;
  readonly sinceCheckpoint: number;
  readonly lock: WriterLock;
  readonly recovered: LedgerRecovery | undefined;
}

/** How a ledger writes. */
export interface LedgerWriting
  extends Omit<SegmentWriterOptions, 'mayWrite' | 'onBroken' | 'onRotated'> {
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly checkpointEvery: number;
  readonly maxSegmentBytes: number;
  readonly signer: LedgerSigner | undefined;
}
