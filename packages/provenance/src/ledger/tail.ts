import { LedgerDamagedError } from '../errors.js';
import type { FileSystem, OpenFile } from '../file-system.js';
import { type ClaimedEntry, hashEntry, parseEntryLine } from './entry.js';
import { MerkleTree } from './merkle.js';
import { isObject, readBody, readSeal } from './seal.js';
import type { Segment } from './segment.js';

/** Where a ledger's last file ends, and what a writer must know to go on. */
export interface LedgerTail {
  readonly segment: Segment;
  /** The last intact entry; undefined when the file has none. */
  readonly last: ClaimedEntry | undefined;
  /** The tree over all intact entries. */
  readonly tree: MerkleTree;
  /** Bytes up to the end of the last intact entry. */
  readonly goodBytes: number;
  /** Bytes after it: a torn entry, or blocks that never reached the disk. */
  readonly tornBytes: number;
  /** Entries since the last checkpoint. */
  readonly sinceCheckpoint: number;
}

const FIRST_WINDOW = 64 << 10;

/**
 * Reads the end of a ledger's last file back to its last checkpoint and checks the chain from there.
 *
 * What follows the last intact entry is a torn tail when it is an unfinished line, or has blocks that were never written (zero
 * bytes, after a power failure). Any other damage is none that a crash makes: it rejects with {@link LedgerDamagedError} unless
 * `salvage` is set. Source: provenance section 8.4.
 */
export async function readTail(
  files: FileSystem,
  segment: Segment,
  options: { readonly salvage: boolean },
): Promise<LedgerTail> {
  const file = await files.openForReading(segment.path);
  if (file === undefined) {
    throw new LedgerDamagedError(`${segment.path} is missing`, { code: 'LEDGER_DAMAGED' });
  }
  try {
    const size = await file.size();
    for (let window = FIRST_WINDOW; ; window *= 4) {
      const from = Math.max(0, size - window);
      const data = await readRange(file, from, size);
      const start = from === 0 ? 0 : data.indexOf(10) + 1;
      const anchor = from > 0 && start === 0 ? undefined : findAnchor(data, start);
      if (anchor !== undefined) return walk(segment, data, from, anchor, options.salvage);
      if (from === 0) return nothingIntact(segment, data, size, options.salvage);
    }
  } finally {
    await file.close();
  }
}

interface Anchor {
  readonly at: number;
  readonly tree: MerkleTree;
}

/** The last entry in the window that carries a frontier (or is the first of all), looked for from the end: it is near. */
function findAnchor(data: Buffer, start: number): Anchor | undefined {
  let end = data.lastIndexOf(10);
  while (end >= start) {
    const before = end === 0 ? -1 : data.lastIndexOf(10, end - 1);
    const from = Math.max(start, before + 1);
    const anchor = anchorIn(data, from, end);
    if (anchor !== undefined) return anchor;
    end = before;
  }
  return undefined;
}

function anchorIn(data: Buffer, from: number, end: number): Anchor | undefined {
  const entry = parseEntryLine(data.toString('utf8', from, end));
  if (entry === undefined || entry.kind === 'action' || hashEntry(entry) !== entry.hash) {
    return undefined;
  }
  if (entry.index === 0) return { at: from, tree: MerkleTree.empty() };
  const frontier = frontierOf(entry);
  return frontier === undefined
    ? undefined
    : { at: from, tree: MerkleTree.from(entry.index, frontier) };
}

function frontierOf(entry: ClaimedEntry): readonly string[] | undefined {
  if (entry.kind === 'checkpoint' || entry.kind === 'close') {
    const seal = readSeal(entry.bodyText)?.seal;
    return seal?.size === entry.index ? seal.frontier : undefined;
  }
  const body = entry.kind === 'note' ? readBody(entry.bodyText) : undefined;
  const anchor = body?.anchor;
  if (!isObject(anchor) || anchor.size !== entry.index) return undefined;
  const frontier = anchor.frontier;
  return Array.isArray(frontier) ? frontier.map(String) : undefined;
}

function walk(
  segment: Segment,
  data: Buffer,
  base: number,
  anchor: Anchor,
  salvage: boolean,
): LedgerTail {
  const { tree } = anchor;
  let last: ClaimedEntry | undefined;
  let from = anchor.at;
  let sinceCheckpoint = 0;
  for (let end = data.indexOf(10, from); end >= 0; end = data.indexOf(10, from)) {
    const entry = parseEntryLine(data.toString('utf8', from, end));
    const intact =
      entry !== undefined &&
      entry.index === tree.size &&
      (last === undefined || entry.previous === last.hash) &&
      hashEntry(entry) === entry.hash;
    if (!intact) {
      refuseUnlessTorn(segment, data.subarray(from), tree.size, salvage);
      break;
    }
    last = entry;
    tree.append(entry.hash);
    sinceCheckpoint = entry.kind === 'checkpoint' ? 0 : sinceCheckpoint + 1;
    from = end + 1;
  }
  const goodBytes = base + from;
  return {
    segment,
    last,
    tree,
    goodBytes,
    tornBytes: base + data.length - goodBytes,
    sinceCheckpoint,
  };
}

/** The file has no entry that a chain could start from: it was torn while it was made, or it is damaged. */
function nothingIntact(segment: Segment, data: Buffer, size: number, salvage: boolean): LedgerTail {
  if (data.includes(10)) refuseUnlessTorn(segment, data, 0, salvage);
  return {
    segment,
    last: undefined,
    tree: MerkleTree.empty(),
    goodBytes: 0,
    tornBytes: size,
    sinceCheckpoint: 0,
  };
}

function refuseUnlessTorn(segment: Segment, rest: Buffer, index: number, salvage: boolean): void {
  if (salvage || rest.includes(0)) return;
  throw new LedgerDamagedError(
    `${segment.path}: entry ${index} is damaged in a way that no crash causes`,
    {
      details: { index, path: segment.path },
      hint: 'Verify the ledger and keep the files; salvage cuts at the last intact entry and keeps the rest beside it.',
    },
  );
}

async function readRange(file: OpenFile, from: number, to: number): Promise<Buffer> {
  const target = Buffer.alloc(to - from);
  let done = 0;
  while (done < target.length) {
    const count = await file.read(target.subarray(done), from + done);
    if (count === 0) break;
    done += count;
  }
  return target.subarray(0, done);
}
