import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError, parseJson, systemRandom } from '@engramkit/core';
import { writeError } from '../atomic-file.js';
import { hostFacts, isHostAlive } from './host-facts.js';
import type { HostFacts } from './run-record.js';

const TRIES = 64;
const GENERATION = /^([1-9][0-9]{0,14})\.json$/;

/** The right to be the only process that works on a run; held until released or until the process is gone. */
export interface RunLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a run's folder, also over from a process that died with it.
 *
 * Every holder is a generation: a numbered file that is linked into place, which only one of many can do. The highest number
 * counts and always stays, so that whoever acts on an outdated look finds a higher one and steps back. Throws `RUN_ACTIVE` while
 * the holder lives.
 */
export async function lockRun(runId: string, runDirectory: string): Promise<RunLock> {
  const folder = join(runDirectory, 'lock');
  const mine = join(folder, `${systemRandom.uuid()}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(mine, JSON.stringify({ holder: hostFacts() }), { mode: 0o600 });
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const current = await highest(folder);
      if (current > 0 && (await isHeld(pathOf(folder, current)))) break;
      const next = current + 1;
      if (!(await isLinked(mine, pathOf(folder, next)))) continue;
      if ((await highest(folder)) === next) {
        await removeBelow(folder, next);
        return { release: () => release(folder, next) };
      }
      await rm(pathOf(folder, next), { force: true });
    }
  } catch (error) {
    throw writeError(folder, error);
  } finally {
    await rm(mine, { force: true }).catch(() => undefined); // The first error says what is wrong.
  }
  throw new InvalidInputError(`run ${runId} goes on already`, {
    code: 'RUN_ACTIVE',
    details: { runId },
    hint: 'Wait for it, or choose another run id.',
  });
}

function pathOf(folder: string, generation: number): string {
  return join(folder, `${generation}.json`);
}

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const digits = GENERATION.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

async function highest(folder: string): Promise<number> {
  return Math.max(0, ...(await generations(folder)));
}

/** Exactly one of many callers succeeds. */
async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isHeld(path: string): Promise<boolean> {
  try {
    const { holder } = parseJson(await readFile(path), { what: path }) as { holder?: unknown };
    return isHostFacts(holder) && isHostAlive(holder);
  } catch {
    return false; // Replaced by a higher one meanwhile, or damaged: this one holds nothing.
  }
}

function isHostFacts(value: unknown): value is HostFacts {
  const { pid, hostname } = (value ?? {}) as Partial<HostFacts>;
  return typeof pid === 'number' && typeof hostname === 'string';
}

async function removeBelow(folder: string, generation: number): Promise<void> {
  for (const older of await generations(folder)) {
    if (older < generation) await rm(pathOf(folder, older), { force: true });
  }
}

/** The number stays, without a holder. */
async function release(folder: string, generation: number): Promise<void> {
  const released = join(folder, `${systemRandom.uuid()}.tmp`);
  try {
    await writeFile(released, '{"holder":null}', { mode: 0o600 });
    await rename(released, pathOf(folder, generation));
  } catch {
    // The folder is gone or the disk is full: the lock falls when this process ends.
    await rm(released, { force: true }).catch(() => undefined);
  }
}
