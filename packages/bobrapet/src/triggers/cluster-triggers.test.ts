import { type JsonObject, systemClock, systemRandom } from '@engramkit/core';
import { defineImpulse, type StoryRun } from '@engramkit/engram';
import { silentLogger } from '@engramkit/runtime';
import { manualClock } from '@engramkit/testing';
import { describe, expect, test } from 'vitest';
import { hostBench } from '../../test/host-bench.js';
import { failure, MemoryCluster } from '../../test/memory-cluster.js';
import { readEnvironment } from '../env/environment.js';
import { runImpulseHost } from '../host/run-impulse-host.js';
import { KubernetesError } from '../kubernetes/kubernetes-error.js';
import { objectAt, textAt } from '../status/json-object.js';
import { clusterTriggers, inputsId, retryDelayMs } from './cluster-triggers.js';
import { inputHash } from './delivery-identity.js';
import { IMPULSES, STORY_RUNS, STORY_TRIGGERS } from './resources.js';
import { TriggerThrottle } from './trigger-throttle.js';

const ENV = {
  BUBU_IMPULSE_NAME: 'orders',
  BUBU_IMPULSE_NAMESPACE: 'team-a',
  BUBU_TARGET_STORY_NAME: 'order-flow',
  BUBU_TARGET_STORY_NAMESPACE: 'team-a',
};
const IMPULSE = { ...IMPULSES, namespace: 'team-a', name: 'orders' };

/** Decides about every trigger as soon as it is there, as the operator does. */
function operate(cluster: MemoryCluster, decide: (name: string) => JsonObject = () => ({})): void {
  cluster.faults.push(({ verb, path }) => {
    if (verb !== 'get' || !path.includes('/storytriggers/')) return undefined;
    const name = path.split('/').at(-1) ?? '';
    const address = { ...STORY_TRIGGERS, namespace: 'team-a', name };
    const trigger = cluster.peek(address);
    if (trigger === undefined || trigger.status !== undefined) return undefined;
    const run = { ...STORY_RUNS, namespace: 'team-a', name: `run-${name}` };
    if (cluster.peek(run) === undefined) cluster.seed(run, { status: { phase: 'Pending' } });
    const status = { decision: 'Created', storyRunRef: { name: run.name }, ...decide(name) };
    cluster.seed(address, { ...trigger, status });
    return undefined;
  });
}

