import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  listLedgerRuns,
  listSessions,
  openLedger,
  readLedger,
  runLedgerDirectory,
  verifyLedger,
  verifySession,
} from '../src/index.js';
import { buildScript, outputOf, startScript } from './support/child-script.js';

let directory = '';
let writer = '';
let recorder = '';
let appender = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'prov-processes-'));
  [writer, recorder, appender] = (await Promise.all(
    ['ledger-writer.ts', 'session-recorder.ts', 'run-appender.ts'].map((fixture) =>
      buildScript(fixture, directory),
    ),
  )) as [string, string, string];
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Every kill starts a process, so the long form runs only when asked for. */
const KILLS = process.env.ENGRAMKIT_SOAK === '1' ? 220 : 24;

describe('processes that are killed', () => {
  it.each(['each', 'group'] as const)(
    'lose nothing acknowledged, double nothing and leave a ledger that goes on (%s)',
    async (sync) => {
      const place = { directory: join(directory, `killed-${sync}`), name: 'killed' };
      const acknowledged = new Set<number>();
      let from = 0;
      for (let kill = 0; kill < KILLS / 2; kill += 1) {
        const child = startScript(writer, [place.directory, sync, String(from)]);
        // The moment depends on how far the process got, not on a clock: after so many acknowledged entries.
        const wanted = 1 + ((kill * 37) % 150);
        let lines = 0;
        child.stdout?.on('data', (chunk: Buffer) => {
          lines += chunk.toString().split('\n').length - 1;
          if (lines >= wanted) child.kill('SIGKILL');
        });
        const { text, signal } = await outputOf(child);
        expect(signal).toBe('SIGKILL');
        for (const line of text.split('\n').slice(0, -1)) acknowledged.add(Number(line));
        from = Math.max(from, ...acknowledged) + 1_000;
      }
      await (await openLedger({ ...place, waitMs: 5_000 })).close();
      const found: number[] = [];
      for await (const { kind, body } of readLedger(place)) {
        if (kind === 'action') found.push(Number(body.n));
      }
      expect(new Set(found).size).toBe(found.length);
      expect([...acknowledged].filter((n) => !new Set(found).has(n))).toEqual([]);
      expect(await verifyLedger(place)).toMatchObject({ ok: true, closed: true });
    },
    600_000,
  );
});

describe('processes side by side', () => {
  it('record eight sessions of a thousand actions in one store', async () => {
    const storageDirectory = join(directory, 'store');
    const children = Array.from({ length: 8 }, () =>
      outputOf(startScript(recorder, [storageDirectory, '1000'])),
    );
    const ended = await Promise.all(children);
    expect(ended.map(({ code }) => code)).toEqual(Array(8).fill(0));
    const sessions = await listSessions({ storageDirectory });
    expect(sessions).toHaveLength(8);
    for (const { session_id: id, outcome } of sessions) {
      expect(outcome).toBe('complete');
      const verified = await verifySession({ storageDirectory, id });
      expect(verified).toMatchObject({ ok: true, closed: true });
      expect(verified.entries).toBeGreaterThan(1_001);
    }
    const catalogue = { directory: join(storageDirectory, 'storage/ledger'), name: 'catalogue' };
    expect(await verifyLedger(catalogue)).toMatchObject({ ok: true, entries: 17 });
  }, 120_000);

  it('record runs in one ledger, one entry each', async () => {
    const state = join(directory, 'state');
    const ended = await Promise.all(
      Array.from({ length: 4 }, () => outputOf(startScript(appender, [state, '10']))),
    );
    expect(ended.map(({ code }) => code)).toEqual(Array(4).fill(0));
    expect(await listLedgerRuns({ directory: state, limit: 100 })).toHaveLength(40);
    // The runs, the first entry, and a checkpoint.
    expect(
      await verifyLedger({ directory: runLedgerDirectory(state), name: 'runs' }),
    ).toMatchObject({ ok: true, entries: 42 });
  }, 120_000);
});
