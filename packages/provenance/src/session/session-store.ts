import { type Clock, EngramkitError, InvalidInputError, systemClock } from '@engramkit/core';
import { AmbiguousSessionError } from '../errors.js';
import { type FileSystem, nodeFileSystem } from '../file-system.js';
import { readLedger } from '../ledger/read-ledger.js';
import { listSegments } from '../ledger/segment.js';
import {
  type LedgerVerification,
  type VerifyLedgerOptions,
  verifyLedger,
} from '../ledger/verify-ledger.js';
import { nodeProcessTable, type ProcessTable } from '../ledger/writer-identity.js';
import { findWriter } from '../ledger/writer-lock.js';
import { kernelShortName } from '../urn.js';
import { compareCodePoints } from './python-text.js';
import { headerFromJson, readCatalogue } from './session-catalogue.js';
import { parseSessionFile } from './session-file.js';
import { readActionBody } from './session-journal.js';
import { ledgerDirectory, sessionFilePath, sessionsDirectory } from './session-paths.js';
import type { ActionRecord, SessionHeader, SessionRecord } from './session-record.js';

/** Where sessions are. */
export interface SessionPlace {
  readonly storageDirectory: string;
  readonly files?: FileSystem;
}

/** Options of {@link listSessions}. */
export interface ListSessionsOptions extends SessionPlace {
  /** At most that many; default all. */
  readonly limit?: number;
  /** Only sessions that started before this text, for the next page: the `started_at` of the last one of a page. */
  readonly before?: string;
  /** Only sessions that involve this kernel: URN or short name. */
  readonly kernel?: string;
  readonly outcome?: string;
}

/**
 * The sessions of a store, newest first; a missing directory has none, unreadable files are left out.
 *
 * Closed sessions come from the catalogue without reading their files. Source: provenance section 3.7.
 */
export async function listSessions(
  options: ListSessionsOptions,
): Promise<readonly SessionHeader[]> {
  const { storageDirectory, files = nodeFileSystem, limit = Number.POSITIVE_INFINITY } = options;
  // A damaged catalogue only makes the list slower: then every file is read.
  const catalogue = await readCatalogue(files, storageDirectory).catch(
    () => new Map<string, never>(),
  );
  const headers: SessionHeader[] = [];
  for (const id of await sessionIds(files, storageDirectory)) {
    const known = catalogue.get(id);
    const header =
      known?.state === 'closed' ? known.header : await readHeader(files, storageDirectory, id);
    if (header !== undefined && isWanted(header, options)) headers.push(header);
  }
  headers.sort((left, right) => compareCodePoints(right.started_at, left.started_at));
  return headers.slice(0, limit);
}

function isWanted(header: SessionHeader, options: ListSessionsOptions): boolean {
  const { before, kernel, outcome } = options;
  if (before !== undefined && compareCodePoints(header.started_at, before) >= 0) return false;
  if (outcome !== undefined && header.outcome !== outcome) return false;
  return kernel === undefined || header.kernels_involved.includes(kernelShortName(kernel));
}

/** The shortest text that may stand for a longer id. Source: provenance section 3.7. */
const SHORTEST_PREFIX = 4;
const ID = /^[0-9A-Za-z_-]{1,64}$/;
const CANDIDATES_SHOWN = 20;

/**
 * One session with its actions, by id or by the beginning of an id; undefined when there is none.
 *
 * A beginning has at least 4 characters and must fit one session only (`prefix: 'unique'`, default), else
 * {@link AmbiguousSessionError}; `first` takes the first in the order of names. A session that still runs, or whose process died, is
 * read from its ledger. A damaged file rejects when it is named exactly. Source: provenance section 3.7.
 */
