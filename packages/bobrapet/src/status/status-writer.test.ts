import { type JsonObject, systemClock, systemRandom } from '@engramkit/core';
import { manualClock, seededRandom } from '@engramkit/testing';
import { describe, expect, test } from 'vitest';
import {
  MemoryCluster as Cluster,
  failure,
  type MemoryCluster,
} from '../../test/memory-cluster.js';
import { KubernetesError } from '../kubernetes/kubernetes-error.js';
import { recordsOf, sequenceOf } from './merge-status.js';
import { StatusWriter, type StatusWriterOptions } from './status-writer.js';
import { STEP_RUNS, stepRunResource } from './step-run-resource.js';

const ADDRESS = { ...STEP_RUNS, namespace: 'team-a', name: 'run-greet' };

function bench(status: JsonObject = { phase: 'Running', retries: 0 }) {
  const cluster = new Cluster();
  cluster.seed(ADDRESS, { status });
  const open = (options: Partial<StatusWriterOptions> = {}) =>
    new StatusWriter({
      resource: stepRunResource(cluster.client('team-a'), ADDRESS.name),
      clock: systemClock,
      random: systemRandom,
      ...options,
    });
  return { cluster, open, status: () => statusOf(cluster) };
}

function statusOf(cluster: MemoryCluster): JsonObject {
  return cluster.peek(ADDRESS)?.status as JsonObject;
}

