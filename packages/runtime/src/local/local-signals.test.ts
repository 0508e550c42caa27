import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SignalEvent, Signals } from '@engramkit/engram';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.js';
import { fileSignals } from './local-signals.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signals-'));
  path = join(folder, 'signals.ndjson');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function all(signals: Signals, afterSequence = 0): Promise<SignalEvent[]> {
  const events: SignalEvent[] = [];
  for await (const event of signals.replay({ afterSequence })) events.push(event);
  return events;
}

describe('signals in a file', () => {
  it('come back in order, after a number, also when they were emitted at once', async () => {
    const signals = fileSignals(path, manualClock(5));
    await Promise.all([
      signals.emit('a', 1),
      signals.emit(' b ', { x: 'line\nbreak' }),
      signals.emit('a', null),
    ]);
    expect(await all(signals)).toEqual([
      { sequence: 1, key: 'a', emittedAtMs: 5, payload: 1 },
      { sequence: 2, key: 'b', emittedAtMs: 5, payload: { x: 'line\nbreak' } },
      { sequence: 3, key: 'a', emittedAtMs: 5 },
    ]);
    expect((await all(signals, 2)).map(({ sequence }) => sequence)).toEqual([3]);
  });

  it('are none before the first', async () => {
    expect(await all(fileSignals(path, manualClock()))).toEqual([]);
  });

  it('go on where an earlier try stopped, and pass over a line that a crash cut off', async () => {
    await fileSignals(path, manualClock()).emit('a', 'first');
    await appendFile(path, '\n{"sequence":2,"key":"a","emit');
    const later = fileSignals(path, manualClock());
    await later.emit('a', 'second');
    expect((await all(later)).map(({ sequence, payload }) => [sequence, payload])).toEqual([
      [1, 'first'],
      [2, 'second'],
    ]);
  });

  it('survive being cut at any byte: what comes before the cut is whole', async () => {
    const signals = fileSignals(path, manualClock());
    for (let index = 1; index <= 5; index += 1)
      await signals.emit(`key-${index}`, { index, text: 'ä€😀' });
    const bytes = await readFile(path);
    const events = await all(signals);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bytes.length }), async (cut) => {
        const torn = join(folder, `torn-${cut}`);
        await appendFile(torn, bytes.subarray(0, cut));
        const found = await all(fileSignals(torn, manualClock()));
        expect(found).toEqual(events.slice(0, found.length));
        await rm(torn);
      }),
      { numRuns: 60 },
    );
  });

  it('need a key, JSON and a bounded size', async () => {
    const signals = fileSignals(path, manualClock());
    await expect(signals.emit('  ', 1)).rejects.toMatchObject({ code: 'SIGNAL_KEY_REQUIRED' });
    await expect(signals.emit('a', 1n as never)).rejects.toMatchObject({
      code: 'JSON_UNSERIALIZABLE',
    });
    await expect(signals.emit('a', 'x'.repeat(2 ** 20))).rejects.toMatchObject({
      code: 'JSON_TOO_LARGE',
    });
    await signals.emit('a', 1);
    expect((await all(signals)).map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('that cannot be written are refused with the path', async () => {
    const nowhere = fileSignals(join(folder, 'missing', 'signals.ndjson'), manualClock());
    await expect(nowhere.emit('a', 1)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  });
});
