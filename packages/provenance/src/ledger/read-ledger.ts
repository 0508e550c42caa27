import { InvalidInputError, type JsonObject } from '@engramkit/core';
import { LedgerDamagedError } from '../errors.js';
import { type FileSystem, nodeFileSystem } from '../file-system.js';
import { type ClaimedEntry, hashEntry, type LedgerEntryKind, parseEntryLine } from './entry.js';
import { readBody } from './seal.js';
import { listSegments, readLines } from './segment.js';

/** An entry as a reader gets it. Source: provenance section 8.2. */
export interface LedgerEntry {
  /** From 0. */
  readonly index: number;
  /** `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
  readonly time: string;
  readonly kind: LedgerEntryKind;
  /** Hash of the entry before; 64 zeros for the first. */
  readonly previous: string;
  readonly hash: string;
  readonly body: JsonObject;
}

/** Options of {@link readLedger}. */
export interface ReadLedgerOptions {
  readonly directory: string;
  readonly name: string;
  readonly signal?: AbortSignal;
  readonly files?: FileSystem;
}

/**
 * The entries of a ledger in order, read as a stream; each one is checked by itself and for its link to the one before.
 *
 * An unfinished last line is left out. Throws {@link LedgerDamagedError} at the first entry that does not hold, and
 * `LEDGER_MISSING` when there is no such ledger. Signatures and checkpoints are the work of `verifyLedger`.
 */
export async function* readLedger(options: ReadLedgerOptions): AsyncGenerator<LedgerEntry> {
  for await (const entry of readRawEntries(options)) {
    const body = readBody(entry.bodyText);
    if (body === undefined) throw damaged(options.name, entry.index);
    const { index, time, kind, previous, hash } = entry;
    yield { index, time, kind, previous, hash, body };
  }
}

/** The hashes of all entries, in order: what inclusion and consistency proofs are made from. */
export async function readEntryHashes(options: ReadLedgerOptions): Promise<readonly string[]> {
  const hashes: string[] = [];
  for await (const entry of readRawEntries(options)) hashes.push(entry.hash);
  return hashes;
}

async function* readRawEntries(options: ReadLedgerOptions): AsyncGenerator<ClaimedEntry> {
  const { directory, name, files = nodeFileSystem, signal } = options;
  const segments = await listSegments(files, directory, name);
  if (segments.length === 0) {
    throw new InvalidInputError(`there is no ledger "${name}" in ${directory}`, {
      code: 'LEDGER_MISSING',
      hint: 'Check the directory and the name.',
    });
  }
  let index = 0;
  let previous: string | undefined;
  for await (const lines of readLines(files, segments)) {
    signal?.throwIfAborted();
    for (const line of lines) {
      if (!line.complete && line.segment === segments.at(-1)) return;
      const entry = parseEntryLine(line.bytes.toString('utf8'));
      const intact =
        entry !== undefined &&
        entry.index === index &&
        (previous === undefined || entry.previous === previous) &&
        hashEntry(entry) === entry.hash;
      if (!intact) throw damaged(name, index);
      yield entry;
      previous = entry.hash;
      index += 1;
    }
  }
}

function damaged(name: string, index: number): LedgerDamagedError {
  return new LedgerDamagedError(`ledger "${name}": entry ${index} does not continue the chain`, {
    details: { ledger: name, index },
  });
}