function bench(env: Readonly<Record<string, string>> = {}) {
  const cluster = new MemoryCluster();
  cluster.seed(IMPULSE, { metadata: { generation: 3 }, status: { triggersReceived: 4 } });
  const report = readEnvironment({ ...ENV, ...env }, { now: 0 });
  expect(report.problems).toEqual([]);
  const open = () =>
    clusterTriggers({
      client: cluster.client('team-a'),
      environment: report.environment,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
  return { cluster, open, triggers: () => cluster.list('storytriggers') };
}

describe('starting a story', () => {
  test('makes the object that the webhook expects, hashes included', async () => {
    const { cluster, open, triggers } = bench();
    operate(cluster);
    const run = await open().startStory({ hello: 'world' }, { token: 'order-42' });
    expect(run).toEqual({
      name: 'run-order-flow-trigger-46b69d8d0941b3ad',
      namespace: 'team-a',
      story: { name: 'order-flow', namespace: 'team-a' },
      phase: 'Pending',
    } satisfies StoryRun);
    expect(triggers()[0]).toMatchObject({
      apiVersion: 'runs.bubustack.io/v1alpha1',
      kind: 'StoryTrigger',
      metadata: { name: 'order-flow-trigger-46b69d8d0941b3ad', namespace: 'team-a' },
      spec: {
        storyRef: { name: 'order-flow', namespace: 'team-a' },
        impulseRef: { name: 'orders', namespace: 'team-a' },
        inputs: { hello: 'world' },
        deliveryIdentity: {
          mode: 'token',
          key: 'order-42',
          submissionId: 'order-42',
          inputHash: '93a23971a914e5eacbf0a8d25154cda309c3c1c72fbb9914d47c60f3cb681588',
        },
      },
    });
  });

  test('a token starts one run, however often and wherever it is used', async () => {
    const { cluster, open, triggers } = bench();
    operate(cluster);
    const [one, other] = [open(), open()];
    const runs = await Promise.all(
      [one, other, one].map((client) => client.startStory({ a: 1, b: 2 }, { token: 't' })),
    );
    expect(new Set(runs.map(({ name }) => name)).size).toBe(1);
    expect(triggers()).toHaveLength(1);
    await expect(one.startStory({ a: 2 }, { token: 't' })).rejects.toMatchObject({
      code: 'TRIGGER_IDENTITY_CONFLICT',
    });
  });

  test('without a token every call is a submission of its own', async () => {
    const { cluster, open, triggers } = bench();
    operate(cluster);
    await open().startStory({});
    await open().startStory({});
    expect(triggers()).toHaveLength(2);
    const delivery = objectAt(objectAt(triggers()[0] ?? {}, 'spec'), 'deliveryIdentity');
    expect(delivery).toEqual({ mode: 'none', submissionId: expect.any(String) });
  });

  test('a key template decides, and its hash is the key', async () => {
    const { cluster, open, triggers } = bench({
      BUBU_TRIGGER_DEDUPE_MODE: 'key',
      BUBU_TRIGGER_DEDUPE_KEY_TEMPLATE: '{{ inputs.id }}',
    });
    operate(cluster);
    await open().startStory({ id: 'order-42' });
    expect(triggers()[0]).toMatchObject({
      metadata: { name: 'order-flow-trigger-29ceb440f97dbf18' },
      spec: {
        deliveryIdentity: {
          mode: 'key',
          key: '3bf8b157c4238eefe5ae4a66eca81c6b887d4dcedb58dd674271859f4dc2edfd',
        },
      },
    });
    await expect(open().startStory({ id: 'x' }, { token: 'y' })).rejects.toMatchObject({
      code: 'TRIGGER_TOKEN_CONFLICT',
    });
    await expect(open().startStory({ id: ' ' })).rejects.toMatchObject({
      code: 'TRIGGER_KEY_EMPTY',
    });
  });

  test('an impulse that de-duplicates by token needs one', async () => {
    const { open } = bench({ BUBU_TRIGGER_DEDUPE_MODE: 'token' });
    await expect(open().startStory({})).rejects.toMatchObject({ code: 'TRIGGER_TOKEN_MISSING' });
  });

  test('a rejection is final and says what the operator said', async () => {
    const { cluster, open } = bench({ BUBU_TRIGGER_RETRY_MAX_ATTEMPTS: '3' });
    operate(cluster, () => ({
      decision: 'Rejected',
      message: 'no such story',
      reason: 'StoryNotFound',
    }));
    const client = open();
    await expect(client.startStory({})).rejects.toThrow(/was rejected: no such story/);
    await client.flush();
    expect(cluster.peek(IMPULSE)?.status).toMatchObject({ triggersReceived: 5, failedTriggers: 1 });
  });

  test('passing failures are tried again with the same object', async () => {
    const { cluster, open, triggers } = bench({
      BUBU_TRIGGER_RETRY_MAX_ATTEMPTS: '3',
      BUBU_TRIGGER_RETRY_BASE_DELAY: '1ms',
    });
    let left = 2;
    cluster.faults.push(({ verb }) => {
      if (verb !== 'create' || left-- <= 0) return undefined;
      const error = new KubernetesError('lost', {
        status: 0,
        reason: 'ConnectionLost',
        effectUnknown: true,
      });
      return { error, applied: left === 1 };
    });
    operate(cluster);
    await open().startStory({ a: 1 });
    expect(triggers()).toHaveLength(1);
    expect(cluster.calls.filter(({ verb }) => verb === 'create')).toHaveLength(3);
  });

  test('a refusal of the webhook is not tried again', async () => {
    const { cluster, open } = bench({ BUBU_TRIGGER_RETRY_MAX_ATTEMPTS: '3' });
    cluster.faults.push(({ verb }) =>
      verb === 'create' ? { error: failure(403, 'Forbidden', 'hash mismatch') } : undefined,
    );
    await expect(open().startStory({})).rejects.toThrow('hash mismatch');
    expect(cluster.calls.filter(({ verb }) => verb === 'create')).toHaveLength(1);
  });

  test('an abort ends the wait for the decision', async () => {
    const { open } = bench();
    const controller = new AbortController();
    const done = open().startStory({}, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await expect(done).rejects.toThrow('enough');
  });

  test('statistics are counted from what is there, and instants only move forward', async () => {
    const { cluster, open } = bench();
    operate(cluster);
    const clients = [open(), open()];
    await Promise.all(Array.from({ length: 10 }, (_, index) => clients[index % 2]?.startStory({})));
    await Promise.all(clients.map((client) => client.flush()));
    expect(cluster.peek(IMPULSE)?.status).toMatchObject({
      triggersReceived: 14,
      storiesLaunched: 10,
      observedGeneration: 3,
      lastTrigger: expect.stringMatching(/Z$/),
    });
  });

  test('inputs are stored under a name of run and content', () => {
    expect(inputsId('order-flow-order-42-46b69d8d0941b3ad', { payload: 'xxxxxxxxxx' })).toBe(
      'order-flow-order-42-46b69d8d0941b3ad-a0b31b91248d',
    );
    expect(inputsId('r', {})).toBe('r');
  });

  test.each([
    [{}, '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'],
    [{ b: 1, a: 'x' }, 'cdab067e9f3beb32d1252cfd63e492592fecbf591b0d08cadb24bb17f3864246'],
    [{ a: '<b>&</b>' }, 'dd95a8dd60ce5cc826a31cc9d68d58b32b8e16d97125c09b7ea64f6789c791b6'],
    [{ big: 2 ** 53 }, 'dbb1ec26e8e4bd9fbd2a7a476b708a8f42544b773d4c8ca92747940352dd7b5d'],
    [
      { '\u{1F600}': 1, '\uFFEE': 2 },
      '4a18db7ce7ac0dec742ca9b634aedad1104002c9c24ed062e9f6d7dc8cc3888e',
    ],
    [
      { u: '\u2028\u00e9\u007f' },
      '7a32c063c16b6041c8d9ebd8e3ec7abbffd7dd962e8191731697bebff27812b1',
    ],
    [
      { t: 'line1\nline2\ttab\u0001' },
      '390b26ebfe93f99b8b5ee871dfcef32033024caf24a2a81fcb30bf746efd52b7',
    ],
  ])("the hash of %j is the operator's", (inputs, hash) => {
    expect(inputHash(inputs)).toBe(hash);
  });

  test('pauses grow by the policy and end at the longest', () => {
    const at = (retryBackoff: 'exponential' | 'linear' | 'constant', attempt: number) =>
      retryDelayMs(attempt, { retryBackoff, retryBaseDelayMs: 100, retryMaxDelayMs: 350 });
    expect([1, 2, 3].map((attempt) => at('exponential', attempt))).toEqual([100, 200, 350]);
    expect([1, 2, 4].map((attempt) => at('linear', attempt))).toEqual([100, 200, 350]);
    expect(at('constant', 9)).toBe(100);
  });
});

describe('stopping a story', () => {
  const run = { name: 'r', namespace: 'team-a' };
  const address = { ...STORY_RUNS, ...run };

  test.each(['Running', 'Paused'])('asks a run that is %s', async (phase) => {
    const { cluster, open } = bench();
    cluster.seed(address, { spec: { storyRef: { name: 's' } }, status: { phase } });
    await open().stopStory(run);
    expect(cluster.peek(address)?.spec).toEqual({ storyRef: { name: 's' }, cancelRequested: true });
  });

  test('leaves a run that is over alone', async () => {
    const { cluster, open } = bench();
    cluster.seed(address, { status: { phase: 'Succeeded' } });
    await open().stopStory(run);
    expect(cluster.calls.map(({ verb }) => verb)).toEqual(['get']);
  });

  test('says so when there is none', async () => {
    await expect(bench().open().stopStory(run)).rejects.toMatchObject({
      code: 'STORY_RUN_NOT_FOUND',
    });
  });
});

describe('the throttle', () => {
  const limits = { throttleRatePerSecond: 0, throttleBurst: 0, throttleMaxInFlight: 0 };

  test('lets no more through at once than there are places', async () => {
    const throttle = new TriggerThrottle({ ...limits, throttleMaxInFlight: 1 }, manualClock());
    const first = await throttle.enter();
    let entered = false;
    const second = throttle.enter().then((pass) => {
      entered = true;
      return pass;
    });
    await Promise.resolve();
    expect(entered).toBe(false);
    first[Symbol.dispose]();
    expect((await second).waited).toBe(true);
  });

  test('an abort while waiting gives nothing away', async () => {
    const throttle = new TriggerThrottle({ ...limits, throttleMaxInFlight: 1 }, manualClock());
    const first = await throttle.enter();
    const controller = new AbortController();
    const waiting = throttle.enter(controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    first[Symbol.dispose]();
    using pass = await throttle.enter();
    expect(pass.waited).toBe(false);
  });

  test('spends a burst at once and then one token at a time', async () => {
    const clock = manualClock();
    const throttle = new TriggerThrottle({ ...limits, throttleRatePerSecond: 2 }, clock);
    expect((await throttle.enter()).waited).toBe(false);
    expect((await throttle.enter()).waited).toBe(false);
    const third = throttle.enter();
    await clock.advance(0);
    expect(clock.pending).toEqual([500]);
    await clock.advance(500);
    expect((await third).waited).toBe(true);
  });
});

describe('the workload of an impulse', () => {
  test('starts stories until it is told to stop, writes its statistics and exits with 0', async () => {
    const { cluster, parts, stop } = hostBench({ env: ENV });
    cluster.seed(IMPULSE, { status: {} });
    operate(cluster);
    const component = defineImpulse({
      name: 'ticker',
      async run(client, { signal }) {
        await client.startStory({ tick: 1 });
        const stopped = new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
        stop(new Error('SIGTERM'));
        await stopped;
      },
    });
    expect(await runImpulseHost({ ...parts, component })).toEqual({ exitCode: 0 });
    expect(cluster.peek(IMPULSE)?.status).toMatchObject({
      triggersReceived: 1,
      storiesLaunched: 1,
    });
    expect(textAt(objectAt(cluster.list('storytriggers')[0] ?? {}, 'metadata'), 'namespace')).toBe(
      'team-a',
    );
  });

  test('a failure exits with 1 and writes no status', async () => {
    const { cluster, parts, logger } = hostBench({ env: ENV });
    const component = defineImpulse({
      name: 'broken',
      run: () => Promise.reject(new Error('port in use')),
    });
    expect(await runImpulseHost({ ...parts, component })).toEqual({ exitCode: 1 });
    expect(cluster.calls).toEqual([]);
    expect(JSON.stringify(logger.records)).toContain('impulse execution failed: port in use');
  });

  test('malformed variables are all named', async () => {
    const { parts, logger } = hostBench({ env: { ...ENV, BUBU_STEP_CONFIG: '{' } });
    const component = defineImpulse({ name: 'never', run: async () => undefined });
    expect(await runImpulseHost({ ...parts, component })).toEqual({ exitCode: 1 });
    expect(JSON.stringify(logger.records)).toContain('BUBU_STEP_CONFIG');
  });
});
