import { type Clock, InvalidInputError, systemClock } from '@engramkit/core';
import { type FileSystem, nodeFileSystem } from '../file-system.js';
import { classifyDamage, type LedgerDamage } from './damage.js';
import { type ClaimedEntry, GENESIS_HASH, hashEntry, parseEntryLine } from './entry.js';
import { MerkleTree } from './merkle.js';
import { type LedgerLine, listSegments, readLines, type Segment } from './segment.js';
import { checkSeal, type SealFinding, type TrustedKey, TrustPolicy } from './trust.js';
import { nodeProcessTable, type ProcessTable } from './writer-identity.js';
import { findWriter } from './writer-lock.js';

/** Options of {@link verifyLedger}. */
export interface VerifyLedgerOptions {
  readonly directory: string;
  readonly name: string;
  /**
   * The keys that may sign. When given, a signature by any other key is damage, and so is a ledger whose last seal is unsigned
   * although `requireSignatures` is set.
   */
  readonly trustedKeys?: readonly TrustedKey[];
  /** Demands a valid signature on every checkpoint and close entry; default false. */
  readonly requireSignatures?: boolean;
  /** What somebody else remembers of this ledger: it must contain that entry. Finds cut tails. */
  readonly expected?: { readonly size: number; readonly head: string };
  readonly signal?: AbortSignal;
  readonly files?: FileSystem;
  readonly clock?: Clock;
  readonly processes?: ProcessTable;
}

/** What {@link verifyLedger} found. */
export interface LedgerVerification {
  readonly ok: boolean;
  /** How many entries are intact, counted from the first. */
  readonly entries: number;
  /** Hash of the last intact entry; 64 zeros when there is none. */
  readonly head: string;
  /** Whether the ledger is sealed by a close entry. */
  readonly closed: boolean;
  /** Checkpoints and close entries that are right. */
  readonly seals: number;
  /** How many of their signatures are by trusted keys, and how many by keys nobody vouched for. */
  readonly signatures: { readonly trusted: number; readonly unknown: number };
  /** How often the clock went back; the order of entries comes from their numbers, so this is no damage. */
  readonly clockStepsBack: number;
  /** Bytes of an entry that a live writer is adding right now. */
  readonly unfinishedBytes: number;
  /** The first bad entry. */
  readonly damage?: LedgerDamage;
}

interface Progress {
  readonly tree: MerkleTree;
  head: string;
  closed: boolean;
  seals: number;
  trusted: number;
  unknown: number;
  clockStepsBack: number;
  lastTime: string;
  ledger: string;
  expectedMet: boolean;
}

/**
 * Checks every entry of a ledger: layout, hash, link, number, checkpoints, signatures. Streams; memory stays flat.
 *
 * Damage is named, not thrown: `damage` tells the first bad entry, what is wrong with it and what kind of damage explains it. A tail
 * that is cut off at the end of an entry shows only against `expected`. Rejects with `LEDGER_MISSING` when there is no such ledger.
 * Source: provenance section 8.5.
 */
export async function verifyLedger(options: VerifyLedgerOptions): Promise<LedgerVerification> {
  const { directory, name, files = nodeFileSystem, signal } = options;
  const segments = await listSegments(files, directory, name);
  if (segments.length === 0) {
    throw new InvalidInputError(`there is no ledger "${name}" in ${directory}`, {
      code: 'LEDGER_MISSING',
      hint: 'Check the directory and the name.',
    });
  }
  const policy = new TrustPolicy(options.trustedKeys, options.requireSignatures ?? false);
  const progress: Progress = {
    tree: MerkleTree.empty(),
    head: GENESIS_HASH,
    closed: false,
    seals: 0,
    trusted: 0,
    unknown: 0,
    clockStepsBack: 0,
    lastTime: '',
    ledger: '',
    expectedMet: options.expected === undefined || options.expected.size === 0,
  };
  let unfinished: LedgerLine | undefined;
  let segmentAt = 0;
  for await (const lines of readLines(files, segments)) {
    signal?.throwIfAborted();
    for (const line of lines) {
      if (line.segment.number !== segmentAt) {
        if (line.segment.number !== segmentAt + 1) {
          return damaged(progress, missingSegment(segments, segmentAt + 1, progress));
        }
        segmentAt = line.segment.number;
      }
      if (!line.complete && line.segment === segments.at(-1)) {
        unfinished = line;
        break;
      }
      const entry = line.complete ? acceptable(line, progress) : undefined;
      if (entry === undefined)
        return damaged(progress, await classify(files, segments, line, progress));
      const finding = take(entry, progress, policy, options.expected);
      if (finding !== undefined) return damaged(progress, sealDamage(entry, line, finding));
    }
  }
  return conclude(options, segments, progress, unfinished);
}

