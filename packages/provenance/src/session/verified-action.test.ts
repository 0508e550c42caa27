import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { ActionInput } from './action-builder.js';
import type { ActionRecord } from './session-record.js';
import { type VerifiedActionOptions, verifiedAction } from './verified-action.js';

function setup(clock = new ManualClock(0, true)) {
  const records: ActionInput[] = [];
  const session = {
    record: async (input: ActionInput) => {
      records.push(input);
      return input as unknown as ActionRecord;
    },
  };
  const act = (options: Partial<VerifiedActionOptions>) =>
    verifiedAction({
      session,
      actionType: 'x',
      action: () => 0,
      verify: () => true,
      clock,
      ...options,
    });
  return { act, records, clock };
}

const aborted = {
  outcome: 'failed',
  evidence: { error: 'aborted', exception_type: 'AbortError' },
  note: 'aborted',
};

describe('a verified action', () => {
  it('stops at an abort, wherever it comes, and records that once', async () => {
    for (const where of ['before', 'action', 'settle', 'verify', 'pause'] as const) {
      const controller = new AbortController();
      const clock = new ManualClock(0);
      const { act, records } = setup(clock);
      if (where === 'before') controller.abort();
      const stopAt = (place: typeof where) => {
        if (place === where) controller.abort();
        return place === where ? new Promise(() => undefined) : false;
      };
      const done = act({
        signal: controller.signal,
        action: () => stopAt('action'),
        verify: () => stopAt('verify'),
        maxAttempts: 2,
      });
      for (let turn = 0; turn < 50; turn += 1) {
        await undefined;
        if (where === 'settle' && clock.delays.length === 1) controller.abort();
        else if (where === 'pause' && clock.delays.length === 2) controller.abort();
        else if (where === 'pause' || where === 'verify') clock.advance(500);
      }
      expect(await done).toBe(false);
      expect(records.at(-1)).toMatchObject(aborted);
      expect(records).toHaveLength(where === 'pause' ? 2 : 1);
    }
  });

  it('ends callbacks that take too long', async () => {
    const { act, records } = setup();
    const signals: AbortSignal[] = [];
    const verified = await act({
      timeoutMs: 100,
      maxAttempts: 1,
      action: ({ signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    expect(verified).toBe(false);
    expect(signals[0]?.aborted).toBe(true);
    expect(records[0]).toMatchObject({
      outcome: 'failed',
      note: 'action raised: no answer within 100 ms',
      evidence: { exception_type: 'DeadlineError' },
    });
  });

  it('records further evidence of the verification', async () => {
    const { act, records } = setup();
    expect(await act({ verify: () => ({ ok: true, evidence: { replicas: 2 } }) })).toBe(true);
    expect(records[0]?.evidence).toEqual({ verified: true, replicas: 2 });
    expect(await act({ verify: () => ({ ok: false }), maxAttempts: 1 })).toBe(false);
  });

  it('pauses longer each time when asked to', async () => {
    const { act, clock } = setup();
    await act({
      verify: () => false,
      maxAttempts: 4,
      settleDelayMs: 100,
      backoff: { factor: 3, maxDelayMs: 500 },
    });
    expect(clock.delays).toEqual([100, 100, 100, 300, 100, 500, 100]);
  });

  it('can call early failures retries', async () => {
    const { act, records } = setup();
    await act({
      action: () => {
        throw 'plain text';
      },
      maxAttempts: 2,
      earlyFailureOutcome: 'retry',
    });
    expect(records.map(({ outcome }) => outcome)).toEqual(['retry', 'failed']);
    expect(records[0]?.evidence).toEqual({ error: 'plain text', exception_type: 'string' });
  });

  it('repeats intent, kernel and edge on every record', async () => {
    const { act, records } = setup();
    const shared = { intent: { a: 1 }, kernel: 'K', viaEdge: 'COMPOSES' };
    await act({ ...shared, verify: () => false, maxAttempts: 2 });
    for (const record of records) expect(record).toMatchObject(shared);
  });

  it('throws what the recorder throws', async () => {
    const failing = { record: () => Promise.reject(new Error('disk')) };
    await expect(
      verifiedAction({
        session: failing,
        actionType: 'x',
        action: () => 0,
        verify: () => true,
        settleDelayMs: 0,
      }),
    ).rejects.toThrow('disk');
    await expect(setup().act({ settleDelayMs: -1 })).rejects.toMatchObject({
      code: 'DELAY_INVALID',
    });
  });
});
