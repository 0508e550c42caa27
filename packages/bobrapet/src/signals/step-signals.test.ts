import { type JsonObject, systemClock, systemRandom } from '@engramkit/core';
import type { SignalEvent, Signals } from '@engramkit/engram';
import { manualClock } from '@engramkit/testing';
import { describe, expect, test } from 'vitest';
import { MemoryCluster } from '../../test/memory-cluster.js';
import { KubernetesError } from '../kubernetes/kubernetes-error.js';
import { objectAt } from '../status/json-object.js';
import { recordsOf, sequenceOf } from '../status/merge-status.js';
import { StatusWriter } from '../status/status-writer.js';
import { STEP_RUNS, stepRunResource } from '../status/step-run-resource.js';
import { signalEnvelope, textSignal } from './signal-envelope.js';
import { stepSignals, unavailableSignals } from './step-signals.js';

const STEP_RUN = { ...STEP_RUNS, namespace: 'n', name: 's' };

function bench(status: JsonObject = { phase: 'Running', retries: 0 }) {
  const cluster = new MemoryCluster();
  cluster.seed(STEP_RUN, { status });
  const open = (maxPayloadBytes?: number): Signals => {
    const resource = stepRunResource(cluster.client('n'), 's');
    const writer = new StatusWriter({ resource, clock: systemClock, random: systemRandom });
    const clock = manualClock({ nowMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
    // Only stamps come from the manual clock.
    return stepSignals({
      writer,
      resource,
      clock: { ...clock, now: clock.now, setTimer: systemClock.setTimer },
      maxPayloadBytes,
    });
  };
  return { cluster, open, live: () => objectAt(cluster.peek(STEP_RUN) ?? {}, 'status') };
}

async function all(events: AsyncIterable<SignalEvent>): Promise<readonly SignalEvent[]> {
  const found: SignalEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

describe('signals of a step', () => {
  test('describe a value and never show it', async () => {
    const { cluster, open, live } = bench();
    await open().emit(' progress ', { card: '4111', n: 1 });
    const summary = {
      sizeBytes: 21,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      type: 'map',
      details: { len: 2 },
    };
    expect(live().signals).toEqual({ progress: { ...summary, redacted: true } });
    expect(live().signalEvents).toEqual([
      { seq: 1, key: 'progress', emittedAt: '2026-01-02T03:04:05Z', payload: summary },
    ]);
    expect(JSON.stringify(cluster.calls)).not.toContain('4111');
  });

  test.each([
    [true, 'bool', undefined],
    [3, 'int', undefined],
    [3.5, 'float', undefined],
    ['né', 'string', { len: 3 }],
    [[1, 2], 'array', { len: 2 }],
  ])('%j is of kind %s', async (value, type, details) => {
    const { open, live } = bench();
    await open().emit('k', value);
    const { signals } = live();
    expect(objectAt(signals as JsonObject, 'k')).toMatchObject({ type });
    expect(objectAt(signals as JsonObject, 'k').details).toEqual(details);
  });

  test('every later change and removal of a key reaches the server', async () => {
    const { cluster, open, live } = bench();
    const signals = open();
    await signals.emit('a', 1);
    await signals.emit('b', 2);
    await signals.emit('a', 'three');
    await signals.emit('b', null);
    expect(Object.keys(live().signals as JsonObject)).toEqual(['a']);
    expect(objectAt(live().signals as JsonObject, 'a').type).toBe('string');
    const last = cluster.calls.findLast(({ verb }) => verb === 'patch')?.body as JsonObject;
    expect(objectAt(last, 'status').signals).toEqual({ b: null });
    expect(recordsOf(live().signalEvents).at(-1)).toEqual({
      seq: 4,
      key: 'b',
      emittedAt: '2026-01-02T03:04:05Z',
    });
  });

  test('a pod that takes over goes on after the numbers of the one before', async () => {
    const { open, live } = bench();
    await open().emit('a', 1);
    await open().emit('a', 2);
    expect(recordsOf(live().signalEvents).map(sequenceOf)).toEqual([1, 2]);
  });

  test('several pods at once give every event a number of its own', async () => {
    const { open, live } = bench();
    const pods = [open(), open(), open()];
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => pods[index % 3]?.emit(`k${index}`, index)),
    );
    const sequences = recordsOf(live().signalEvents).map(sequenceOf);
    expect([...sequences].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
    expect(Object.keys(live().signals as JsonObject)).toHaveLength(60);
  });

  test('an emission that was applied without an answer is there once', async () => {
    const { cluster, open, live } = bench();
    let first = true;
    cluster.faults.push(({ verb }) => {
      if (verb !== 'patch' || !first) return undefined;
      first = false;
      const error = new KubernetesError('lost', {
        status: 0,
        reason: 'ConnectionLost',
        effectUnknown: true,
      });
      return { error, applied: true };
    });
    await open().emit('a', 1);
    expect(recordsOf(live().signalEvents)).toHaveLength(1);
  });

  test('envelopes are shown as they are while they fit', async () => {
    const { open, live } = bench();
    const text = textSignal('hello wörld', { sampleBytes: 8, hash: true });
    expect(text).toMatchObject({
      meta: { format: 'text', sizeBytes: 12, hashSha256: expect.any(String) },
      sample: { text: 'hello w', truncated: true },
    });
    await open().emit('t', text);
    expect(objectAt(live().signals as JsonObject, 't')).toEqual(text);
    await open(200).emit('t', signalEnvelope({ format: 'x' }, 'y'.repeat(300)));
    expect(objectAt(live().signals as JsonObject, 't')).toMatchObject({ redacted: true });
  });

  test('what looks like an envelope but was not made as one is described', async () => {
    const { open, live } = bench();
    await open().emit('t', { meta: { format: 'text' }, sample: 'secret' });
    expect(objectAt(live().signals as JsonObject, 't')).toMatchObject({ redacted: true });
  });

  test('extras never stand in for the text', () => {
    expect(textSignal('a', { extras: { text: 'b', lang: 'en' } }).sample).toEqual({
      lang: 'en',
      text: 'a',
    });
  });

  test('a limit that not even the description meets is an error with key and limit', async () => {
    const { open } = bench();
    await expect(open(10).emit('k', 1)).rejects.toThrow(/"k" takes \d+ bytes .* limit is 10/);
  });

  test('an empty key is refused', async () => {
    await expect(bench().open().emit(' ', 1)).rejects.toMatchObject({ code: 'INVALID_SIGNAL_KEY' });
  });

  test('replay yields what the status holds, in order, after a number', async () => {
    const { open } = bench({
      phase: 'Running',
      retries: 0,
      signalEvents: [
        { seq: 3, key: 'c', emittedAt: '2026-01-01T00:00:00Z' },
        { seq: 1, key: 'a' },
        { seq: 2, key: 'b', payload: { type: 'int' } },
      ],
    });
    expect(await all(open().replay({ afterSequence: 1 }))).toEqual([
      { sequence: 2, key: 'b', emittedAtMs: 0, payload: { type: 'int' } },
      { sequence: 3, key: 'c', emittedAtMs: Date.UTC(2026, 0, 1) },
    ]);
  });

  test('without a StepRun every call says so', async () => {
    const signals = unavailableSignals();
    await expect(signals.emit('a', 1)).rejects.toMatchObject({ code: 'SIGNALS_UNAVAILABLE' });
    await expect(all(signals.replay())).rejects.toMatchObject({ code: 'SIGNALS_UNAVAILABLE' });
  });
});