function acceptable(line: LedgerLine, progress: Progress): ClaimedEntry | undefined {
  const entry = parseEntryLine(line.bytes.toString('utf8'));
  if (
    entry === undefined ||
    entry.index !== progress.tree.size ||
    entry.previous !== progress.head
  ) {
    return undefined;
  }
  if ((entry.kind === 'open') !== (entry.index === 0)) return undefined;
  return hashEntry(entry) === entry.hash ? entry : undefined;
}

function take(
  entry: ClaimedEntry,
  progress: Progress,
  policy: TrustPolicy,
  expected: VerifyLedgerOptions['expected'],
): SealFinding | undefined {
  if (entry.kind !== 'action') {
    const found = checkSeal(entry, progress.tree, progress.ledger, policy);
    if (typeof found === 'string') return found;
    progress.ledger = found.ledger;
    progress.seals += found.seals;
    progress.trusted += found.trusted;
    progress.unknown += found.unknown;
  }
  if (entry.time < progress.lastTime) progress.clockStepsBack += 1;
  progress.lastTime = entry.time;
  progress.closed = entry.kind === 'close';
  progress.tree.append(entry.hash);
  progress.head = entry.hash;
  if (expected !== undefined && progress.tree.size === expected.size) {
    if (entry.hash !== expected.head) return 'expected';
    progress.expectedMet = true;
  }
  return undefined;
}

async function conclude(
  options: VerifyLedgerOptions,
  segments: readonly Segment[],
  progress: Progress,
  unfinished: LedgerLine | undefined,
): Promise<LedgerVerification> {
  const { directory, name, files = nodeFileSystem, clock = systemClock } = options;
  const last = segments.at(-1);
  if (unfinished !== undefined) {
    const processes = options.processes ?? nodeProcessTable;
    const writer = await findWriter({ files, directory, name, clock, processes });
    if (writer === undefined) {
      return damaged(progress, await classify(files, segments, unfinished, progress));
    }
  }
  if (!progress.expectedMet || progress.tree.size === 0) {
    return damaged(progress, {
      index: progress.tree.size,
      reason: 'truncated',
      kind: 'truncated',
      path: last?.path ?? '',
      offset: (await files.stat(last?.path ?? ''))?.size ?? 0,
      message: `the ledger ends before entry ${progress.tree.size}, but ${options.expected?.size ?? 'at least 1'} entries are known to exist`,
    });
  }
  return { ok: true, ...counted(progress), unfinishedBytes: unfinished?.bytes.length ?? 0 };
}

function counted(progress: Progress): Omit<LedgerVerification, 'ok' | 'unfinishedBytes'> {
  return {
    entries: progress.tree.size,
    head: progress.head,
    closed: progress.closed,
    seals: progress.seals,
    signatures: { trusted: progress.trusted, unknown: progress.unknown },
    clockStepsBack: progress.clockStepsBack,
  };
}

function damaged(progress: Progress, damage: LedgerDamage): LedgerVerification {
  return { ok: false, ...counted(progress), closed: false, unfinishedBytes: 0, damage };
}

function classify(
  files: FileSystem,
  segments: readonly Segment[],
  line: LedgerLine,
  progress: Progress,
): Promise<LedgerDamage> {
  return classifyDamage({
    files,
    segments,
    line,
    index: progress.tree.size,
    previous: progress.head,
    ledger: progress.ledger,
  });
}

function missingSegment(
  segments: readonly Segment[],
  number: number,
  progress: Progress,
): LedgerDamage {
  return {
    index: progress.tree.size,
    reason: 'index',
    kind: 'deleted',
    path: segments.find((segment) => segment.number > number)?.path ?? '',
    offset: 0,
    message: `file ${number} of the ledger is missing, and with it entry ${progress.tree.size} and those after it`,
  };
}

const SEAL_MESSAGES: Readonly<Record<SealFinding, string>> = {
  checkpoint: 'does not match the entries before it',
  foreign: 'belongs to another ledger',
  'signature-invalid': 'has a signature that does not fit',
  'signature-untrusted': 'is signed by a key that is not trusted at that time',
  'signature-missing': 'is not signed by a trusted key',
  expected: 'is not the entry that is known to stand there',
};

function sealDamage(entry: ClaimedEntry, line: LedgerLine, finding: SealFinding): LedgerDamage {
  const isSignature = finding.startsWith('signature');
  return {
    index: entry.index,
    reason: isSignature ? 'signature' : finding === 'expected' ? 'hash' : 'checkpoint',
    kind:
      finding === 'foreign' || finding === 'expected'
        ? 'foreign'
        : isSignature
          ? 'signature'
          : 'altered',
    path: line.segment.path,
    offset: line.offset,
    message: `entry ${entry.index} (${entry.kind}) ${SEAL_MESSAGES[finding]}`,
  };
}
