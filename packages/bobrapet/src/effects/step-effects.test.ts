import { EngramkitError, type JsonObject, systemClock, systemRandom } from '@engramkit/core';
import {
  effectClaimName,
  effectHolderIdentity,
  type IdempotencyRecord,
  once,
} from '@engramkit/ids';
import { silentLogger } from '@engramkit/runtime';
import { idempotencyStoreSuite, manualClock } from '@engramkit/testing';
import { describe, expect, test } from 'vitest';
import { effectClaimAdmission } from '../../test/effect-claim-admission.js';
import { failure, MemoryCluster } from '../../test/memory-cluster.js';
import { objectAt, textAt } from '../status/json-object.js';
import { recordsOf } from '../status/merge-status.js';
import { StatusWriter } from '../status/status-writer.js';
import { STEP_RUNS, stepRunResource } from '../status/step-run-resource.js';
import { toMicroTime } from '../status/wire-time.js';
import { effectClaimStore } from './claim-store.js';
import { EFFECT_CLAIMS } from './effect-claim.js';
import { stepEffects } from './step-effects.js';

const STEP = { namespace: 'payments', stepRunName: 'checkout-run-7-charge' };
const STEP_RUN = { ...STEP_RUNS, namespace: STEP.namespace, name: STEP.stepRunName };
const NOW = Date.UTC(2026, 2, 4, 10, 0, 1, 5);

function bench(cluster = new MemoryCluster()) {
  if (cluster.peek(STEP_RUN) === undefined) {
    cluster.admissions.push(effectClaimAdmission);
    cluster.seed(STEP_RUN, {
      metadata: { uid: 'u-1' },
      spec: { idempotencyKey: 'ns/payments/x' },
      status: { phase: 'Running', retries: 0 },
    });
  }
  const client = cluster.client(STEP.namespace);
  const parts = {
    client,
    step: STEP,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  };
  const writer = new StatusWriter({
    ...parts,
    resource: stepRunResource(client, STEP.stepRunName),
  });
  return { cluster, options: { ...parts, writer } };
}

const address = (key: string) => ({
  ...EFFECT_CLAIMS,
  namespace: STEP.namespace,
  name: effectClaimName({ ...STEP, effectKey: key }),
});
const claimOf = (cluster: MemoryCluster, key: string): JsonObject =>
  objectAt(cluster.peek(address(key)) ?? {}, 'spec');
const ledgerOf = (cluster: MemoryCluster) =>
  recordsOf(objectAt(cluster.peek(STEP_RUN) ?? {}, 'status').effects);

describe('claims keep the contract of an idempotency store, under the rules of the webhook', () => {
  const clusters = new Map<string, MemoryCluster>();
  const open = (storage: string) => {
    const cluster = clusters.get(storage) ?? new MemoryCluster();
    clusters.set(storage, cluster);
    return effectClaimStore(bench(cluster).options);
  };
  for (const { name, run } of idempotencyStoreSuite({ open })) test(name, run, 60_000);
});

