import type { LedgerEntryKind } from './entry.js';

/** Where an entry stands in its ledger. */
export interface LedgerReceipt {
  /** From 0. */
  readonly index: number;
  /** SHA-256 of the entry, 64 hex digits. */
  readonly hash: string;
  /** `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
  readonly time: string;
  readonly kind: LedgerEntryKind;
}

/** What a ledger tells its listeners. A listener that throws hurts nobody: the error goes to `listenerError`. */
export interface LedgerEvents {
  /** An entry is acknowledged, under the promise of the sync policy. */
  entry: (receipt: LedgerReceipt) => void;
  /** A new file was begun. */
  rotated: (event: { readonly segment: number }) => void;
  /** A write failed or the lock was lost; nothing more can be appended. */
  broken: (error: Error) => void;
  /** The ledger was sealed by its close entry. */
  closed: (receipt: LedgerReceipt) => void;
  /** A listener threw. */
  listenerError: (error: unknown) => void;
}

/** What was found and put aside when a ledger was opened after a crash. */
export interface LedgerRecovery {
  /** How many bytes followed the last intact entry. */
  readonly tornBytes: number;
  /** The file that keeps them. */
  readonly keptIn: string;
}
