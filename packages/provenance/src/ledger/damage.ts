import type { FileSystem } from '../file-system.js';
import { isOneBitOff, repairOneBit } from './bit-flip.js';
import { type ClaimedEntry, hashEntry, parseEntryLine } from './entry.js';
import { isObject, readBody } from './seal.js';
import { type LedgerLine, readLines, type Segment } from './segment.js';

/** What a verifier can name as wrong with an entry. Source: provenance section 8.5. */
export type DamageReason =
  | 'parse'
  | 'hash'
  | 'link'
  | 'index'
  | 'signature'
  | 'checkpoint'
  | 'truncated';

/**
 * The kind of damage that explains what was found.
 *
 * - `bit-flip`: turning one bit makes the entry right again; `byte` says where.
 * - `altered`: the content was changed.
 * - `truncated`: the line, or the end of the ledger, is cut off.
 * - `swapped`: the entry belongs elsewhere, and the expected one stands later.
 * - `deleted`: the expected entry is gone.
 * - `duplicated`: the entry stands in the ledger twice.
 * - `foreign`: the entry is from another chain, or history before it was rewritten.
 * - `signature`: the chain holds, but a signature does not.
 */
export type DamageKind =
  | 'bit-flip'
  | 'altered'
  | 'truncated'
  | 'swapped'
  | 'deleted'
  | 'duplicated'
  | 'foreign'
  | 'signature';

/** The first bad entry of a ledger. */
export interface LedgerDamage {
  /** The number of the entry that is bad or missing. */
  readonly index: number;
  readonly reason: DamageReason;
  readonly kind: DamageKind;
  /** The file. */
  readonly path: string;
  /** Where the line begins in the file. */
  readonly offset: number;
  /** For `bit-flip`: the byte in the file, from 0. */
  readonly byte?: number;
  /** One sentence for people. */
  readonly message: string;
}

/** A line that does not continue the chain, and what should have stood there. */
export interface DamagedLine {
  readonly files: FileSystem;
  readonly segments: readonly Segment[];
  readonly line: LedgerLine;
  /** The expected number. */
  readonly index: number;
  /** The expected `p`. */
  readonly previous: string;
  /** Identity of the ledger; empty when its first entry was never seen. */
  readonly ledger: string;
}

type Verdict = Pick<LedgerDamage, 'kind' | 'reason' | 'message'> & Partial<LedgerDamage>;

/** Finds out what happened to the first bad line; reads on, or from the start, as far as that needs. */
export async function classifyDamage(damaged: DamagedLine): Promise<LedgerDamage> {
  const { line, index } = damaged;
  const entry = line.complete ? parseEntryLine(line.bytes.toString('utf8')) : undefined;
  const verdict =
    entry !== undefined && hashEntry(entry) === entry.hash
      ? await judgeIntact(damaged, entry)
      : await judgeBroken(damaged, entry);
  return { index, path: line.segment.path, offset: line.offset, ...verdict };
}

/** The line is no intact entry by itself. */
async function judgeBroken(
  damaged: DamagedLine,
  entry: ClaimedEntry | undefined,
): Promise<Verdict> {
  const { line, index } = damaged;
  const reason: DamageReason = entry === undefined ? 'parse' : 'hash';
  const byte = findFlip(damaged) ?? (await findSplit(damaged));
  if (byte !== undefined) {
    return {
      kind: 'bit-flip',
      reason,
      byte: line.offset + byte,
      message: `entry ${index} has one flipped bit, in byte ${line.offset + byte} of the file`,
    };
  }
  if (looksCut(damaged)) {
    return {
      kind: 'truncated',
      reason: 'truncated',
      message: `entry ${index} is cut off: its line does not end as it should`,
    };
  }
  return {
    kind: 'altered',
    reason,
    message:
      entry === undefined
        ? `what stands in the place of entry ${index} is not an entry`
        : `the content of entry ${index} does not fit its hash`,
  };
}

/** A flip inside the line, or of the line end after it; the position in the line. */
function findFlip({ line, index, previous }: DamagedLine): number | undefined {
  const fits = (text: string): boolean => continues(text, index, previous);
  const { bytes } = line;
  if (!line.complete) {
    const end = bytes.length - 1;
    const whole = isOneBitOff(bytes[end], 10) && fits(bytes.toString('utf8', 0, end));
    return whole ? end : undefined;
  }
  const inside = repairOneBit(bytes, fits);
  if (inside !== undefined) return inside;
  for (let at = bytes.indexOf(NEXT_LINE); at >= 0; at = bytes.indexOf(NEXT_LINE, at + 1)) {
    if (at > 0 && isOneBitOff(bytes[at - 1], 10) && fits(bytes.toString('utf8', 0, at - 1))) {
      return at - 1;
    }
  }
  return undefined;
}

/** A flip that made a line end in the middle of the entry; the position in the line. */
async function findSplit(damaged: DamagedLine): Promise<number | undefined> {
  const { line, index, previous } = damaged;
  for await (const next of linesAfter(damaged)) {
    for (let bit = 0; bit < 8; bit += 1) {
      const joined = Buffer.concat([line.bytes, Buffer.from([10 ^ (1 << bit)]), next.bytes]);
      if (continues(joined.toString('utf8'), index, previous)) return line.bytes.length;
    }
    return undefined;
  }
  return undefined;
}