describe('effects of a step', () => {
  test('an effect leaves a completed claim and an entry in the ledger', async () => {
    const { cluster, options } = bench();
    const clock = manualClock({ nowMs: NOW });
    const effects = stepEffects({ ...options, clock });
    expect(await effects.once('provider.call', async () => ({ id: 'ch_1' }))).toEqual({
      id: 'ch_1',
    });
    expect(cluster.peek(address('provider.call'))?.metadata).toMatchObject({
      name: 'checkout-run-7-charge-effect-6853d8cce7e68d47',
      ownerReferences: [{ kind: 'StepRun', name: STEP.stepRunName, uid: 'u-1' }],
    });
    expect(claimOf(cluster, 'provider.call')).toMatchObject({
      stepRunRef: { name: STEP.stepRunName, uid: 'u-1' },
      effectKey: 'provider.call',
      idempotencyKey: 'ns/payments/x',
      leaseDurationSeconds: 600,
      acquireTime: '2026-03-04T10:00:01.005000Z',
      renewTime: '2026-03-04T10:00:01.005000Z',
      completionStatus: 'completed',
      completedAt: '2026-03-04T10:00:02Z',
    });
    expect(ledgerOf(cluster)).toEqual([
      {
        seq: 1,
        key: 'provider.call',
        status: 'succeeded',
        emittedAt: '2026-03-04T10:00:01Z',
        details: { id: 'ch_1' },
      },
    ]);
    expect(await stepEffects(options).once('provider.call', async () => ({ id: 'no' }))).toEqual({
      id: 'ch_1',
    });
  });

  test('a failed effect gives the claim back without a completion', async () => {
    const { cluster, options } = bench();
    const effects = stepEffects(options);
    await expect(effects.once('mail', () => Promise.reject(new Error('down')))).rejects.toThrow(
      'down',
    );
    const claim = claimOf(cluster, 'mail');
    for (const name of [
      'holderIdentity',
      'acquireTime',
      'renewTime',
      'completionStatus',
      'completedAt',
    ]) {
      expect(claim).not.toHaveProperty(name);
    }
    expect(await effects.once('mail', async () => 'sent')).toBe('sent');
    expect(claimOf(cluster, 'mail').leaseTransitions).toBe(1);
  });

  test('an effect that another SDK completed is replayed with its details', async () => {
    const { cluster, options } = bench();
    cluster.seed(address('mail'), {
      spec: {
        stepRunRef: { name: STEP.stepRunName },
        effectKey: 'mail',
        holderIdentity: 'go',
        completionStatus: 'completed',
        completedAt: '2026-03-04T10:00:02Z',
        details: { id: 7 },
      },
    });
    expect(await stepEffects(options).once('mail', async () => ({ id: 0 }))).toEqual({ id: 7 });
  });

  test('a claim that another SDK holds is waited for while its lease lasts, and in doubt afterwards', async () => {
    const { cluster, options } = bench();
    cluster.seed(address('mail'), {
      spec: {
        stepRunRef: { name: STEP.stepRunName },
        effectKey: 'mail',
        holderIdentity: 'go',
        leaseDurationSeconds: 60,
        acquireTime: toMicroTime(NOW),
        renewTime: toMicroTime(NOW),
      },
    });
    const store = effectClaimStore(options);
    const at = (nowMs: number) =>
      once('mail', async () => 'x', { store, waitMs: 0, clock: manualClock({ nowMs }) });
    await expect(at(NOW + 59_000)).rejects.toMatchObject({ code: 'EFFECT_IN_PROGRESS' });
    await expect(at(NOW + 62_000)).rejects.toMatchObject({ code: 'EFFECT_UNKNOWN' });
  });

  test('a claim that was taken over from us fences us off', async () => {
    const { cluster, options } = bench();
    const store = effectClaimStore(options);
    const record: IdempotencyRecord = {
      status: 'started',
      owner: 'me',
      fencingToken: 3,
      leaseUntilMs: NOW + 60_000,
      leaseMs: 60_000,
      updatedAtMs: NOW,
    };
    await store.put('mail', record, undefined);
    const mine = cluster.peek(address('mail'));
    expect(claimOf(cluster, 'mail').holderIdentity).toBe(
      effectHolderIdentity({ ...STEP, effectKey: 'mail' }, 'me'),
    );
    cluster.seed(address('mail'), {
      ...mine,
      spec: { ...objectAt(mine ?? {}, 'spec'), holderIdentity: 'go', leaseTransitions: 3 },
    });
    expect((await store.get('mail'))?.record).toMatchObject({
      status: 'started',
      owner: 'go',
      fencingToken: 4,
    });
  });

  test('what was recorded by hand is an effect that happened; the first record wins', async () => {
    const { cluster, options } = bench();
    const effects = stepEffects(options);
    await effects.record(' mail ', { status: 'accepted', details: { id: 1 } });
    await effects.record('mail', { details: { id: 2 } });
    expect(ledgerOf(cluster)).toMatchObject([{ seq: 1, key: 'mail', status: 'accepted' }]);
    expect(await effects.has('mail')).toBe(true);
    expect(await effects.has('other')).toBe(false);
    expect(await effects.once('mail', async () => ({ id: 3 }))).toEqual({ id: 1 });
    await expect(effects.record(' ')).rejects.toMatchObject({ code: 'INVALID_EFFECT_KEY' });
  });

  test('large results stay whole in the claim and become a summary in the ledger', async () => {
    const { cluster, options } = bench();
    const effects = stepEffects(options);
    const large = { text: 'x'.repeat(10_000) };
    await effects.once('big', async () => large);
    expect(await effects.once('big', async () => ({ text: '' }))).toEqual(large);
    expect(ledgerOf(cluster)[0]?.details).toEqual({
      truncated: true,
      sizeBytes: 10_011,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      type: 'map',
      details: { len: 1 },
    });
  });

  test('a claim that refuses the completion still leaves the entry in the ledger', async () => {
    const { cluster, options } = bench();
    cluster.admissions.push(({ after }) =>
      objectAt(after, 'spec').completionStatus === undefined ? undefined : 'not today',
    );
    const clock = manualClock();
    const done = stepEffects({ ...options, clock }).once('mail', async () => 'sent');
    const settled = expect(done).rejects.toMatchObject({
      code: 'EFFECT_NOT_RECORDED',
      value: 'sent',
    });
    for (let round = 0; round < 2_000 && ledgerOf(cluster).length === 0; round++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (let step = 0; step < 40; step++) {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(100);
    }
    await settled;
    expect(ledgerOf(cluster)).toMatchObject([{ key: 'mail', details: { value: 'sent' } }]);
  });

  test('an API server that refuses claims keeps the effect from happening', async () => {
    const { cluster, options } = bench();
    cluster.faults.push(({ verb }) =>
      verb === 'create' ? { error: failure(403, 'Forbidden') } : undefined,
    );
    let ran = false;
    const done = stepEffects(options).once('mail', async () => {
      ran = true;
      return 1;
    });
    await expect(done).rejects.toBeInstanceOf(EngramkitError);
    expect(ran).toBe(false);
  });

  test('a result that no claim can hold is refused with advice', async () => {
    const { cluster, options } = bench();
    const store = effectClaimStore(options);
    const record: IdempotencyRecord = {
      status: 'completed',
      owner: 'me',
      fencingToken: 1,
      leaseUntilMs: 0,
      leaseMs: 60_000,
      updatedAtMs: 0,
      resultJson: JSON.stringify('x'.repeat(1_000_001)),
    };
    await expect(store.put('mail', record, undefined)).rejects.toMatchObject({
      code: 'EFFECT_RESULT_TOO_LARGE',
    });
    expect(textAt(claimOf(cluster, 'mail'), 'effectKey')).toBe('');
  });
});
