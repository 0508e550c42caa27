import {
  type Clock,
  DeadlineError,
  EngramkitError,
  type JsonObject,
  type Random,
  sleep,
} from '@engramkit/core';
import { isConflict, isRetryable } from '../kubernetes/kubernetes-error.js';
import { objectAt, textAt } from './json-object.js';
import { mergePatchBetween } from './merge-patch.js';
import { mergeStatus, phaseOf } from './merge-status.js';
import { isPhaseChangeAllowed } from './step-run-phase.js';
import type { StepRunResource } from './step-run-resource.js';
import type { LiveStatus, StatusChange } from './step-run-status.js';

/** What is to be said, or what follows from the live status; such a function may be asked several times. */
export type StatusUpdate = StatusChange | ((live: LiveStatus) => StatusChange);

/** Options of {@link StatusWriter}. */
export interface StatusWriterOptions {
  readonly resource: StepRunResource;
  readonly clock: Clock;
  readonly random: Random;
  /** The name of this pod; a StepRun that belongs to another pod is not written to. Source: bobrapet-batch section 3.3. */
  readonly podName?: string | undefined;
  /** Tries after the first one; default 5. Source: bobrapet-batch section 1.6. */
  readonly maxRetries?: number | undefined;
  /** How long one update may take, in milliseconds; default 30,000. Source: bobrapet-batch section 1.6. */
  readonly budgetMs?: number | undefined;
}

/** Options of {@link StatusWriter.update}. */
export interface UpdateOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long this update may take, in milliseconds; default that of the writer. */
  readonly budgetMs?: number | undefined;
}

interface Entry {
  readonly update: StatusUpdate;
  readonly budgetMs: number;
  readonly settle: (error?: unknown) => void;
}

// Source of the first three: bobrapet-batch section 3.1.
const MAX_RETRIES = 5;
const BUDGET_MS = 30_000;
const FIRST_PAUSE_MS = 100;
/** How long a step that is done waits for the operator to mark it as running. Source: bobrapet-batch section 3.3. */
const PENDING_PATIENCE_MS = 5_000;
const PENDING_POLL_MS = 100;
const CONFLICT_PAUSE_MS = 20;
const LONGEST_CONFLICT_PAUSE_MS = 500;
/** How many updates go into one patch. */
const LONGEST_BATCH = 64;
/** These are replaced or compared as wholes, so that a patch of them holds only for the version that was read. */
const LOCKED = ['signalEvents', 'effects', 'signals'] as const;

