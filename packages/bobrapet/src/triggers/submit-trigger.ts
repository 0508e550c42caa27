import { isDeepStrictEqual } from 'node:util';
import { type Clock, EngramkitError, type JsonObject, sleep } from '@engramkit/core';
import type { KubernetesClient, KubernetesObject } from '../kubernetes/kubernetes-client.js';
import { isConflict } from '../kubernetes/kubernetes-error.js';
import { objectAt, textAt } from '../status/json-object.js';
import { STORY_RUNS, STORY_TRIGGERS } from './resources.js';

/** What {@link submitTrigger} works with. */
export interface SubmitOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** How long one try may take in all, in milliseconds. Source: bobrapet-batch section 1.6. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
}

// The first pause is the contract's; later ones spare the API server. Source: bobrapet-batch section 9.7.
const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 1_000;

/**
 * Submits a trigger and waits for the decision; yields the StoryRun.
 *
 * A trigger of that name that is there already is taken for this one when its identity and inputs are the same. Rejects with
 * `TRIGGER_IDENTITY_CONFLICT` or `TRIGGER_REJECTED` for good; `TRIGGER_PENDING` and `TRIGGER_UNRESOLVED` may be tried again.
 * Source: bobrapet-batch section 9.7.
 */
export async function submitTrigger(
  trigger: JsonObject,
  options: SubmitOptions,
): Promise<KubernetesObject> {
  const { client, clock, budgetMs, signal } = options;
  const controller = new AbortController();
  const name = textAt(objectAt(trigger, 'metadata'), 'name');
  using _limit = clock.setTimer(() => controller.abort(pending(name, budgetMs)), budgetMs);
  const limited =
    signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
  try {
    return await submit(trigger, name, { client, clock, signal: limited });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw controller.signal.aborted ? controller.signal.reason : error;
  }
}

async function submit(
  trigger: JsonObject,
  name: string,
  {
    client,
    clock,
    signal,
  }: Pick<SubmitOptions, 'client' | 'clock'> & { readonly signal: AbortSignal },
): Promise<KubernetesObject> {
  const namespace = textAt(objectAt(trigger, 'metadata'), 'namespace');
  const scope = { ...STORY_TRIGGERS, namespace };
  let current: KubernetesObject;
  try {
    current = await client.create(scope, trigger, { signal });
  } catch (error) {
    if (!isConflict(error)) throw error;
    current = await client.get({ ...scope, name }, { signal });
    checkSameRequest(name, trigger, current);
  }
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(LONGEST_POLL_MS, pauseMs * 2)) {
    const status = objectAt(current, 'status');
    const decision = textAt(status, 'decision');
    if (decision === 'Rejected') throw rejected(name, status);
    if (decision === 'Created' || decision === 'Reused') {
      const reference = objectAt(status, 'storyRunRef');
      const run = textAt(reference, 'name');
      if (run === '') throw unresolved(name);
      const address = {
        ...STORY_RUNS,
        namespace: textAt(reference, 'namespace') || namespace,
        name: run,
      };
      return await client.get(address, { signal });
    }
    await sleep(pauseMs, { clock, signal });
    current = await client.get({ ...scope, name }, { signal });
  }
}

const MEMBERS = ['storyRef', 'impulseRef', 'deliveryIdentity', 'inputs'] as const;

/** Compares values, because the API server writes JSON in its own order. */
function checkSameRequest(name: string, ours: JsonObject, theirs: JsonObject): void {
  const [mine, found] = [objectAt(ours, 'spec'), objectAt(theirs, 'spec')];
  const different = MEMBERS.find((member) => {
    const { uid: _, ...reference } = objectAt(found, member);
    return !isDeepStrictEqual(objectAt(mine, member), reference);
  });
  if (different === undefined) return;
  throw new EngramkitError(
    `the StoryTrigger ${name} exists with a different immutable request identity: ${different} differs`,
    {
      code: 'TRIGGER_IDENTITY_CONFLICT',
      details: { trigger: name, member: different },
      hint: 'The same token was used for another request; make the token a function of the event.',
    },
  );
}

function rejected(name: string, status: JsonObject): EngramkitError {
  const message = textAt(status, 'message') || 'the operator gave no reason';
  const reason = textAt(status, 'reason');
  return new EngramkitError(`the StoryTrigger ${name} was rejected: ${message}`, {
    code: 'TRIGGER_REJECTED',
    details: { trigger: name, reason },
    hint: 'Look at the Story and its inputs; the same request is rejected again.',
  });
}

function unresolved(name: string): EngramkitError {
  return new EngramkitError(`the StoryTrigger ${name} is accepted but names no StoryRun`, {
    code: 'TRIGGER_UNRESOLVED',
    retry: 'safe',
    details: { trigger: name },
    hint: 'Look at the operator.',
  });
}

function pending(name: string, budgetMs: number): EngramkitError {
  return new EngramkitError(`the StoryTrigger ${name} is still pending after ${budgetMs} ms`, {
    code: 'TRIGGER_PENDING',
    retry: 'safe',
    details: { trigger: name },
    hint: 'Look at the operator; large inputs wait for ever when it has no storage.',
  });
}
