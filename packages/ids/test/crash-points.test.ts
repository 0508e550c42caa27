import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '@engramkit/core';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileIdempotencyStore, once, resolveUnknown } from '../src/index.js';

const root = mkdtempSync(join(tmpdir(), 'engramkit-crash-'));
const program = join(root, 'owner.mjs');
/** A process that starts when every lease of the dead one is over. */
const later = { ...systemClock, now: () => systemClock.now() + 3_600_000 };

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('./fixtures/crashing-owner.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    alias: {
      '@engramkit/core': fileURLToPath(new URL('../../core/src/index.ts', import.meta.url)),
    },
  });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const effectsIn = (directory: string): number => {
  const log = join(directory, 'effects.log');
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
};

describe.each(['claim', 'manual'])(
  'kill -9 at every step of the file store (start: %s)',
  (start) => {
    it('loses nothing that was acknowledged, doubles nothing, and hides no doubt', {
      timeout: 120_000,
    }, async () => {
      let finished = false;
      let doubts = 0;
      let repeats = 0;
      for (let step = 1; !finished; step++) {
        expect(step).toBeLessThan(200);
        const directory = join(root, `${start}-${step}`);
        mkdirSync(directory);
        const child = spawnSync(process.execPath, [program, directory, String(step), start], {
          encoding: 'utf8',
          timeout: 20_000,
        });
        finished = child.signal === null;
        expect(child.stderr).toBe('');
        if (finished) expect(child.status).toBe(0);
        else expect(child.signal).toBe('SIGKILL');

        const happened = effectsIn(directory);
        const acknowledged = existsSync(join(directory, 'acknowledged.json'));
        expect(happened).toBeLessThanOrEqual(1);
        let repeated = 0;
        const next = () =>
          once('charge', () => ({ charge: `again-${++repeated}` }), {
            store: fileIdempotencyStore(join(directory, 'store')),
            clock: later,
          });
        let outcome: unknown = await next().catch((error: unknown) => error);
        if ((outcome as { readonly code?: string }).code === 'EFFECT_UNKNOWN') {
          doubts += 1;
          expect(acknowledged).toBe(false);
          const resolution =
            happened === 1
              ? ({ happened: true, result: { charge: 'ch_1' } } as const)
              : ({ happened: false } as const);
          await resolveUnknown(
            fileIdempotencyStore(join(directory, 'store')),
            'charge',
            resolution,
            { clock: later },
          );
          outcome = await next();
        }
        repeats += repeated;
        // In all: once here or once there, never both, never none.
        expect(happened + repeated, `step ${step}`).toBe(1);
        expect(outcome).toEqual({ charge: happened === 1 ? 'ch_1' : 'again-1' });
      }
      expect(doubts).toBeGreaterThan(0);
      expect(repeats).toBeGreaterThan(0);
    });
  },
);

describe('several processes at once', () => {
  it.each(['claim', 'manual'])(
    'have the effect once, and all get its result (start: %s)',
    async (start) => {
      const directory = join(root, `race-${start}`);
      mkdirSync(directory);
      const owners = Array.from({ length: 4 }, () =>
        promisify(execFile)(process.execPath, [program, directory, '0', start], {
          timeout: 20_000,
        }),
      );
      for (const { stderr } of await Promise.all(owners)) expect(stderr).toBe('');
      expect(effectsIn(directory)).toBe(1);
      expect(readFileSync(join(directory, 'acknowledged.json'), 'utf8')).toBe('{"charge":"ch_1"}');
    },
  );
});
