import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../test/manual-clock.js';
import { openDeadline } from './deadline.js';
import { CancelledError, DeadlineError } from './error.js';

describe('openDeadline', () => {
  test('aborts with a DeadlineError when the time is over', () => {
    const clock = new ManualClock();
    using deadline = openDeadline({ clock, timeoutMs: 30_000, what: 'process of greet' });
    expect(deadline.deadlineMs).toBe(clock.now() + 30_000);
    clock.advance(29_999);
    expect(deadline.signal.aborted).toBe(false);
    clock.advance(1);
    expect(deadline.signal.reason).toBeInstanceOf(DeadlineError);
    expect(deadline.signal.reason.message).toBe('process of greet did not end within 30000 ms');
    expect(clock.pending).toBe(0);
  });

  test.each([0, -1])('has passed at once for %d ms', (timeoutMs) => {
    const clock = new ManualClock();
    using deadline = openDeadline({ clock, timeoutMs, what: 'it' });
    expect(deadline.signal.reason).toBeInstanceOf(DeadlineError);
    expect(clock.pending).toBe(0);
  });

  test('passes the reason of the outer signal on when it is one of ours', () => {
    const clock = new ManualClock();
    const outer = new AbortController();
    using deadline = openDeadline({ clock, signal: outer.signal, timeoutMs: 10, what: 'it' });
    const reason = new CancelledError('shutdown');
    outer.abort(reason);
    expect(deadline.signal.reason).toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test('wraps any other reason', () => {
    using deadline = openDeadline({
      clock: new ManualClock(),
      signal: AbortSignal.abort('user'),
      what: 'it',
    });
    expect(deadline.signal.reason).toBeInstanceOf(CancelledError);
    expect(deadline.signal.reason.cause).toBe('user');
    expect('deadlineMs' in deadline).toBe(false);
  });

  test('does nothing any more after disposal', () => {
    const clock = new ManualClock();
    const outer = new AbortController();
    const removed = vi.spyOn(outer.signal, 'removeEventListener');
    const deadline = openDeadline({ clock, signal: outer.signal, timeoutMs: 10, what: 'it' });
    deadline[Symbol.dispose]();
    clock.advance(20);
    outer.abort();
    expect(deadline.signal.aborted).toBe(false);
    expect(clock.pending).toBe(0);
    expect(removed).toHaveBeenCalled();
  });

  test('keeps the first of two reasons', () => {
    const clock = new ManualClock();
    const outer = new AbortController();
    using deadline = openDeadline({ clock, signal: outer.signal, timeoutMs: 10, what: 'it' });
    clock.advance(10);
    outer.abort();
    expect(deadline.signal.reason).toBeInstanceOf(DeadlineError);
  });
});
