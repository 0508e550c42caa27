import {
  type Clock,
  EngramkitError,
  InvalidInputError,
  type JsonObject,
  type Random,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import { type FileSystem, nodeFileSystem } from '../file-system.js';
import { openLedger } from '../ledger/open-ledger.js';
import { readLedger } from '../ledger/read-ledger.js';
import type { LedgerSigner } from '../ledger/seal.js';
import type { SyncPolicy } from '../ledger/segment-writer.js';
import { formatMicroseconds, parseMicroseconds } from '../time.js';
import { buildActionUrn, buildKernelUrn, kernelShortName, type UrnStyle } from '../urn.js';
import type { ContentStore, RecordedField } from './action-builder.js';
import { type LiveOutput, ProvSession } from './prov-session.js';
import type { RecordedMap } from './recorded-value.js';
import { sweepSessions } from './retention.js';
import { appendToCatalogue, headerFromJson, headerToJson } from './session-catalogue.js';
import { formatSessionFile } from './session-file.js';
import { newSessionId, type SessionIdFormat } from './session-id.js';
import {
  LedgerJournal,
  readActionBody,
  type SessionJournal,
  WholeFileJournal,
} from './session-journal.js';
import { ledgerDirectory, sessionFilePath, sessionsDirectory } from './session-paths.js';
import type { SessionHeader } from './session-record.js';

/** Options that {@link openProvSession} and {@link resumeProvSession} share. */
export interface RecorderOptions {
  /** Sessions go to `storage/sessions` below it, ledgers to `storage/ledger`. */
  readonly storageDirectory: string;
  /** How action URNs look; default `dot`. */
  readonly urnStyle?: UrnStyle;
  /** Keeps full kernel URNs inside of action URNs, as the Python package does; default false. */
  readonly compatibleUrns?: boolean;
  /** When a record is safe; default `group`. For the backend `json`, anything but `none` syncs every write. */
  readonly sync?: SyncPolicy;
  /**
   * When the compatible file of a ledger session is written again while it runs: `doubling` (default) whenever the number of actions
   * has doubled, `close` only at the end.
   */
  readonly view?: 'doubling' | 'close';
  /** Default: no live lines. */
  readonly live?: LiveOutput;
  /** Sees a copy of every map before it is recorded; what it returns is recorded. */
  readonly redact?: (value: RecordedMap, field: RecordedField) => unknown;
  /** Fields of which only a digest is recorded. */
  readonly digestOnly?: readonly RecordedField[];
  /** Keeps the values whose digests are recorded. */
  readonly contents?: ContentStore;
  readonly signer?: LedgerSigner;
  readonly files?: FileSystem;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Options of {@link openProvSession}. Source: provenance section 3.1. */
export interface OpenProvSessionOptions extends RecorderOptions {
  readonly label: string;
  /** Kernel URN, or the short name. */
  readonly kernel: string;
  /** Default empty. */
  readonly kernelAction?: string;
  /** `ledger` (default): hash-chained journal and a compatible file; `json`: the compatible file alone, written anew per action. */
  readonly backend?: 'ledger' | 'json';
  /** Default `ulid`. */
  readonly idFormat?: SessionIdFormat;
  /** Sweeps older sessions first, as `sweepSessions` does; default: nothing is swept. */
  readonly retentionHours?: number;
  /** The session that this one is part of. */
  readonly parent?: { readonly session: string; readonly entryHash: string };
}

/**
 * Begins a session: its file exists when this resolves, with outcome `in_progress` and no actions.
 *
 * The id is new in the store even when two processes draw the same. Rejects with `URN_INVALID` or a system error.
 * Source: provenance section 3.1.
 */
export async function openProvSession(options: OpenProvSessionOptions): Promise<ProvSession> {
  const { files = nodeFileSystem, clock = systemClock, random = systemRandom } = options;
  const { storageDirectory } = options;
  const kernelName = kernelShortName(options.kernel);
  const startedAtMs = clock.now();
  const urn = buildActionUrn(kernelName, 'session', startedAtMs, {
    style: options.urnStyle ?? 'dot',
  });
  const associated = options.kernel.startsWith('ckp://')
    ? options.kernel
    : buildKernelUrn(kernelName);
  await files.makeDirectory(sessionsDirectory(storageDirectory));
  if (options.retentionHours !== undefined) {
    await sweepSessions({
      storageDirectory,
      retentionHours: options.retentionHours,
      files,
      clock,
      random,
    });
  }
  const headerOf = (id: string): SessionHeader => ({
    session_id: id,
    urn,
    label: options.label,
    kernel_action: options.kernelAction ?? '',
    started_at: formatMicroseconds(startedAtMs),
    ended_at: null,
    was_associated_with: associated,
    duration_ms: null,
    outcome: 'in_progress',
    kernels_involved: [kernelName],
  });
  const header = await claimId(
    options.idFormat ?? 'ulid',
    { files, storageDirectory, random, startedAtMs },
    headerOf,
  );
  const filePath = sessionFilePath(storageDirectory, header.session_id);
  if (options.backend === 'json') {
    const journal = new WholeFileJournal(files, filePath, (options.sync ?? 'group') !== 'none');
    return makeSession(options, {
      header,
      kernelName,
      startedAtMs,
      journal,
      onClosed: async () => undefined,
    });
  }
  const extra: JsonObject = {
    session: headerToJson(header),
    ...(options.parent === undefined
      ? {}
      : { parent: { session: options.parent.session, entry_hash: options.parent.entryHash } }),
  };
  return ledgerSession(
    options,
    header,
    { mode: 'create', header: extra },
    { kernelName, startedAtMs },
  );
}

/** Options of {@link resumeProvSession}. */
export interface ResumeProvSessionOptions extends RecorderOptions {
  readonly id: string;
  /** Goes on with a session that is closed; default false. */
  readonly reopen?: boolean;
}

/**
 * Goes on with a session of a ledger, after a crash or a release; what a crash tore is put aside.
 *
 * Rejects with `SESSION_CLOSED` unless `reopen` is set, and with `LEDGER_MISSING` for sessions without a ledger.
 */
export async function resumeProvSession(options: ResumeProvSessionOptions): Promise<ProvSession> {
  const { files = nodeFileSystem, storageDirectory, id } = options;
  let header: SessionHeader | undefined;
  let total = 0;
  let failed = 0;
  let verified = 0;
  const kernels = new Set<string>();
  for await (const { kind, body } of readLedger({
    directory: ledgerDirectory(storageDirectory),
    name: id,
    files,
  })) {
    if (kind === 'open') header = headerFromJson(body.session);
    if (kind !== 'action') continue;
    const record = readActionBody(body);
    total += 1;
    if (record.outcome === 'failed') failed += 1;
    if (record.outcome === 'verified') verified += 1;
    kernels.add(kernelShortName(record.kernel));
  }
  if (header === undefined) {
    throw new InvalidInputError(`ledger "${id}" is not that of a session`, {
      code: 'SESSION_MISSING',
      hint: 'Give the id of a session.',
    });
  }
  const known = {
    ...header,
    kernels_involved: [...new Set([...header.kernels_involved, ...kernels])],
  };
  const start = {
    kernelName: kernelShortName(header.was_associated_with),
    startedAtMs: parseMicroseconds(header.started_at) ?? 0,
    counts: { total, failed, verified },
  };
  try {
    return await ledgerSession(
      options,
      known,
      { mode: 'continue', reopen: options.reopen ?? false },
      start,
    );
  } catch (error) {
    if (!(error instanceof EngramkitError) || error.code !== 'LEDGER_CLOSED') throw error;
    throw new EngramkitError(`session ${id} is closed`, {
      code: 'SESSION_CLOSED',
      cause: error,
      hint: 'Pass reopen to go on with it; its seal stays in the chain.',
    });
  }
}

type SessionParts = Pick<
  ConstructorParameters<typeof ProvSession>[0],
  'header' | 'kernelName' | 'startedAtMs' | 'journal' | 'onClosed' | 'counts'
>;

async function ledgerSession(
  options: RecorderOptions,
  header: SessionHeader,
  opening: {
    readonly mode: 'create' | 'continue';
    readonly header?: JsonObject;
    readonly reopen?: boolean;
  },
  start: Pick<SessionParts, 'kernelName' | 'startedAtMs' | 'counts'>,
): Promise<ProvSession> {
  const { files = nodeFileSystem, clock = systemClock, random = systemRandom } = options;
  const { storageDirectory } = options;
  const access = { storageDirectory, files, clock, random };
  const ledger = await openLedger({
    directory: ledgerDirectory(storageDirectory),
    name: header.session_id,
    ...opening,
    files,
    clock,
    random,
    ...(options.sync === undefined ? {} : { sync: options.sync }),
    ...(options.signer === undefined ? {} : { signer: options.signer }),
  });
  try {
    await appendToCatalogue(access, { state: 'opened', header });
  } catch (error) {
    await ledger.release();
    throw error;
  }
  const filePath = sessionFilePath(storageDirectory, header.session_id);
  const journal = new LedgerJournal(files, filePath, ledger, options.sync !== 'none');
  const onClosed = (closed: SessionHeader): Promise<void> =>
    appendToCatalogue(access, {
      state: 'closed',
      header: closed,
      head: ledger.head,
      size: ledger.size,
    });
  return makeSession(options, { header, journal, onClosed, ...start });
}

function makeSession(
  options: RecorderOptions,
  parts: SessionParts & { readonly journal: SessionJournal },
): ProvSession {
  return new ProvSession({
    ...parts,
    filePath: sessionFilePath(options.storageDirectory, parts.header.session_id),
    clock: options.clock ?? systemClock,
    building: {
      urnStyle: options.urnStyle ?? 'dot',
      compatibleUrns: options.compatibleUrns ?? false,
      redact: options.redact,
      digestOnly: options.digestOnly ?? [],
    },
    contents: options.contents,
    live: options.live,
    view: options.view ?? 'doubling',
  });
}

const ID_DRAWS = 100;

/** Draws ids until one is free; the empty file of the session is what claims it. Source: provenance section 1.3. */
async function claimId(
  format: SessionIdFormat,
  place: {
    readonly files: FileSystem;
    readonly storageDirectory: string;
    readonly random: Random;
    readonly startedAtMs: number;
  },
  headerOf: (id: string) => SessionHeader,
): Promise<SessionHeader> {
  for (let draw = 0; draw < ID_DRAWS; draw += 1) {
    const header = headerOf(newSessionId(format, place.startedAtMs, place.random));
    const path = sessionFilePath(place.storageDirectory, header.session_id);
    if (await place.files.createFile(path, formatSessionFile({ ...header, actions: [] })))
      return header;
  }
  throw new EngramkitError(`no free session id was found in ${ID_DRAWS} draws`, {
    code: 'SESSION_ID_EXHAUSTED',
    hint: 'Use the id format ulid, or another storage directory.',
  });
}
