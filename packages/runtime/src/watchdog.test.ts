import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../test/manual-clock.js';
import { createWatchdog, type MemoryPressure, type Watchdog } from './index.js';

let watchdog: Watchdog | undefined;
afterEach(async () => {
  await watchdog?.[Symbol.asyncDispose]();
  watchdog = undefined;
});

describe('a watchdog', () => {
  it('tells once that memory is short, and again only after it was not', async () => {
    const clock = manualClock();
    const told: MemoryPressure[] = [];
    watchdog = await createWatchdog({
      limitMs: 1_000,
      clock,
      memoryRatio: 0,
      onMemoryPressure: (pressure) => told.push(pressure),
    });
    clock.advance(5_000);
    expect(told).toHaveLength(1);
    expect(told[0]?.usedBytes).toBeGreaterThan(0);
    expect(told[0]?.limitBytes).toBeGreaterThan(told[0]?.usedBytes ?? 0);
  });

  it('stops its timer and its thread when it is disposed', async () => {
    const clock = manualClock();
    const made = await createWatchdog({ limitMs: 1_000, clock });
    expect(clock.pending).toBe(1);
    made.guard({ endAtMs: clock.now() + 1, files: [], message: 'never' })[Symbol.dispose]();
    await made[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });
});
