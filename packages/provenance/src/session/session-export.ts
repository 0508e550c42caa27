import { hash } from 'node:crypto';
import { InvalidInputError } from '@engramkit/core';
import { type FileSystem, nodeFileSystem } from '../file-system.js';
import { openLedger } from '../ledger/open-ledger.js';
import { listSegments } from '../ledger/segment.js';
import type { LedgerVerification } from '../ledger/verify-ledger.js';
import type { ProvSource } from '../prov/session-statements.js';
import { headerToJson } from './session-catalogue.js';
import { parseSessionFile } from './session-file.js';
import { actionBody, ledgerActions, writeSessionView } from './session-journal.js';
import { ledgerDirectory, sessionFilePath } from './session-paths.js';
import { getSession, type SessionPlace, verifySession } from './session-store.js';

/**
 * A session of a store for the exports: actions stream from the ledger when there is one, else from the file.
 *
 * Rejects with `SESSION_MISSING`.
 */
export async function sessionSource(
  options: SessionPlace & { readonly id: string },
): Promise<ProvSource> {
  const { storageDirectory, files = nodeFileSystem, id } = options;
  const session = await getSession({ storageDirectory, files, id });
  if (session === undefined) throw missing(id);
  const { actions, ...header } = session;
  const directory = ledgerDirectory(storageDirectory);
  const name = session.session_id;
  if ((await listSegments(files, directory, name)).length === 0) {
    return { header, actions: () => actions };
  }
  return { header, actions: () => ledgerActions(files, { directory, name }) };
}

/** Verifies a session's ledger and tells where its chain stands, for attestations. */
export async function sessionLedgerState(
  options: SessionPlace & { readonly id: string },
): Promise<{ readonly name: string; readonly head: string; readonly size: number }> {
  const verified: LedgerVerification = await verifySession(options);
  if (!verified.ok) {
    throw new InvalidInputError(
      `the ledger of session ${options.id} is damaged: ${verified.damage?.message ?? ''}`,
      {
        code: 'LEDGER_DAMAGED',
        hint: 'Nothing is attested about a damaged ledger.',
      },
    );
  }
  return { name: options.id, head: verified.head, size: verified.entries };
}

/** Writes the compatible file of a ledger session anew. Source: provenance section 8.9. */
export async function exportCompatible(
  options: SessionPlace & { readonly id: string },
): Promise<string> {
  const { storageDirectory, files = nodeFileSystem, id } = options;
  const source = await sessionSource({ storageDirectory, files, id });
  const directory = ledgerDirectory(storageDirectory);
  const path = sessionFilePath(storageDirectory, source.header.session_id);
  if ((await listSegments(files, directory, source.header.session_id)).length > 0) {
    const name = source.header.session_id;
    await writeSessionView(files, path, source.header, { directory, name, sync: true });
  }
  return path;
}

/**
 * Makes a ledger of a session file, of this package or of the Python one; the header says so and holds the file's digest.
 *
 * A closed session becomes a sealed ledger. Rejects with `LEDGER_EXISTS` for one that has a ledger. Source: provenance section 8.9.
 */
export async function importCompatible(
  options: SessionPlace & { readonly path: string },
): Promise<{ readonly id: string; readonly actions: number }> {
  const { storageDirectory, path } = options;
  const files: FileSystem = options.files ?? nodeFileSystem;
  const content = await files.readFile(path);
  if (content === undefined) throw missing(path);
  const session = parseSessionFile(Buffer.from(content).toString('utf8'), path);
  const { actions, ...header } = session;
  const ledger = await openLedger({
    directory: ledgerDirectory(storageDirectory),
    name: session.session_id,
    mode: 'create',
    files,
    header: {
      session: headerToJson(header),
      imported: true,
      source_digest: `sha256:${hash('sha256', content, 'hex')}`,
    },
  });
  try {
    for (const action of actions) await ledger.append(actionBody(action));
    const { outcome, ended_at, duration_ms, kernels_involved } = header;
    if (outcome !== 'in_progress') {
      await ledger.close({
        outcome,
        ended_at,
        duration_ms,
        kernels_involved: [...kernels_involved],
      });
    }
  } finally {
    await ledger.release();
  }
  return { id: session.session_id, actions: actions.length };
}

function missing(id: string): InvalidInputError {
  return new InvalidInputError(`there is no session ${JSON.stringify(id.slice(0, 200))}`, {
    code: 'SESSION_MISSING',
    hint: 'List the sessions to see their ids.',
  });
}
