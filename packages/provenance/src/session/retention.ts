import { join } from 'node:path';
import {
  type Clock,
  EngramkitError,
  type Random,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import { type FileSystem, nodeFileSystem } from '../file-system.js';
import { listSegments } from '../ledger/segment.js';
import { nodeProcessTable, type ProcessTable } from '../ledger/writer-identity.js';
import { findWriter } from '../ledger/writer-lock.js';
import { parseMicroseconds } from '../time.js';
import { appendToCatalogue, readCatalogue } from './session-catalogue.js';
import { holdPath, ledgerDirectory, sessionFilePath } from './session-paths.js';
import type { SessionRecord } from './session-record.js';
import { getSession, type SessionPlace, sessionIds } from './session-store.js';

/** Options of {@link sweepSessions}. */
export interface SweepSessionsOptions extends SessionPlace {
  /** Sessions that ended longer ago are deleted; hours. */
  readonly retentionHours: number;
  /** Also deletes sessions without an end whose process is gone, by the time of their last action; default false. */
  readonly includeInterrupted?: boolean;
  /** Says what would be deleted, and deletes nothing; default false. */
  readonly dryRun?: boolean;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly processes?: ProcessTable;
}

/**
 * Deletes sessions that ended longer ago than the retention time, with their ledgers; returns their ids, sorted.
 *
 * Never deleted: sessions with a live writer, sessions on hold, files that are no sessions. Where the chain of a deleted session
 * ended stays in the catalogue. Source: provenance sections 3.5 and 6.
 */
export async function sweepSessions(options: SweepSessionsOptions): Promise<readonly string[]> {
  const { storageDirectory, files = nodeFileSystem, clock = systemClock } = options;
  const until = clock.now() - options.retentionHours * 3_600_000;
  const swept: string[] = [];
  for (const id of await sessionIds(files, storageDirectory)) {
    const session = await readOrSkip(files, storageDirectory, id);
    if (session === undefined || (await isKept(options, session, until))) continue;
    swept.push(id);
    if (options.dryRun !== true) await deleteSession(options, session);
  }
  return swept;
}

/** Keeps a session from being swept, or lets it go again. */
export async function setSessionHold(
  options: SessionPlace & { readonly id: string; readonly hold: boolean },
): Promise<void> {
  const { files = nodeFileSystem } = options;
  const path = holdPath(options.storageDirectory, options.id);
  if (options.hold) await files.createFile(path, '');
  else await files.remove(path);
}

async function readOrSkip(
  files: FileSystem,
  storageDirectory: string,
  id: string,
): Promise<SessionRecord | undefined> {
  try {
    return await getSession({ storageDirectory, files, id });
  } catch (error) {
    if (error instanceof EngramkitError) return undefined; // What cannot be read is not deleted.
    throw error;
  }
}

async function isKept(
  options: SweepSessionsOptions,
  session: SessionRecord,
  until: number,
): Promise<boolean> {
  const { storageDirectory, files = nodeFileSystem, clock = systemClock } = options;
  const isOpen = session.outcome === 'in_progress';
  if (isOpen && options.includeInterrupted !== true) return true;
  const ended = session.ended_at ?? session.actions.at(-1)?.generated_at ?? session.started_at;
  const moment = parseMicroseconds(ended);
  if (moment === undefined || moment >= until) return true;
  if ((await files.stat(holdPath(storageDirectory, session.session_id))) !== undefined) return true;
  const writer = await findWriter({
    files,
    directory: ledgerDirectory(storageDirectory),
    name: session.session_id,
    clock,
    processes: options.processes ?? nodeProcessTable,
  });
  return writer !== undefined;
}

async function deleteSession(options: SweepSessionsOptions, session: SessionRecord): Promise<void> {
  const { storageDirectory, files = nodeFileSystem } = options;
  const { clock = systemClock, random = systemRandom } = options;
  const id = session.session_id;
  const directory = ledgerDirectory(storageDirectory);
  const segments = await listSegments(files, directory, id);
  if (segments.length > 0) {
    const known = (await readCatalogue(files, storageDirectory)).get(id);
    const { actions: _actions, ...header } = session;
    await appendToCatalogue(
      { storageDirectory, files, clock, random },
      {
        state: 'deleted',
        header,
        ...(known?.head === undefined ? {} : { head: known.head }),
        ...(known?.size === undefined ? {} : { size: known.size }),
      },
    );
  }
  await files.remove(sessionFilePath(storageDirectory, id));
  for (const { path } of segments) await files.remove(path);
  for (const name of await files.list(directory)) {
    if (name.startsWith(`${id}.`)) await files.remove(join(directory, name));
  }
}
