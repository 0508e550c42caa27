import { type Clock, EngramkitError, type Random, sleep } from '@engramkit/core';
import type { KubernetesClient } from '../kubernetes/kubernetes-client.js';
import { isConflict, isNotFound } from '../kubernetes/kubernetes-error.js';
import { objectAt, textAt } from '../status/json-object.js';
import { STORY_RUNS } from './resources.js';

const TERMINAL: ReadonlySet<string> = new Set([
  'Succeeded',
  'Failed',
  'Finished',
  'Canceled',
  'Compensated',
  'Timeout',
  'Aborted',
  'Skipped',
]);
// Source: bobrapet-batch section 9.9.
const TRIES = 5;
const PAUSE_MS = 10;

/**
 * Asks a StoryRun to stop; does nothing when it is over or was asked already.
 *
 * Rejects with `STORY_RUN_NOT_FOUND`. Source: bobrapet-batch section 9.9.
 */
export async function stopStoryRun(
  run: { readonly name: string; readonly namespace: string },
  options: {
    readonly client: KubernetesClient;
    readonly clock: Clock;
    readonly random: Random;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { client, clock, random, signal } = options;
  const address = { ...STORY_RUNS, ...run };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const found = await client.get(address, { signal });
      const isOver = TERMINAL.has(textAt(objectAt(found, 'status'), 'phase'));
      if (isOver || objectAt(found, 'spec').cancelRequested === true) return;
      await client.patch(address, { spec: { cancelRequested: true } }, { type: 'merge', signal });
      return;
    } catch (error) {
      if (isNotFound(error)) throw notFound(run, error);
      if (!isConflict(error) || attempt >= TRIES) throw error;
      const pauseMs = PAUSE_MS * (1 + 0.1 * random.float());
      await sleep(pauseMs, { clock, ...(signal === undefined ? {} : { signal }) });
    }
  }
}

function notFound(run: { readonly name: string; readonly namespace: string }, cause: unknown) {
  return new EngramkitError(`story run not found: ${run.namespace}/${run.name}`, {
    code: 'STORY_RUN_NOT_FOUND',
    details: { name: run.name, namespace: run.namespace },
    hint: 'It may have been deleted after its retention.',
    cause,
  });
}
