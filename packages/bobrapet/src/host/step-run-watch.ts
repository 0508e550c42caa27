import { CancelledError, type Clock, EngramkitError, sleep } from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import type { KubernetesClient, KubernetesObject } from '../kubernetes/kubernetes-client.js';
import { isRetryable } from '../kubernetes/kubernetes-error.js';
import { objectAt, textAt } from '../status/json-object.js';
import { STEP_RUNS } from '../status/step-run-resource.js';

/** Source: bobrapet-batch section 2.9. */
const CANCEL_ANNOTATION = 'bubustack.io/cancel-requested';
/** How long one look at the StepRun may take, in milliseconds. */
const LOOK_MS = 3_000;
const PAUSE_MS = 5_000;

/** Options of {@link watchStepRun}. */
export interface StepRunWatchOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is known of the StepRun while its step runs. */
export interface StepRunWatch extends AsyncDisposable {
  /** The phase at the beginning; empty when it could not be read. */
  readonly firstPhase: string;
  /** Aborts with a `CancelledError` when the operator asks for the end of the step. */
  readonly signal: AbortSignal;
}

/**
 * Looks at the StepRun once, then follows it for the request to cancel.
 *
 * Never rejects: a step runs also when nobody can be asked. Source: bobrapet-batch sections 2.9 and 3.10 (get and watch).
 */
export async function watchStepRun(options: StepRunWatchOptions): Promise<StepRunWatch> {
  const { logger } = options;
  const cancel = new AbortController();
  const end = new AbortController();
  let first: KubernetesObject | undefined;
  try {
    first = await read(options, end.signal);
    if (isCancelRequested(first)) cancel.abort(requested());
  } catch (error) {
    logger.debug('the StepRun could not be read before the run', {
      error: EngramkitError.from(error).message,
    });
  }
  const following = follow(options, first, { cancel, end: end.signal }).catch((error: unknown) =>
    logger.debug('requests to cancel are no longer heard', {
      error: EngramkitError.from(error).message,
    }),
  );
  return {
    firstPhase: first === undefined ? '' : textAt(objectAt(first, 'status'), 'phase'),
    signal: cancel.signal,
    async [Symbol.asyncDispose]() {
      end.abort(new CancelledError('the run is over'));
      await following;
    },
  };
}

async function follow(
  options: StepRunWatchOptions,
  first: KubernetesObject | undefined,
  { cancel, end }: { readonly cancel: AbortController; readonly end: AbortSignal },
): Promise<void> {
  const { client, namespace, name, clock } = options;
  let known = first;
  while (!cancel.signal.aborted && !end.aborted) {
    try {
      known ??= await read(options, end);
      if (isCancelRequested(known)) break;
      const events = client.watch(
        { ...STEP_RUNS, namespace },
        { name, resourceVersion: known.metadata.resourceVersion, signal: end },
      );
      for await (const { object } of events) {
        if (object !== undefined && isCancelRequested(object)) {
          cancel.abort(requested());
          return;
        }
      }
    } catch (error) {
      if (end.aborted || !isRetryable(error)) throw error;
    }
    // The history that the watch went on from is gone: look again.
    known = undefined;
    await sleep(PAUSE_MS, { clock, signal: end });
  }
  if (!end.aborted && !cancel.signal.aborted) cancel.abort(requested());
}

function read(options: StepRunWatchOptions, signal: AbortSignal): Promise<KubernetesObject> {
  const { client, namespace, name } = options;
  return client.get({ ...STEP_RUNS, namespace, name }, { signal, timeoutMs: LOOK_MS });
}

function isCancelRequested(object: KubernetesObject): boolean {
  return object.metadata.annotations?.[CANCEL_ANNOTATION] === 'true';
}

function requested(): CancelledError {
  return new CancelledError('the cancellation of the step was requested', {
    code: 'CANCEL_REQUESTED',
    retry: 'never',
  });
}
