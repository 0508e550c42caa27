import { dirname } from 'node:path';
import type { Clock, Timer } from '@engramkit/core';
import { LedgerBrokenError } from '../errors.js';
import { codeOf, type FileSystem, type OpenFile, writeFully } from '../file-system.js';
import type { LedgerReceipt } from './ledger-events.js';
import { segmentPath } from './segment.js';

/**
 * When an entry is acknowledged.
 *
 * - `each`: one write and one `fdatasync` per entry, before its promise resolves.
 * - `group` (default): waiting entries share one write and one `fdatasync`; promises resolve after it.
 * - `interval`: promises resolve after the write; a sync follows within `syncIntervalMs`. A power failure may take what is younger.
 * - `none`: promises resolve after the write; nothing is synced. A killed process loses nothing, a power failure may.
 */
export type SyncPolicy = 'each' | 'group' | 'interval' | 'none';

/** An entry on its way to the file. */
export interface QueuedLine {
  readonly line: string;
  /** The segment it belongs to. */
  readonly segment: number;
  readonly receipt: LedgerReceipt;
  readonly resolve: (receipt: LedgerReceipt) => void;
  readonly reject: (error: Error) => void;
}

/** What a segment writer needs. */
export interface SegmentWriterOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly directory: string;
  readonly name: string;
  readonly sync: SyncPolicy;
  readonly syncIntervalMs: number;
  readonly maxQueuedBytes: number;
  /** Called before every write; false means that somebody else writes now. */
  readonly mayWrite: () => Promise<boolean>;
  readonly onBroken: (error: LedgerBrokenError) => void;
  readonly onRotated: (segment: number) => void;
}

const GROUP_LINES = 4_096;
const GROUP_BYTES = 1 << 20;

/** Carries lines to the files of one ledger, in order, in groups, under a sync policy. */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  #file: OpenFile;
  #segment: number;
  /** Bytes of complete, written entries in the open file. */
  #goodBytes: number;
  #queue: QueuedLine[] = [];
  #queuedBytes = 0;
  #pumping: Promise<void> | undefined;
  #broken: LedgerBrokenError | undefined;
  #unsynced = false;
  #syncTimer: Timer | undefined;

  constructor(
    options: SegmentWriterOptions,
    start: { readonly file: OpenFile; readonly segment: number; readonly bytes: number },
  ) {
    this.#options = options;
    this.#file = start.file;
    this.#segment = start.segment;
    this.#goodBytes = start.bytes;
  }

  get broken(): LedgerBrokenError | undefined {
    return this.#broken;
  }

  /** Whether that many bytes more may wait. */
  hasRoom(bytes: number): boolean {
    return this.#queuedBytes === 0 || this.#queuedBytes + bytes <= this.#options.maxQueuedBytes;
  }

  push(line: QueuedLine): void {
    this.#queue.push(line);
    this.#queuedBytes += line.line.length;
    this.#pumping ??= this.#pump();
  }

  /** Resolves when everything that was pushed is written, and synced unless the policy is `none`. */
  async flush(): Promise<void> {
    await this.#pumping;
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#unsynced && this.#options.sync !== 'none') await this.#syncNow();
  }

  /** Writes what is left and closes the file; rejects when something could not be written. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#syncTimer?.cancel();
      await this.#file.close();
    }
  }

  /** Nothing more is written; everything that waits is rejected. */
  break(error: LedgerBrokenError): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    const waiting = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const line of waiting) line.reject(error);
    this.#options.onBroken(error);
  }

  async #pump(): Promise<void> {
    await undefined; // Appends of the same turn join the first group.
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#writeGroup(group);
      } catch (error) {
        const broken = LedgerBrokenError[Symbol.hasInstance](error)
          ? (error as LedgerBrokenError)
          : this.#wrapped(error);
        for (const line of group) line.reject(broken);
        this.break(broken);
        break;
      }
      for (const line of group) line.resolve(line.receipt);
    }
    this.#pumping = undefined;
  }

  #takeGroup(): readonly QueuedLine[] {
    const first = this.#queue[0];
    let count = 0;
    let bytes = 0;
    const limit = this.#options.sync === 'each' ? 1 : GROUP_LINES;
    while (count < this.#queue.length && count < limit) {
      const next = this.#queue[count];
      if (next === undefined || next.segment !== first?.segment) break;
      bytes += next.line.length;
      count += 1;
      if (bytes >= GROUP_BYTES) break;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #writeGroup(group: readonly QueuedLine[]): Promise<void> {
    const segment = group[0]?.segment ?? this.#segment;
    if (!(await this.#options.mayWrite())) throw this.#lockLost();
    if (segment !== this.#segment) await this.#rotate(segment);
    const text =
      group.length === 1 ? (group[0]?.line ?? '') : group.map(({ line }) => line).join('');
    const bytes = Buffer.from(text);
    try {
      await writeFully(this.#file, bytes);
    } catch (error) {
      await this.#cutBack(error);
      throw error;
    }
    this.#goodBytes += bytes.length;
    const { sync } = this.#options;
    if (sync === 'each' || sync === 'group') await this.#file.datasync();
    else this.#noteUnsynced();
  }

  /** Takes a half-written group out again, so that the file ends with a complete entry. */
  async #cutBack(cause: unknown): Promise<void> {
    try {
      await this.#file.truncate(this.#goodBytes);
    } catch {
      // The next open cuts the torn tail; the first error is what the caller must see.
      void cause;
    }
  }

  async #rotate(segment: number): Promise<void> {
    const { files, directory, name, sync } = this.#options;
    const old = this.#file;
    if (sync !== 'none') await old.datasync();
    this.#unsynced = false;
    const path = segmentPath(directory, name, segment);
    this.#file = await files.openForAppending(path, { create: true });
    await old.close();
    if (sync !== 'none') await files.syncDirectory(dirname(path));
    this.#segment = segment;
    this.#goodBytes = 0;
    this.#options.onRotated(segment);
  }

  #noteUnsynced(): void {
    this.#unsynced = true;
    if (this.#options.sync !== 'interval' || this.#syncTimer !== undefined) return;
    this.#syncTimer = this.#options.clock.setTimer(
      () => {
        this.#syncTimer = undefined;
        if (this.#unsynced) this.#syncNow().catch((error) => this.break(this.#wrapped(error)));
      },
      this.#options.syncIntervalMs,
      { unref: true },
    );
  }

  async #syncNow(): Promise<void> {
    this.#unsynced = false;
    await this.#file.datasync();
  }

  #wrapped(error: unknown): LedgerBrokenError {
    const code = codeOf(error);
    const what = code === undefined ? 'failed' : `failed with ${code}`;
    return new LedgerBrokenError(`a write to ledger "${this.#options.name}" ${what}`, {
      cause: error,
      details: { ledger: this.#options.name, ...(code === undefined ? {} : { systemCode: code }) },
      ...(code === 'ENOSPC'
        ? { hint: 'The disk is full: make room, then open the ledger again.' }
        : {}),
    });
  }

  #lockLost(): LedgerBrokenError {
    return new LedgerBrokenError(
      `ledger "${this.#options.name}" was taken over by another writer`,
      { code: 'LEDGER_LOCK_LOST', retry: 'safe', hint: 'Open the ledger again.' },
    );
  }
}
