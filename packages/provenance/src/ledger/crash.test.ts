import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Crash, MemoryFiles } from '../../test/support/memory-files.js';
import { LedgerDamagedError } from '../errors.js';
import { parseEntryLine } from './entry.js';
import { type OpenLedgerOptions, openLedger } from './open-ledger.js';
import { readBody } from './seal.js';
import { verifyLedger } from './verify-ledger.js';

const place = { directory: '/l', name: 'runs' };
/** Every process is another one, and all earlier ones are gone. */
const processes = {
  self: () => ({ pid: 1, host: 'h', bootId: 'b', startTicks: '1', pidNamespace: 'n' }),
  stateOf: () => 'gone' as const,
};
const settings: Partial<OpenLedgerOptions> = {
  processes,
  maxSegmentBytes: 1_500,
  checkpointEvery: 3,
};

/** A process that appends one by one and in groups, then closes; what it was promised is in `acknowledged`. */
async function work(
  files: MemoryFiles,
  sync: 'each' | 'group',
  acknowledged: number[],
): Promise<void> {
  const ledger = await openLedger({ ...place, ...settings, files, sync, clock: new ManualClock() });
  const append = async (n: number): Promise<void> => {
    await ledger.append({ n });
    acknowledged.push(n);
  };
  for (let n = 0; n < 4; n += 1) await append(n);
  await Promise.all([4, 5, 6, 7, 8].map(append));
  await ledger.checkpoint();
  await append(9);
  await ledger.close({ outcome: 'complete' });
}

/** The numbers that the ledger holds, in order. */
function recorded(files: MemoryFiles): number[] {
  const numbers: number[] = [];
  const paths = [...files.stored.keys()]
    .filter((path) => /runs\.(\d+\.)?jsonl$/.test(path))
    .sort(bySegment);
  for (const path of paths) {
    for (const line of files.stored.get(path)?.bytes.toString().split('\n') ?? []) {
      const entry = parseEntryLine(line);
      const n = entry?.kind === 'action' ? readBody(entry.bodyText)?.n : undefined;
      if (typeof n === 'number') numbers.push(n);
    }
  }
  return numbers;
}

function bySegment(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : 1);
}

async function stepsOf(sync: 'each' | 'group'): Promise<number> {
  const files = new MemoryFiles();
  await work(files, sync, []);
  return files.steps;
}

async function checkAfterCrash(
  crashed: MemoryFiles,
  acknowledged: readonly number[],
): Promise<void> {
  const ledger = await openLedger({
    ...place,
    ...settings,
    files: crashed,
    reopen: true,
    clock: new ManualClock(),
  });
  await ledger.append({ n: 1_000 });
  await ledger.close();
  const found = recorded(crashed);
  expect(found).toEqual(expect.arrayContaining([...acknowledged]));
  expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
  expect(await verifyLedger({ ...place, files: crashed })).toMatchObject({
    ok: true,
    closed: true,
  });
}

describe('a ledger whose writer dies', () => {
  for (const sync of ['each', 'group'] as const) {
    for (const power of [undefined, 'lost'] as const) {
      const how = power === 'lost' ? 'with the power of the machine' : 'alone';
      it(`loses nothing acknowledged and doubles nothing, whichever step it dies at ${how} (${sync})`, async () => {
        const steps = await stepsOf(sync);
        expect(steps).toBeGreaterThan(30);
        for (let stopAt = 1; stopAt <= steps; stopAt += 1) {
          for (const tornBytes of [0, 1, 50, 200, 100_000]) {
            const files = new MemoryFiles();
            files.stopAt = stopAt;
            files.tornBytes = tornBytes;
            const acknowledged: number[] = [];
            await expect(work(files, sync, acknowledged)).rejects.toSatisfy(
              (error: Error) => error instanceof Crash || error.cause instanceof Crash,
            );
            await checkAfterCrash(
              files.afterCrash(power === undefined ? {} : { power }),
              acknowledged,
            );
          }
        }
      });
    }
  }

  it('goes on after a tail that is torn at any byte', async () => {
    const whole = new MemoryFiles();
    const ledger = await openLedger({
      ...place,
      files: whole,
      processes,
      clock: new ManualClock(),
    });
    await ledger.append({ n: 0, text: 'häuser "x"\n' });
    const before = whole.stored.get('/l/runs.jsonl')?.bytes.length ?? 0;
    await ledger.append({ n: 1, text: 'zwei 😀' });
    const bytes = whole.stored.get('/l/runs.jsonl')?.bytes ?? Buffer.alloc(0);
    for (let size = 0; size <= bytes.length; size += 1) {
      const files = whole.afterCrash();
      const file = files.stored.get('/l/runs.jsonl');
      if (file !== undefined) file.bytes = Buffer.from(bytes.subarray(0, size));
      await checkAfterCrash(files, size >= before ? [0] : []);
      const torn = [...files.stored.keys()].filter((path) => path.includes('.torn-'));
      const isWhole = size === 0 || bytes[size - 1] === 10;
      expect(torn).toHaveLength(isWhole ? 0 : 1);
    }
  });

  it('says in the ledger what was put aside', async () => {
    const files = new MemoryFiles();
    await openLedger({ ...place, files, processes, clock: new ManualClock() });
    const file = files.stored.get('/l/runs.jsonl');
    if (file !== undefined)
      file.bytes = Buffer.concat([file.bytes, Buffer.from('{"v":1,"i":1,"t"')]);
    await using again = await openLedger({ ...place, files, processes, clock: new ManualClock() });
    expect(again.recovered).toEqual({ tornBytes: 16, keptIn: '/l/runs.jsonl.torn-1' });
    expect(file?.bytes.toString()).toContain('"b":{"recovered":true,"torn_bytes":16}');
  });

  it('treats blocks that never reached the disk as torn, even with whole lines after them', async () => {
    const files = new MemoryFiles();
    const ledger = await openLedger({ ...place, files, processes, clock: new ManualClock() });
    await ledger.append({ n: 0 });
    const file = files.stored.get('/l/runs.jsonl');
    const good = file?.bytes.length ?? 0;
    await ledger.append({ n: 1 });
    await ledger.append({ n: 2 });
    file?.bytes.fill(0, good, good + 100);
    await checkAfterCrash(files, [0]);
  });

  it('goes on or refuses with a reason, whatever stands after the last entry', async () => {
    const whole = new MemoryFiles();
    const ledger = await openLedger({
      ...place,
      files: whole,
      processes,
      clock: new ManualClock(),
    });
    await ledger.append({ n: 0 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (garbage) => {
        const files = whole.afterCrash();
        const file = files.stored.get('/l/runs.jsonl');
        if (file !== undefined) file.bytes = Buffer.concat([file.bytes, garbage]);
        if (garbage.includes(10) && !garbage.includes(0)) {
          await expect(checkAfterCrash(files, [0])).rejects.toThrow(LedgerDamagedError);
        } else await checkAfterCrash(files, [0]);
      }),
      { numRuns: 200 },
    );
  });
});