/**
 * The one way in which a pod writes to its StepRun.
 *
 * Reads the live object before every try, merges, and sends the difference as a merge patch. Patches that touch lists carry the
 * resource version, so that no writer overwrites what another appended; a conflict reads and merges again, for as long as the
 * budget lasts. Updates of one writer keep their order; those that only append travel together. Source: bobrapet-batch
 * sections 3.1 to 3.4.
 *
 * `update` rejects with `STEP_RUN_FENCED`, `STEP_RUN_TRANSITION_ILLEGAL` (neither is tried again), `STEP_RUN_STATUS_DEADLINE`,
 * the signal's reason, or the last error of the API server.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #queue: Entry[] = [];
  #draining: Promise<void> | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Resolves when the API server has accepted the update, or nothing was left to say. */
  update(update: StatusUpdate, options: UpdateOptions = {}): Promise<void> {
    const { signal, budgetMs = this.#options.budgetMs ?? BUDGET_MS } = options;
    return new Promise<void>((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        const index = this.#queue.indexOf(entry);
        if (index >= 0) this.#queue.splice(index, 1);
        reject(signal?.reason);
      };
      const entry: Entry = {
        update,
        budgetMs,
        settle: (error) => {
          signal?.removeEventListener('abort', onAbort);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(entry);
      this.#draining ??= this.#drain().finally(() => {
        this.#draining = undefined;
      });
    });
  }

  /** Resolves when every update that was begun is settled. */
  async flush(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    // Updates of the same turn travel together.
    await undefined;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      const error = await this.#attempt(batch);
      if (error !== undefined && batch.length > 1) {
        // One of them may be at fault: each gets its own try. Those that went through already change nothing.
        for (const entry of batch) entry.settle(await this.#attempt([entry]));
      } else for (const entry of batch) entry.settle(error);
    }
  }

  #take(): readonly Entry[] {
    const length = this.#queue.findIndex(({ update }) => isPhaseUpdate(update));
    const together = length === -1 ? this.#queue.length : Math.max(1, length);
    return this.#queue.splice(0, Math.min(together, LONGEST_BATCH));
  }

  /** Yields what went wrong. */
  async #attempt(batch: readonly Entry[]): Promise<unknown> {
    const { clock } = this.#options;
    const budgetMs = Math.max(...batch.map((entry) => entry.budgetMs));
    const controller = new AbortController();
    using _timer = clock.setTimer(() => controller.abort(late(budgetMs)), budgetMs);
    try {
      await this.#write(batch, controller.signal);
      return undefined;
    } catch (error) {
      const reason: unknown = controller.signal.reason;
      return controller.signal.aborted ? withCause(reason, error) : error;
    }
  }

  async #write(batch: readonly Entry[], signal: AbortSignal): Promise<void> {
    const { resource, clock, random, maxRetries = MAX_RETRIES } = this.#options;
    const limit = Math.max(0, maxRetries);
    const patience = clock.monotonic() + PENDING_PATIENCE_MS;
    let failures = 0;
    let conflicts = 0;
    const pauseAfter = async (error: unknown): Promise<void> => {
      if (failures >= limit) throw error;
      const pauseMs = FIRST_PAUSE_MS * 2 ** failures * (0.75 + random.float() / 2);
      failures += 1;
      await sleep(Math.max(pauseMs, retryAfterOf(error)), { clock, signal });
    };
    for (;;) {
      signal.throwIfAborted();
      let object: JsonObject;
      try {
        object = await resource.read({ signal });
      } catch (error) {
        if (!isRetryable(error)) throw error;
        await pauseAfter(error);
        continue;
      }
      const live = objectAt(object, 'status');
      this.#checkFence(live);
      if (isTooEarly(batch, live) && clock.monotonic() < patience) {
        await sleep(PENDING_POLL_MS, { clock, signal });
        continue;
      }
      const patch = patchOf(live, batch);
      if (patch === undefined) return;
      const isLocked = LOCKED.some((name) => Object.hasOwn(patch, name));
      try {
        await resource.patchStatus(isLocked ? locked(patch, object) : { status: patch }, {
          signal,
        });
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (isLocked && isConflict(error)) {
          // Somebody else wrote in between: that is no failure, and there is an end to it when the budget is over.
          const ceilingMs = Math.min(LONGEST_CONFLICT_PAUSE_MS, CONFLICT_PAUSE_MS * 2 ** conflicts);
          conflicts += 1;
          await sleep(ceilingMs * random.float(), { clock, signal });
        } else await pauseAfter(error);
      }
    }
  }

  #checkFence(live: LiveStatus): void {
    const { podName = '' } = this.#options;
    const owner = textAt(live, 'podName');
    if (podName === '' || owner === '' || owner === podName) return;
    throw new EngramkitError(
      `zombie pod fencing: the StepRun belongs to the pod ${owner}, this is ${podName}`,
      {
        code: 'STEP_RUN_FENCED',
        details: { owner, podName },
        hint: 'Another pod runs this step now; what this one did is not recorded.',
      },
    );
  }
}

/** The difference that the updates of a batch make, one after the other. */
function patchOf(live: LiveStatus, batch: readonly Entry[]): JsonObject | undefined {
  let merged = live;
  for (const { update } of batch) {
    merged = mergeStatus(merged, typeof update === 'function' ? update(merged) : update);
  }
  return mergePatchBetween(live, merged);
}

function locked(patch: JsonObject, object: JsonObject): JsonObject {
  const resourceVersion = textAt(objectAt(object, 'metadata'), 'resourceVersion');
  return resourceVersion === ''
    ? { status: patch }
    : { metadata: { resourceVersion }, status: patch };
}

function isPhaseUpdate(update: StatusUpdate): boolean {
  return typeof update !== 'function' && update.phase !== undefined;
}

/** Whether the operator may only be late with marking the step as running. */
function isTooEarly(batch: readonly Entry[], live: LiveStatus): boolean {
  if (phaseOf(live) !== 'Pending') return false;
  return batch.some(
    ({ update }) =>
      typeof update !== 'function' &&
      update.phase !== undefined &&
      !isPhaseChangeAllowed('Pending', update.phase) &&
      isPhaseChangeAllowed('Running', update.phase),
  );
}

function retryAfterOf(error: unknown): number {
  return error instanceof EngramkitError ? (error.retryAfterMs ?? 0) : 0;
}

function late(budgetMs: number): DeadlineError {
  return new DeadlineError(`the status was not written within ${budgetMs} ms`, {
    code: 'STEP_RUN_STATUS_DEADLINE',
    hint: 'Look at the API server; BUBU_K8S_OPERATION_TIMEOUT sets the limit.',
  });
}

function withCause(reason: unknown, cause: unknown): unknown {
  if (!(reason instanceof DeadlineError) || cause === reason) return reason;
  return new DeadlineError(reason.message, {
    code: reason.code,
    ...(reason.hint === undefined ? {} : { hint: reason.hint }),
    cause,
  });
}
