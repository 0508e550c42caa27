import { join } from 'node:path';
import { InvalidInputError } from '@engramkit/core';
import type { FileSystem, OpenFile } from '../file-system.js';

/** One file of a ledger. */
export interface Segment {
  /** From 1. */
  readonly number: number;
  readonly path: string;
}

const NAME = /^[0-9A-Za-z_-]{1,64}$/;

/** Refuses names that could leave the directory or carry patterns. Source: provenance section 3.7. */
export function checkLedgerName(name: string): void {
  if (NAME.test(name)) return;
  throw new InvalidInputError(
    `${JSON.stringify(name.slice(0, 80))} cannot name a session or a ledger`,
    {
      code: 'LEDGER_NAME_INVALID',
      hint: 'Use 1 to 64 characters: letters, digits, "_" and "-".',
    },
  );
}

/** The path of a segment: `<name>.jsonl`, then `<name>.000002.jsonl` and so on. */
export function segmentPath(directory: string, name: string, number: number): string {
  const file = number === 1 ? `${name}.jsonl` : `${name}.${String(number).padStart(6, '0')}.jsonl`;
  return join(directory, file);
}

/** The segments of a ledger that exist, in order of their numbers. */
export async function listSegments(
  files: FileSystem,
  directory: string,
  name: string,
): Promise<readonly Segment[]> {
  checkLedgerName(name);
  const found: Segment[] = [];
  for (const file of await files.list(directory)) {
    if (!file.startsWith(`${name}.`)) continue;
    const match = /^(?:(\d{6,9})\.)?jsonl$/.exec(file.slice(name.length + 1));
    if (match === null) continue;
    const number = match[1] === undefined ? 1 : Number(match[1]);
    if (match[1] !== undefined && number < 2) continue;
    found.push({ number, path: join(directory, file) });
  }
  return found.sort((left, right) => left.number - right.number);
}

/** The names of all ledgers in a directory, sorted. */
export async function listLedgers(
  files: FileSystem,
  directory: string,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const file of await files.list(directory)) {
    const name = file.endsWith('.jsonl') ? file.slice(0, -'.jsonl'.length) : '';
    if (NAME.test(name)) names.push(name);
  }
  return names.sort();
}

/** A line as it stands in a file, without its LF. */
export interface LedgerLine {
  readonly bytes: Buffer;
  readonly segment: Segment;
  /** Where the line begins in its file. */
  readonly offset: number;
  /** False for what follows the last LF of a file. */
  readonly complete: boolean;
}

/** The first line of a segment without its LF, undefined when it has no whole line; reads little more than that. */
export async function readFirstLine(
  files: FileSystem,
  segment: Segment,
): Promise<Buffer | undefined> {
  const file = await files.openForReading(segment.path);
  if (file === undefined) return undefined;
  try {
    let data: Buffer = Buffer.alloc(0);
    for (let bytes = FIRST_LINE_BYTES; data.length < LONGEST_LINE; bytes *= 4) {
      const chunk = Buffer.allocUnsafe(bytes);
      const count = await file.read(chunk, data.length);
      if (count === 0) return undefined;
      data = Buffer.concat([data, chunk.subarray(0, count)]);
      const end = data.indexOf(10);
      if (end >= 0) return data.subarray(0, end);
    }
    return undefined;
  } finally {
    await file.close();
  }
}

/** The first entry of a ledger is shorter, usually. */
const FIRST_LINE_BYTES = 2_048;
const CHUNK_BYTES = 1 << 20;
/** A line longer than this is given up as damage. */
const LONGEST_LINE = 256 << 20;

/** The lines of the segments, in batches: memory for about one chunk. */
export async function* readLines(
  files: FileSystem,
  segments: readonly Segment[],
): AsyncGenerator<readonly LedgerLine[]> {
  for (const segment of segments) {
    const file = await files.openForReading(segment.path);
    if (file === undefined) continue;
    try {
      yield* linesOf(file, segment);
    } finally {
      await file.close();
    }
  }
}

async function* linesOf(file: OpenFile, segment: Segment): AsyncGenerator<readonly LedgerLine[]> {
  let position = 0;
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = await file.read(chunk, position + rest.length);
    if (count === 0) break;
    const data =
      rest.length === 0
        ? chunk.subarray(0, count)
        : Buffer.concat([rest, chunk.subarray(0, count)]);
    const lines: LedgerLine[] = [];
    let from = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, from)) {
      lines.push({
        bytes: data.subarray(from, end),
        segment,
        offset: position + from,
        complete: true,
      });
      from = end + 1;
    }
    position += from;
    rest = data.subarray(from);
    if (lines.length > 0) yield lines;
    if (rest.length > LONGEST_LINE) break;
  }
  if (rest.length > 0) yield [{ bytes: rest, segment, offset: position, complete: false }];
}