export async function getSession(
  options: SessionPlace & { readonly id: string; readonly prefix?: 'unique' | 'first' },
): Promise<SessionRecord | undefined> {
  const { storageDirectory, files = nodeFileSystem, id } = options;
  if (!ID.test(id)) {
    throw new InvalidInputError(`${JSON.stringify(id.slice(0, 80))} is not a session id`, {
      code: 'SESSION_ID_INVALID',
      hint: 'An id has 1 to 64 letters, digits, "_" and "-".',
    });
  }
  const exact = await readSession(files, storageDirectory, id);
  if (exact !== undefined) return exact;
  if (id.length < SHORTEST_PREFIX) return undefined;
  const matches = (await sessionIds(files, storageDirectory)).filter((name) => name.startsWith(id));
  if (matches.length > 1 && options.prefix !== 'first') {
    throw new AmbiguousSessionError(
      `${matches.length} sessions begin with "${id}"`,
      matches.slice(0, CANDIDATES_SHOWN),
    );
  }
  for (const match of matches) {
    const found = await readSession(files, storageDirectory, match).catch((error: unknown) => {
      if (error instanceof EngramkitError && matches.length > 1) return undefined; // A damaged one of several is passed over.
      throw error;
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What may have become of a session that has no end: its process works on, or it is gone. */
export type SessionLiveness = 'closed' | 'running' | 'interrupted';

/** Whether a session is closed, still written, or left without an end. Source: provenance section 8.4. */
export async function sessionLiveness(
  options: SessionPlace & {
    readonly header: SessionHeader;
    readonly clock?: Clock;
    readonly processes?: ProcessTable;
  },
): Promise<SessionLiveness> {
  const { header, files = nodeFileSystem, clock = systemClock } = options;
  if (header.outcome !== 'in_progress') return 'closed';
  const directory = ledgerDirectory(options.storageDirectory);
  const processes = options.processes ?? nodeProcessTable;
  const writer = await findWriter({ files, directory, name: header.session_id, clock, processes });
  return writer === undefined ? 'interrupted' : 'running';
}

/**
 * Verifies the ledger of a session, also against what the catalogue remembers of its end: finds cut tails.
 *
 * Source: provenance section 8.5.
 */
export async function verifySession(
  options: SessionPlace & { readonly id: string } & Omit<
      VerifyLedgerOptions,
      'directory' | 'name' | 'files'
    >,
): Promise<LedgerVerification> {
  const { storageDirectory, files = nodeFileSystem, id, ...rest } = options;
  const known = (await readCatalogue(files, storageDirectory)).get(id);
  const remembered =
    known?.head === undefined || known.size === undefined
      ? undefined
      : { head: known.head, size: known.size };
  const expected = options.expected ?? remembered;
  return verifyLedger({
    ...rest,
    directory: ledgerDirectory(storageDirectory),
    name: id,
    files,
    ...(expected === undefined ? {} : { expected }),
  });
}

/** The ids of all session files, sorted. */
export async function sessionIds(
  files: FileSystem,
  storageDirectory: string,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of await files.list(sessionsDirectory(storageDirectory))) {
    const id = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
    if (ID.test(id)) ids.push(id);
  }
  return ids.sort();
}

async function readHeader(
  files: FileSystem,
  storageDirectory: string,
  id: string,
): Promise<SessionHeader | undefined> {
  try {
    const session = await readSession(files, storageDirectory, id);
    if (session === undefined) return undefined;
    const { actions: _actions, ...header } = session;
    return header;
  } catch (error) {
    if (error instanceof EngramkitError) return undefined; // Unreadable files are no sessions of a list.
    throw error;
  }
}

async function readSession(
  files: FileSystem,
  storageDirectory: string,
  id: string,
): Promise<SessionRecord | undefined> {
  const path = sessionFilePath(storageDirectory, id);
  const content = await files.readFile(path);
  if (content === undefined) return undefined;
  const session = parseSessionFile(Buffer.from(content).toString('utf8'), path);
  if (session.outcome !== 'in_progress') return session;
  return (await readFromLedger(files, storageDirectory, id)) ?? session;
}

async function readFromLedger(
  files: FileSystem,
  storageDirectory: string,
  id: string,
): Promise<SessionRecord | undefined> {
  const directory = ledgerDirectory(storageDirectory);
  if ((await listSegments(files, directory, id)).length === 0) return undefined;
  let header: SessionHeader | undefined;
  const actions: ActionRecord[] = [];
  for await (const { kind, body } of readLedger({ directory, name: id, files })) {
    if (kind === 'open') header = headerFromJson(body.session);
    else if (kind === 'action') actions.push(readActionBody(body));
    else if (kind === 'close' && header !== undefined) {
      header = headerFromJson({ ...header, ...body }) ?? header;
    }
  }
  if (header === undefined) return undefined;
  const kernels = new Set([
    ...header.kernels_involved,
    ...actions.map(({ kernel }) => kernelShortName(kernel)),
  ]);
  return { ...header, kernels_involved: [...kernels].sort(compareCodePoints), actions };
}
