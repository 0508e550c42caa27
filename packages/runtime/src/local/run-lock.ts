import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError, parseJson, systemRandom } from '@engramkit/core';
import { writeError } from '../atomic-file.js';
import { hostFacts, isHostAlive } from './host-facts.js';
import type { HostFacts } from './run-record.js';

const TRIES = 64;
const GENERATION = /^([1-9][0-9]{0,14})\.json$/;

/** The right to be the only process that works on a run; held until released or until the process is gone. */
export interface RunLock {
  release(): void;
}

/**
 * Takes the lock of a run's folder, also over from a process that died with it.
 *
 * Every holder is a generation: a numbered file that is linked into place, which only one of many can do. The highest number
 * counts and always stays, so that whoever acts on an outdated look finds a higher one and steps back. Throws `RUN_ACTIVE` while
 * the holder lives.
 *
 * The files are tiny and every run waits for them, so they are written at once: ten trips through the thread pool take longer.
 */
export function lockRun(runId: string, runDirectory: string): RunLock {
  const folder = join(runDirectory, 'lock');
  const mine = join(folder, `${systemRandom.uuid()}.tmp`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(mine, JSON.stringify({ holder: hostFacts() }), { mode: 0o600 });
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const current = highest(folder);
      if (current > 0 && isHeld(pathOf(folder, current))) break;
      const next = current + 1;
      if (!isLinked(mine, pathOf(folder, next))) continue;
      if (highest(folder) === next) {
        removeBelow(folder, next);
        return { release: () => release(folder, next) };
      }
      rmSync(pathOf(folder, next), { force: true });
    }
  } catch (error) {
    throw writeError(folder, error);
  } finally {
    discard(mine);
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

function generations(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const digits = GENERATION.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

function highest(folder: string): number {
  return Math.max(0, ...generations(folder));
}

/** Exactly one of many callers succeeds. */
function isLinked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isHeld(path: string): boolean {
  try {
    const { holder } = parseJson(readFileSync(path), { what: path }) as { holder?: unknown };
    return isHostFacts(holder) && isHostAlive(holder);
  } catch {
    return false; // Replaced by a higher one meanwhile, or damaged: this one holds nothing.
  }
}

function isHostFacts(value: unknown): value is HostFacts {
  const { pid, hostname } = (value ?? {}) as Partial<HostFacts>;
  return typeof pid === 'number' && typeof hostname === 'string';
}

function removeBelow(folder: string, generation: number): void {
  for (const older of generations(folder)) {
    if (older < generation) rmSync(pathOf(folder, older), { force: true });
  }
}

/** The number stays, without a holder. */
function release(folder: string, generation: number): void {
  const released = join(folder, `${systemRandom.uuid()}.tmp`);
  try {
    writeFileSync(released, '{"holder":null}', { mode: 0o600 });
    renameSync(released, pathOf(folder, generation));
  } catch {
    discard(released); // The folder is gone or the disk is full: the lock falls when this process ends.
  }
}

/** Removes a file as well as it can be: the first error says what is wrong. */
function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already, or it stays: it is small, and its name is used by nobody else.
  }
}
