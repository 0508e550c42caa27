import { sleep } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock, seededRandom } from './index.js';

describe('a manual clock', () => {
  it('stands still until it is moved', () => {
    const clock = manualClock({ nowMs: 1_000 });
    expect([clock.now(), clock.monotonic()]).toEqual([1_000, 0]);
  });

  it('runs due timers in order, at their times, with those that they set', async () => {
    const clock = manualClock();
    const ran: (readonly [string, number])[] = [];
    const note = (name: string) => () => void ran.push([name, clock.now()]);
    clock.setTimer(note('late'), 30);
    clock.setTimer(note('same-1'), 20);
    clock.setTimer(note('same-2'), 20);
    clock.setTimer(() => {
      note('early')();
      clock.setTimer(note('nested'), 5);
    }, 10);
    const cancelled = clock.setTimer(note('never'), 1);
    cancelled.cancel();
    expect(clock.pending).toEqual([10, 20, 20, 30]);
    await clock.advance(25);
    expect(ran).toEqual([
      ['early', 10],
      ['nested', 15],
      ['same-1', 20],
      ['same-2', 20],
    ]);
    expect(clock.now()).toBe(25);
    await clock.advanceTo(30);
    expect(ran.at(-1)).toEqual(['late', 30]);
    expect(clock.pending).toEqual([]);
  });

  it('lets promises settle between timers, so that a retry loop runs through in one go', async () => {
    const clock = manualClock();
    const tries: number[] = [];
    const loop = (async () => {
      for (let attempt = 0; attempt < 3; attempt++) {
        await sleep(100 * 2 ** attempt, { clock });
        tries.push(clock.now());
      }
    })();
    await clock.advance(700);
    await loop;
    expect(tries).toEqual([100, 300, 700]);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to move by %d', async (step) => {
    const clock = manualClock();
    await expect(clock.advance(step)).rejects.toMatchObject({ code: 'CLOCK_BACKWARDS' });
    expect(clock.now()).toBe(0);
  });

  it('rejects with what a timer throws, and goes on afterwards', async () => {
    const clock = manualClock();
    const ran: string[] = [];
    clock.setTimer(() => {
      throw new Error('broken timer');
    }, 1);
    clock.setTimer(() => ran.push('next'), 2);
    await expect(clock.advance(5)).rejects.toThrow('broken timer');
    await clock.advance(5);
    expect(ran).toEqual(['next']);
  });

  it('runs any set of timers in the order of their due times', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 50 }), { maxLength: 15 }), async (delays) => {
        const clock = manualClock();
        const ran: number[] = [];
        for (const delay of delays) clock.setTimer(() => ran.push(delay), delay);
        await clock.advance(50);
        expect(ran).toEqual([...delays].sort((left, right) => left - right));
      }),
    );
  });
});

describe('seeded randomness', () => {
  it('repeats itself for a seed and differs between seeds', () => {
    const draw = (seed: number | string) => {
      const random = seededRandom(seed);
      return [random.uuid(), random.float(), random.uuid()];
    };
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('makes UUIDs of version 4, all different, and numbers below 1', () => {
    const random = seededRandom(7);
    const uuids = Array.from({ length: 10_000 }, () => random.uuid());
    expect(new Set(uuids).size).toBe(10_000);
    for (const uuid of uuids) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    const floats = Array.from({ length: 10_000 }, () => random.float());
    expect(floats.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = floats.reduce((sum, value) => sum + value, 0) / floats.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});
