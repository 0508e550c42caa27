import { join } from 'node:path';

/** Where the compatible session files are. Source: provenance section 2.3. */
export function sessionsDirectory(storageDirectory: string): string {
  return join(storageDirectory, 'storage', 'sessions');
}

/** Where the ledgers of sessions are. Source: provenance section 8.1. */
export function ledgerDirectory(storageDirectory: string): string {
  return join(storageDirectory, 'storage', 'ledger');
}

/** The compatible file of one session. */
export function sessionFilePath(storageDirectory: string, id: string): string {
  return join(sessionsDirectory(storageDirectory), `${id}.json`);
}

/** The marker that keeps a session from being swept. */
export function holdPath(storageDirectory: string, id: string): string {
  return join(sessionsDirectory(storageDirectory), `${id}.hold`);
}
