import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../test/manual-clock.js';
import { sleep, systemClock, systemRandom } from './clock.js';

const DAY_MS = 86_400_000;

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('waits longer than the platform can, by chaining', () => {
    const fired = vi.fn();
    systemClock.setTimer(fired, 60 * DAY_MS);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('cancels a chained timer in any of its links', () => {
    const fired = vi.fn();
    const timer = systemClock.setTimer(fired, 60 * DAY_MS);
    vi.advanceTimersByTime(30 * DAY_MS);
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(fired).not.toHaveBeenCalled();
    timer.cancel();
  });

  test('ends a timer at the end of its block', () => {
    {
      using _timer = systemClock.setTimer(() => undefined, 1_000);
      expect(vi.getTimerCount()).toBe(1);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  test('takes a negative delay as none', () => {
    const fired = vi.fn();
    systemClock.setTimer(fired, -5);
    vi.advanceTimersByTime(0);
    expect(fired).toHaveBeenCalledTimes(1);
  });
});

test('the system clock tells the time', () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  const before = systemClock.monotonic();
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
});

test('system randomness yields version 4 identifiers and fractions', () => {
  expect(systemRandom.uuid()).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const fraction = systemRandom.float();
  expect(fraction >= 0 && fraction < 1).toBe(true);
});

describe('sleep', () => {
  test('resolves when the time has passed', async () => {
    const clock = new ManualClock();
    const slept = sleep(100, { clock });
    clock.advance(100);
    await expect(slept).resolves.toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test('rejects with the reason of the signal and leaves no timer', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const slept = sleep(100, { clock, signal: controller.signal });
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(slept).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test('does not start under an aborted signal', async () => {
    const clock = new ManualClock();
    await expect(sleep(100, { clock, signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect(clock.pending).toBe(0);
  });

  test('leaves no listener on the signal', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const slept = sleep(5, { clock, signal });
    clock.advance(5);
    await slept;
    expect(removed).toHaveBeenCalledTimes(1);
  });
});
