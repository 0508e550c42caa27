import { localRunRecorder } from '@engramkit/provenance';
import type { RunRecorder } from '@engramkit/runtime';
import { activeSigner } from './ledger-access.js';

/** What records every local run in the ledger, signed when there is a key. */
export async function openRunRecorder(
  stateDirectory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunRecorder> {
  const signer = await activeSigner(stateDirectory, env);
  return localRunRecorder({
    directory: stateDirectory,
    ...(signer === undefined ? {} : { signer }),
  });
}