const NEXT_LINE = '{"v":1,"i":';

function looksCut({ line, index }: DamagedLine): boolean {
  if (!line.complete) return true;
  const text = line.bytes.toString('utf8');
  const begin = `${NEXT_LINE}${index},"t":"`;
  if (!text.startsWith(begin)) return begin.startsWith(text) && text !== '';
  return !/,"h":"[0-9a-f]{64}"\}$/.test(text) || text.includes(`${NEXT_LINE}${index + 1},"t":"`);
}

/** The line is an entry, but not the one that should stand here. */
async function judgeIntact(damaged: DamagedLine, entry: ClaimedEntry): Promise<Verdict> {
  const { index } = damaged;
  if (entry.index === index) return judgeSamePlace(damaged, entry);
  if (entry.index < index) {
    const known = await hasEntry(damaged, entry);
    return known
      ? {
          kind: 'duplicated',
          reason: 'index',
          message: `entry ${entry.index} stands a second time where entry ${index} should be`,
        }
      : foreign(index);
  }
  const later = await lookAhead(damaged, entry);
  if (later.repeated) {
    return {
      kind: 'duplicated',
      reason: 'index',
      message: `a copy of entry ${entry.index} stands where entry ${index} should be`,
    };
  }
  if (later.expected) {
    return {
      kind: 'swapped',
      reason: 'index',
      message: `entry ${entry.index} stands where entry ${index} should be; entry ${index} stands later`,
    };
  }
  if (later.ledger !== undefined && damaged.ledger !== '' && later.ledger !== damaged.ledger) {
    return foreign(index);
  }
  const gone =
    entry.index - index === 1 ? `entry ${index} is` : `entries ${index} to ${entry.index - 1} are`;
  return { kind: 'deleted', reason: 'index', message: `${gone} gone` };
}

async function judgeSamePlace(damaged: DamagedLine, entry: ClaimedEntry): Promise<Verdict> {
  const { index, previous, ledger } = damaged;
  if (entry.previous === previous) {
    return {
      kind: 'altered',
      reason: 'parse',
      message: `entry ${index} is of a kind that cannot stand there`,
    };
  }
  const later = await lookAhead(damaged, entry);
  if (index > 0 && !later.expected && later.linked && later.ledger === ledger) {
    return {
      index: index - 1,
      kind: 'altered',
      reason: 'link',
      message: `entry ${index - 1} was rewritten: entry ${index} does not link to it`,
    };
  }
  return foreign(index);
}

function foreign(index: number): Verdict {
  return {
    kind: 'foreign',
    reason: 'link',
    message: `what stands in the place of entry ${index} is an entry of another chain`,
  };
}

interface Ahead {
  /** The expected entry stands later. */
  readonly expected: boolean;
  /** The found entry stands again later. */
  readonly repeated: boolean;
  /** The next entry, if there is one, links to the found one. */
  readonly linked: boolean;
  /** The ledger that the next seal names. */
  readonly ledger: string | undefined;
}

async function lookAhead(damaged: DamagedLine, entry: ClaimedEntry): Promise<Ahead> {
  let expected = false;
  let repeated = false;
  let linked: boolean | undefined;
  let ledger = ledgerNamedIn(entry);
  for await (const next of linesAfter(damaged)) {
    const text = next.bytes.toString('utf8');
    const other = parseEntryLine(text);
    if (other === undefined) continue;
    linked ??= other.previous === entry.hash;
    if (other.hash === entry.hash) repeated = true;
    if (other.index === damaged.index && continues(text, damaged.index, damaged.previous)) {
      expected = true;
    }
    ledger ??= ledgerNamedIn(other);
  }
  return { expected, repeated, linked: linked ?? true, ledger };
}

async function hasEntry(damaged: DamagedLine, entry: ClaimedEntry): Promise<boolean> {
  for await (const lines of readLines(damaged.files, damaged.segments)) {
    for (const line of lines) {
      if (
        line.segment.number === damaged.line.segment.number &&
        line.offset >= damaged.line.offset
      ) {
        return false;
      }
      if (parseEntryLine(line.bytes.toString('utf8'))?.hash === entry.hash) return true;
    }
  }
  return false;
}

/** Lines that follow the damaged one. */
async function* linesAfter(damaged: DamagedLine): AsyncGenerator<LedgerLine> {
  const { segment, offset } = damaged.line;
  const rest = damaged.segments.filter(({ number }) => number >= segment.number);
  for await (const lines of readLines(damaged.files, rest)) {
    for (const line of lines) {
      if (line.segment.number > segment.number || line.offset > offset) yield line;
    }
  }
}

function continues(text: string, index: number, previous: string): boolean {
  const entry = parseEntryLine(text);
  return (
    entry !== undefined &&
    entry.index === index &&
    entry.previous === previous &&
    hashEntry(entry) === entry.hash
  );
}

function ledgerNamedIn(entry: ClaimedEntry): string | undefined {
  if (entry.kind === 'action') return undefined;
  const body = readBody(entry.bodyText);
  const anchor = body?.anchor;
  const id = isObject(anchor) ? anchor.ledger : body?.ledger;
  return typeof id === 'string' ? id : undefined;
}
