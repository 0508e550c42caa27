import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngramkitError } from '@engramkit/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HandClock, settled } from '../test/hand-clock.js';
import {
  EffectNotRecordedError,
  EffectUnknownError,
  fileIdempotencyStore,
  type IdempotencyStore,
  memoryIdempotencyStore,
  type OnceOptions,
  once,
  recordEffect,
  resolveUnknown,
} from './index.js';

function deferred<Value>(): {
  promise: Promise<Value>;
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
} {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

let clock: HandClock;
let store: IdempotencyStore;
const options = (more: Partial<OnceOptions> = {}): OnceOptions => ({
  store,
  clock,
  leaseMs: 30_000,
  clockSkewMs: 0,
  ...more,
});

beforeEach(() => {
  clock = new HandClock();
  store = memoryIdempotencyStore();
});

describe('once', () => {
  it('runs the effect for the first caller and replays its result for all others', async () => {
    let runs = 0;
    const effect = async () => ({ charge: 'ch_1', run: ++runs });
    expect(await once('k', effect, options())).toEqual({ charge: 'ch_1', run: 1 });
    expect(await once('k', effect, options())).toEqual({ charge: 'ch_1', run: 1 });
    expect(await once('other', effect, options())).toEqual({ charge: 'ch_1', run: 2 });
    expect(clock.pending).toBe(0);
  });

  it('replays copies, so that no caller can change what the next one gets', async () => {
    const first = await once('k', () => ({ list: [1] }), options());
    first.list.push(2);
    const second = await once('k', () => ({ list: [0] }), options());
    second.list.push(3);
    expect(await once('k', () => ({ list: [0] }), options())).toEqual({ list: [1] });
  });

  it('replays that there was no result', async () => {
    let runs = 0;
    for (let round = 0; round < 2; round++) {
      expect(await once('k', () => void runs++, options())).toBeUndefined();
    }
    expect(runs).toBe(1);
  });

  it('lets concurrent callers wait for the first', async () => {
    const gate = deferred<number>();
    let runs = 0;
    const effect = () => {
      runs++;
      return gate.promise;
    };
    const calls = [1, 2, 3].map(() => once('k', effect, options()));
    await settled();
    gate.resolve(7);
    expect(await Promise.all(calls)).toEqual([7, 7, 7]);
    expect(runs).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('finds the result by looking, when the store cannot tell', async () => {
    const { watch: _, ...silent } = memoryIdempotencyStore();
    const gate = deferred<number>();
    const first = once('k', () => gate.promise, options({ store: silent }));
    const second = once('k', () => 0, options({ store: silent, pollMs: 100 }));
    await clock.advance(250);
    gate.resolve(7);
    await clock.advance(100);
    expect(await Promise.all([first, second])).toEqual([7, 7]);
  });

  it('renews its lease while the effect runs', async () => {
    const gate = deferred<string>();
    const slow = once('k', () => gate.promise, options());
    const waiter = once('k', () => 'second', options());
    await clock.advance(300_000);
    gate.resolve('first');
    expect(await slow).toBe('first');
    expect(await waiter).toBe('first');
  });

  it('does not wait longer than asked', async () => {
    const gate = deferred<string>();
    const slow = once('k', () => gate.promise, options());
    await settled();
    await expect(once('k', () => 'x', options({ waitMs: 0 }))).rejects.toMatchObject({
      code: 'EFFECT_IN_PROGRESS',
      retry: 'safe',
      retryAfterMs: 30_000,
    });
    const patient = once('k', () => 'x', options({ waitMs: 1_000 })).catch(
      (error: unknown) => error,
    );
    await clock.advance(1_000);
    expect(await patient).toMatchObject({ code: 'EFFECT_IN_PROGRESS' });
    gate.resolve('done');
    await slow;
  });

  it('stops waiting when its signal aborts, and never starts when it is aborted before', async () => {
    const gate = deferred<string>();
    const slow = once('k', () => gate.promise, options());
    await settled();
    const controller = new AbortController();
    const waiter = once('k', () => 'x', options({ signal: controller.signal })).catch(
      (error: unknown) => error,
    );
    await settled();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await waiter).toBe(reason);
    await expect(once('new', () => 'x', options({ signal: controller.signal }))).rejects.toBe(
      reason,
    );
    expect(await store.get('new')).toBeUndefined();
    gate.resolve('done');
    await slow;
    expect(clock.pending).toBe(0);
  });

  it('hands the abort of its caller to the effect', async () => {
    const controller = new AbortController();
    const reason = new Error('stop');
    const call = once(
      'k',
      ({ signal }) =>
        new Promise<string>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        ),
      options({ signal: controller.signal }),
    );
    await settled();
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(await once('k', () => 'again', options())).toBe('again');
  });
});

describe('a failing effect', () => {
  const boom = new Error('boom');
  const failing = (): never => {
    throw boom;
  };

  it('is released for the next caller', async () => {
    await expect(once('k', failing, options())).rejects.toBe(boom);
    expect(await once('k', ({ fencingToken }) => fencingToken, options())).toBe(2);
  });

  it('is recorded when it is final', async () => {
    const final = new EngramkitError('card declined', {
      code: 'CARD_DECLINED',
      hint: 'Use another card.',
    });
    await expect(
      once('k', () => Promise.reject(final), options({ onFailure: 'record' })),
    ).rejects.toBe(final);
    await expect(once('k', () => 'x', options())).rejects.toMatchObject({
      name: 'RecordedEffectError',
      code: 'CARD_DECLINED',
      message: 'card declined',
      hint: 'Use another card.',
    });
  });

  it('is unknown when the error says that nobody knows', async () => {
    const timeout = new EngramkitError('no answer', { code: 'TIMEOUT', retry: 'unknown' });
    await expect(once('k', () => Promise.reject(timeout), options())).rejects.toBe(timeout);
    await expect(once('k', () => 'x', options())).rejects.toMatchObject({
      code: 'EFFECT_UNKNOWN',
      retry: 'unknown',
    });
    await resolveUnknown(store, 'k', { happened: false }, { clock });
    expect(await once('k', () => 'x', options())).toBe('x');
  });

  it('is in doubt when the policy itself fails', async () => {
    const onFailure = (): never => {
      throw new Error('broken policy');
    };
    await expect(once('k', failing, options({ onFailure }))).rejects.toBe(boom);
    await expect(once('k', () => 'x', options())).rejects.toMatchObject({ code: 'EFFECT_UNKNOWN' });
    expect(clock.pending).toBe(0);
  });

  it('with a result that is no JSON has happened all the same', async () => {
    let runs = 0;
    const effect = () => {
      runs++;
      return { toJSON: undefined, big: 1n } as unknown as { big: number };
    };
    for (let round = 0; round < 2; round++) {
      await expect(once('k', effect, options())).rejects.toMatchObject({
        code: 'EFFECT_RESULT_INVALID',
      });
    }
    expect(runs).toBe(1);
  });
});

/** An owner that begins and is never heard of again: its effect never ends and its timers never fire. */
async function vanish(key: string, more: Partial<OnceOptions> = {}): Promise<void> {
  void once(
    key,
    () => new Promise<string>(() => {}),
    options({ clock: Object.assign(new HandClock(), { now: clock.now }), ...more }),
  );
  await settled();
}

describe('an owner that is gone', () => {
  it('leaves the effect unknown, until somebody says what happened', async () => {
    await vanish('k');
    const waiter = once('k', () => 'x', options()).catch((error: unknown) => error);
    await clock.advance(29_000);
    await expect(
      resolveUnknown(store, 'k', { happened: false }, { clock, clockSkewMs: 0 }),
    ).rejects.toMatchObject({
      code: 'EFFECT_IN_PROGRESS',
    });
    await clock.advance(2_000);
    const error = await waiter;
    expect(error).toBeInstanceOf(EffectUnknownError);
    expect(error).toMatchObject({
      code: 'EFFECT_UNKNOWN',
      retry: 'unknown',
      hint: expect.stringContaining('resolveUnknown'),
    });
    await resolveUnknown(store, 'k', { happened: true, result: { id: 7 } }, { clock });
    expect(await once('k', () => ({ id: 0 }), options())).toEqual({ id: 7 });
  });

  it('is taken over without doubt when it had not begun', async () => {
    await vanish('k', { start: 'manual' });
    const call = once(
      'k',
      async ({ begin, fencingToken }) => {
        await begin();
        return fencingToken;
      },
      options({ start: 'manual' }),
    );
    await clock.advance(31_000);
    expect(await call).toBe(2);
  });

  it('is taken over when the effect does no harm twice', async () => {
    await vanish('k');
    const call = once('k', ({ fencingToken }) => fencingToken, options({ unknown: 'repeat' }));
    await clock.advance(31_000);
    expect(await call).toBe(2);
  });

  it('and comes back late is refused, and keeps its result in the error', async () => {
    const frozen = new HandClock();
    const gate = deferred<string>();
    const paused = once('k', () => gate.promise, options({ clock: frozen })).catch(
      (error: unknown) => error,
    );
    await clock.advance(31_000);
    expect(await once('k', () => 'taken', options({ unknown: 'repeat' }))).toBe('taken');
    gate.resolve('late');
    const error = await paused;
    expect(error).toBeInstanceOf(EffectNotRecordedError);
    expect(error).toMatchObject({ code: 'EFFECT_LEASE_LOST', value: 'late', retry: 'unknown' });
    expect(await once('k', () => 'x', options())).toBe('taken');
  });

  it('and comes back late ends the doubt, as long as nobody else did', async () => {
    const frozen = new HandClock();
    const gate = deferred<string>();
    const paused = once('k', () => gate.promise, options({ clock: frozen }));
    await clock.advance(31_000);
    await expect(once('k', () => 'x', options())).rejects.toMatchObject({ code: 'EFFECT_UNKNOWN' });
    gate.resolve('late but true');
    expect(await paused).toBe('late but true');
    expect(await once('k', () => 'x', options())).toBe('late but true');
  });

  it('and comes back after a resolution is refused', async () => {
    const frozen = new HandClock();
    const gate = deferred<string>();
    const paused = once('k', () => gate.promise, options({ clock: frozen })).catch(
      (error: unknown) => error,
    );
    await clock.advance(31_000);
    await resolveUnknown(
      store,
      'k',
      { happened: true, result: 'resolved' },
      { clock, clockSkewMs: 0 },
    );
    gate.resolve('late');
    expect(await paused).toMatchObject({ code: 'EFFECT_LEASE_LOST', value: 'late' });
    expect(await once('k', () => 'x', options())).toBe('resolved');
  });

  it('is told to stop as soon as its renewal finds another owner', async () => {
    const aborted = deferred<unknown>();
    const paused = once(
      'k',
      ({ signal }) => {
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        return new Promise<string>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      },
      options(),
    ).catch((error: unknown) => error);
    await settled();
    await recordEffect(store, 'k', 'by hand', { clock });
    await clock.advance(10_000);
    expect(await aborted.promise).toMatchObject({ code: 'EFFECT_LEASE_LOST' });
    expect(await paused).toMatchObject({ code: 'EFFECT_LEASE_LOST' });
    expect(clock.pending).toBe(0);
  });

  it('counts as gone only after the skew that clocks may have', async () => {
    await vanish('k');
    const ahead = new HandClock(4_000);
    await ahead.advance(27_000);
    const call = once('k', () => 'x', options({ clock: ahead, clockSkewMs: 5_000 })).catch(
      (error: unknown) => error,
    );
    await ahead.advance(3_000);
    expect((await store.get('k'))?.record.status).toBe('started');
    await ahead.advance(2_000);
    expect(await call).toMatchObject({ code: 'EFFECT_UNKNOWN' });
  });
});

describe('a store that fails', () => {
  /** Fails the calls that the script names, before or after they had their effect. */
  function flaky(
    script: (operation: 'get' | 'put', count: number) => 'ok' | 'before' | 'after',
  ): IdempotencyStore {
    const inner = memoryIdempotencyStore();
    const counts = { get: 0, put: 0 };
    const call = <Value>(operation: 'get' | 'put', act: () => Value): Value => {
      const fault = script(operation, ++counts[operation]);
      if (fault === 'before') throw new Error('store is down');
      const value = act();
      if (fault === 'after') throw new Error('connection reset');
      return value;
    };
    return {
      get: (key) => call('get', () => inner.get(key)),
      put: (key, record, expected) => call('put', () => inner.put(key, record, expected)),
    };
  }

  it('before the claim: nothing happens', async () => {
    let runs = 0;
    const down = flaky(() => 'before');
    await expect(once('k', () => ++runs, options({ store: down }))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_STORE_FAILED',
      retry: 'safe',
    });
    expect(runs).toBe(0);
  });

  it('while it answers a claim that went through: the claim counts', async () => {
    const store = flaky((operation, count) =>
      operation === 'put' && count === 1 ? 'after' : 'ok',
    );
    expect(await once('k', () => 'done', options({ store }))).toBe('done');
  });

  it('while it answers the result: the result is there', async () => {
    const store = flaky((operation, count) =>
      operation === 'put' && count === 2 ? 'after' : 'ok',
    );
    const call = once('k', () => 'done', options({ store }));
    await clock.advance(100);
    expect(await call).toBe('done');
    expect(await once('k', () => 'x', options({ store }))).toBe('done');
  });

  it('for good after the effect: the caller gets the result in an error that says so', async () => {
    const store = flaky((operation, count) => (operation === 'put' && count > 1 ? 'before' : 'ok'));
    const call = once('k', () => 'done', options({ store })).catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await call).toMatchObject({
      code: 'EFFECT_NOT_RECORDED',
      value: 'done',
      retry: 'unknown',
    });
    expect(clock.pending).toBe(0);
  });

  it('for a while during renewal: the lease lives on', async () => {
    const gate = deferred<string>();
    const store = flaky((operation, count) =>
      operation === 'put' && count === 2 ? 'before' : 'ok',
    );
    const call = once('k', () => gate.promise, options({ store }));
    await clock.advance(25_000);
    gate.resolve('done');
    expect(await call).toBe('done');
  });

  it('for the whole lease during renewal: the effect is told to stop', async () => {
    let down = false;
    const store = flaky(() => (down ? 'before' : 'ok'));
    const call = once(
      'k',
      ({ signal }) =>
        new Promise<string>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        ),
      options({ store }),
    ).catch((error: unknown) => error);
    await settled();
    down = true;
    await clock.advance(60_000);
    expect(await call).toMatchObject({ code: 'EFFECT_LEASE_LOST' });
  });
});

