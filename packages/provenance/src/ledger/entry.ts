import { hash } from 'node:crypto';

/** What an entry is. Source: provenance section 8.2. */
export type LedgerEntryKind = 'open' | 'action' | 'note' | 'checkpoint' | 'close';

/** The `p` of the first entry. Source: provenance section 8.2. */
export const GENESIS_HASH = '0'.repeat(64);

/** What is hashed begins with this, so that an entry's hash is never that of anything else. Source: provenance section 8.2. */
const ENTRY_TAG = 'provchain/entry/v1\n';

/** An entry as its line says, body still as text. */
export interface RawEntry {
  /** From 0, without gaps, over all segments. */
  readonly index: number;
  /** `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
  readonly time: string;
  readonly kind: LedgerEntryKind;
  /** Hash of the entry before, 64 lower-case hex digits. */
  readonly previous: string;
  /** The RFC 8785 text of the body. */
  readonly bodyText: string;
}

/** An entry with the hash that its line claims. */
export interface ClaimedEntry extends RawEntry {
  readonly hash: string;
}

/**
 * The hash of an entry: SHA-256 over a domain tag and the RFC 8785 text of the entry without `h`.
 *
 * The body is already in canonical form, so no canonicaliser is needed to check a ledger. Source: provenance section 8.2.
 */
export function hashEntry(entry: RawEntry): string {
  return hash(
    'sha256',
    `${ENTRY_TAG}{"b":${entry.bodyText},"i":${entry.index},"k":"${entry.kind}","p":"${entry.previous}","t":"${entry.time}","v":1}`,
    'hex',
  );
}

/** The line of an entry, LF included; members in the order of the format. Source: provenance section 8.2. */
export function formatEntryLine(entry: ClaimedEntry): string {
  return `{"v":1,"i":${entry.index},"t":"${entry.time}","k":"${entry.kind}","p":"${entry.previous}","b":${entry.bodyText},"h":"${entry.hash}"}\n`;
}

const HEAD = '{"v":1,"i":';
const HASH_MEMBER = ',"h":"';
/** `,"h":"` and 64 digits and `"}`. */
const TAIL_LENGTH = HASH_MEMBER.length + 64 + 2;
const TIME_LENGTH = 27;
const MIDDLE =
  /^,"t":"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)","k":"(open|action|note|checkpoint|close)","p":"([0-9a-f]{64})","b":/;
/** No middle part is longer. */
const MIDDLE_LENGTH =
  ',"t":"'.length + TIME_LENGTH + '","k":"checkpoint","p":"'.length + 64 + '","b":'.length;
const HEX64 = /^[0-9a-f]{64}$/;

/**
 * Takes a line (without its LF) apart, or returns undefined when it does not have exactly the layout of an entry.
 *
 * There is one text for one entry: no white space, fixed member order, no leading zeros. The hash is not checked.
 */
export function parseEntryLine(line: string): ClaimedEntry | undefined {
  if (!line.startsWith(HEAD)) return undefined;
  const comma = line.indexOf(',', HEAD.length);
  if (comma < 0 || comma - HEAD.length > 16) return undefined;
  const digits = line.slice(HEAD.length, comma);
  const index = Number(digits);
  if (!Number.isSafeInteger(index) || String(index) !== digits || index < 0) return undefined;
  const middle = MIDDLE.exec(line.slice(comma, comma + MIDDLE_LENGTH));
  if (middle === null) return undefined;
  const tail = line.length - TAIL_LENGTH;
  const bodyAt = comma + middle[0].length;
  if (tail <= bodyAt || !line.startsWith(HASH_MEMBER, tail) || !line.endsWith('"}'))
    return undefined;
  const claimed = line.slice(tail + HASH_MEMBER.length, tail + HASH_MEMBER.length + 64);
  if (!HEX64.test(claimed)) return undefined;
  return {
    index,
    time: middle[1] ?? '',
    kind: (middle[2] ?? '') as LedgerEntryKind, // The expression admits exactly these texts.
    previous: middle[3] ?? '',
    bodyText: line.slice(bodyAt, tail),
    hash: claimed,
  };
}