describe('writing to a StepRun', () => {
  test('sends the difference and nothing else', async () => {
    const { cluster, open } = bench({ phase: 'Running', retries: 0, startedAt: 'x' });
    await open().update({ phase: 'Succeeded', exitClass: 'success', output: { a: 1 } });
    expect(cluster.calls.map(({ verb }) => verb)).toEqual(['get', 'patch']);
    expect(cluster.calls[1]?.body).toEqual({
      status: { phase: 'Succeeded', exitClass: 'success', output: { a: 1 } },
    });
  });

  test('sends retries 0 where the live status has none', async () => {
    const { cluster, open } = bench({ phase: 'Running' });
    await open().update({ phase: 'Succeeded' });
    expect(cluster.calls[1]?.body).toEqual({ status: { phase: 'Succeeded', retries: 0 } });
  });

  test('replaces the output of an earlier attempt whole', async () => {
    const { open, status } = bench({ phase: 'Failed', retries: 0, output: { old: { deep: 1 } } });
    await open().update({ phase: 'Succeeded', output: { old: { other: 2 } } });
    expect(status().output).toEqual({ old: { other: 2 } });
  });

  test('an illegal change of phase is refused at once', async () => {
    const { cluster, open } = bench({ phase: 'Timeout', retries: 0 });
    await expect(open().update({ phase: 'Succeeded' })).rejects.toMatchObject({
      code: 'STEP_RUN_TRANSITION_ILLEGAL',
    });
    expect(cluster.calls).toHaveLength(1);
  });

  test('a pod that was replaced writes nothing', async () => {
    const { cluster, open } = bench({ phase: 'Running', retries: 0, podName: 'other' });
    await expect(open({ podName: 'mine' }).update({ phase: 'Failed' })).rejects.toThrow(
      /^zombie pod fencing/,
    );
    expect(cluster.calls).toHaveLength(1);
    await open({ podName: 'other' }).update({ phase: 'Failed' });
  });

  test('waits for the operator when the step is done before it counts as running', async () => {
    const { cluster, open, status } = bench({ phase: 'Pending', retries: 0 });
    const clock = manualClock();
    const done = open({ clock }).update({ phase: 'Succeeded' });
    await until(() => clock.pending.includes(clock.now() + 100));
    cluster.seed(ADDRESS, { status: { phase: 'Running', retries: 0 } });
    await clock.advance(100);
    await done;
    expect(status().phase).toBe('Succeeded');
  });

  test('gives up with the reason when the step stays pending', async () => {
    const { open } = bench({ phase: 'Pending', retries: 0 });
    const clock = manualClock();
    const done = open({ clock }).update({ phase: 'Succeeded' });
    const settled = expect(done).rejects.toMatchObject({
      code: 'STEP_RUN_TRANSITION_ILLEGAL',
      details: { from: 'Pending' },
    });
    for (let step = 0; step < 60; step++) {
      await until(() => clock.pending.some((due) => due <= clock.now() + 100) || step > 48);
      await clock.advance(100);
    }
    await settled;
  });

  test('tries again after errors of the server, as often as it may', async () => {
    const { cluster, open, status } = bench();
    let left = 3;
    cluster.faults.push(({ verb }) =>
      verb === 'patch' && left-- > 0 ? { error: failure(422, 'Invalid') } : undefined,
    );
    await open({ random: seededRandom(1) }).update({ phase: 'Succeeded' });
    expect(status().phase).toBe('Succeeded');
    expect(cluster.calls.filter(({ verb }) => verb === 'patch')).toHaveLength(4);
  });

  test('without retries it still tries once, and rejects with what the server said', async () => {
    const { cluster, open } = bench();
    cluster.faults.push(({ verb }) =>
      verb === 'patch' ? { error: failure(500, 'InternalError', 'etcd is away') } : undefined,
    );
    await expect(open({ maxRetries: -1 }).update({ phase: 'Failed' })).rejects.toThrow(
      'etcd is away',
    );
    expect(cluster.calls.map(({ verb }) => verb)).toEqual(['get', 'patch']);
  });

  test('a StepRun that is gone is not asked for again', async () => {
    const { cluster, open } = bench();
    cluster.faults.push(() => ({ error: failure(404, 'NotFound') }));
    await expect(open().update({ phase: 'Failed' })).rejects.toMatchObject({ status: 404 });
    expect(cluster.calls).toHaveLength(1);
  });

  test('an update that was applied without an answer is not applied twice', async () => {
    const { cluster, open, status } = bench();
    let first = true;
    const lost = new KubernetesError('connection lost', {
      status: 0,
      reason: 'ConnectionLost',
      effectUnknown: true,
    });
    cluster.faults.push(({ verb }) => {
      if (verb !== 'patch' || !first) return undefined;
      first = false;
      return { error: lost, applied: true };
    });
    await open().update({ effects: [{ seq: 0, key: 'mail', status: 'succeeded' }] });
    expect(recordsOf(status().effects)).toHaveLength(1);
  });

  test('the budget ends it, with the last error as the cause', async () => {
    const { cluster, open } = bench();
    cluster.faults.push(() => ({ error: failure(429, 'TooManyRequests') }));
    const clock = manualClock();
    const done = open({ clock, budgetMs: 50 }).update({ phase: 'Failed' });
    const settled = expect(done).rejects.toMatchObject({ code: 'STEP_RUN_STATUS_DEADLINE' });
    await until(() => clock.pending.length > 1);
    await clock.advance(50);
    await settled;
    expect(clock.pending).toEqual([]);
  });

  test('an abort ends the wait of the caller', async () => {
    const { open } = bench();
    const controller = new AbortController();
    const done = open().update({ phase: 'Failed' }, { signal: controller.signal });
    controller.abort(new Error('stop'));
    await expect(done).rejects.toThrow('stop');
  });

  test('one bad update does not take others of its patch down', async () => {
    const { open, status } = bench();
    const writer = open();
    const bad = writer.update(() => {
      throw new Error('cannot be said');
    });
    const good = writer.update({ effects: [{ seq: 0, key: 'a' }] });
    await expect(bad).rejects.toThrow('cannot be said');
    await good;
    expect(recordsOf(status().effects)).toHaveLength(1);
  });

  test('1,000 updates by 16 writers at once lose none', { timeout: 60_000 }, async () => {
    const { cluster, open, status } = bench();
    const writers = Array.from({ length: 16 }, () => open());
    const total = 1_000;
    const seen = new Set<string>();
    cluster.admissions.push(() => undefined);
    // More than the ring of 256 holds: what was written is collected from every state there was.
    cluster.faults.push(() => {
      for (const event of recordsOf(status().signalEvents)) seen.add(String(event.key));
      return undefined;
    });
    await Promise.all(
      Array.from({ length: total }, (_, index) =>
        writers[index % 16]?.update(
          { signalEvents: [{ seq: 0, key: `k${index}` }] },
          { budgetMs: 50_000 },
        ),
      ),
    );
    for (const event of recordsOf(status().signalEvents)) seen.add(String(event.key));
    expect(seen.size).toBe(total);
    const sequences = recordsOf(status().signalEvents).map(sequenceOf);
    expect(Math.max(...sequences)).toBe(total);
    expect(new Set(sequences).size).toBe(256);
  });
});

/** Lets promises and immediates settle until something holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 1_000 && !holds(); round++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