describe('a key', () => {
  it('that stands for another input is refused', async () => {
    await once('k', () => 1, options({ fingerprint: 'sha256:a' }));
    await expect(once('k', () => 1, options({ fingerprint: 'sha256:b' }))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect(await once('k', () => 2, options({ fingerprint: 'sha256:a' }))).toBe(1);
  });

  it('is free again when its record is no longer kept', async () => {
    await once('k', () => 1, options({ keepMs: 1_000 }));
    expect(await once('k', () => 2, options({ keepMs: 1_000 }))).toBe(1);
    await clock.advance(1_000);
    expect(await once('k', () => 3, options({ keepMs: 1_000 }))).toBe(3);
  });

  it('that was recorded by hand is replayed, and the first record wins', async () => {
    expect(await recordEffect(store, 'k', { by: 'hand' }, { clock })).toBe(true);
    expect(await recordEffect(store, 'k', { by: 'other' }, { clock })).toBe(false);
    expect(await once('k', () => ({ by: 'effect' }), options())).toEqual({ by: 'hand' });
  });

  it.each(['completed', 'released', 'absent'])(
    'that is %s has no doubt to resolve',
    async (state) => {
      if (state === 'completed') await once('k', () => 1, options());
      if (state === 'released')
        await once('k', () => Promise.reject(new Error('x')), options()).catch(() => {});
      await expect(
        resolveUnknown(store, 'k', { happened: false }, { clock }),
      ).rejects.toMatchObject({ code: 'EFFECT_NOT_UNKNOWN' });
    },
  );

  it.each([
    ['', {}],
    ['k'.repeat(1025), {}],
    ['k', { leaseMs: 0 }],
    ['k', { leaseMs: Number.NaN }],
    ['k', { waitMs: -1 }],
    ['k', { pollMs: 0 }],
  ])('or option that makes no sense is refused (%#)', async (key, more) => {
    await expect(once(key, () => 1, options(more))).rejects.toMatchObject({
      code: 'INVALID_ONCE_OPTIONS',
    });
  });
});

describe('the memory store', () => {
  it('does not grow with records that are no longer kept', async () => {
    const memory = memoryIdempotencyStore();
    for (let index = 0; index < 10_000; index++) {
      await once(`k${index}`, () => index, options({ store: memory, keepMs: 100 }));
      await clock.advance(1);
    }
    expect([...memory.list()].length).toBeLessThan(3_000);
  });
});

describe('the file store', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'engramkit-once-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('survives the process, and lists what it holds', async () => {
    const deep = join(directory, 'a', 'b');
    expect(await once('k', () => ({ id: 1 }), { store: fileIdempotencyStore(deep) })).toEqual({
      id: 1,
    });
    expect(await once('k', () => ({ id: 2 }), { store: fileIdempotencyStore(deep) })).toEqual({
      id: 1,
    });
    const listed: unknown[] = [];
    for await (const [key, record] of fileIdempotencyStore(deep).list())
      listed.push([key, record.status]);
    expect(listed).toEqual([['k', 'completed']]);
    expect(readdirSync(join(deep, 'tmp'))).toEqual([]);
  });

  it('keeps few revisions, and refuses every stale one', async () => {
    const files = fileIdempotencyStore(directory);
    const record = {
      status: 'started',
      owner: 'o',
      fencingToken: 1,
      leaseUntilMs: 1,
      leaseMs: 1,
      updatedAtMs: 1,
    } as const;
    let revision: number | undefined;
    for (let index = 1; index <= 30; index++) {
      revision = await files.put('k', { ...record, fencingToken: index }, revision);
      expect(revision).toBe(index);
    }
    for (const stale of [undefined, 1, 21, 22, 23, 29, 31]) {
      expect(await files.put('k', record, stale)).toBeUndefined();
    }
    expect((await files.get('k'))?.record.fencingToken).toBe(30);
    const [group] = readdirSync(join(directory, 'keys'));
    const [name] = readdirSync(join(directory, 'keys', group!));
    expect(readdirSync(join(directory, 'keys', group!, name!)).length).toBeLessThanOrEqual(8);
  });

  it.each(['', 'not json', '{}', '{"format":"engramkit.idempotency/1","key":"k","status":"done"}'])(
    'names a record that cannot be read (%j) and does not act',
    async (text) => {
      const files = fileIdempotencyStore(directory);
      await once('k', () => 1, { store: files });
      const [group] = readdirSync(join(directory, 'keys'));
      const [name] = readdirSync(join(directory, 'keys', group!));
      writeFileSync(join(directory, 'keys', group!, name!, '000000000003.json'), text);
      let runs = 0;
      const error = await once('k', () => ++runs, { store: files }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({
        code: 'IDEMPOTENCY_STORE_FAILED',
        cause: {
          code: 'IDEMPOTENCY_RECORD_CORRUPT',
          message: expect.stringContaining('000000000003.json'),
        },
      });
      expect(runs).toBe(0);
    },
  );
});
