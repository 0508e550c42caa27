import {
  type Clock,
  DeadlineError,
  describeThrown,
  InvalidInputError,
  type Random,
  sleep,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import type { ActionInput } from './action-builder.js';
import type { ActionRecord } from './session-record.js';

/** What a callback of {@link verifiedAction} is told. */
export interface AttemptContext {
  /** From 1. */
  readonly attempt: number;
  /** Aborts when the caller's signal does, and when the callback's time is up. */
  readonly signal: AbortSignal;
}

/** What `verify` may answer instead of a truth value. */
export interface VerifyAnswer {
  readonly ok: boolean;
  /** Recorded after `verified`. */
  readonly evidence?: Readonly<Record<string, unknown>>;
}

/** Where the records of {@link verifiedAction} go; a `ProvSession` is one. */
export interface ActionRecorder {
  record(input: ActionInput): Promise<ActionRecord>;
}

/** Options of {@link verifiedAction}. */
export interface VerifiedActionOptions
  extends Pick<
    ActionInput,
    'actionType' | 'kernel' | 'viaEdge' | 'intent' | 'task' | 'goal' | 'used'
  > {
  readonly session: ActionRecorder;
  readonly action: (context: AttemptContext) => unknown;
  /** Truthy, or `{ ok: true }`, means that the action had its effect. */
  readonly verify: (context: AttemptContext) => unknown;
  /** The state before and after; when it throws, there is no state. */
  readonly captureState?: (context: AttemptContext) => unknown;
  /** Default 3; 0 or less does nothing. */
  readonly maxAttempts?: number;
  /** Milliseconds between action and verification, and again before the next attempt; default 500. */
  readonly settleDelayMs?: number;
  /** Lets the pause before the next attempt grow; default: it stays `settleDelayMs`. */
  readonly backoff?: {
    /** Each pause is that many times the one before. */
    readonly factor: number;
    readonly maxDelayMs: number;
    /** Part of the pause that is random, from 0 to 1; default 0. */
    readonly jitter?: number;
  };
  /** The longest time of each callback, in milliseconds; default: no limit. */
  readonly timeoutMs?: number;
  /** How an attempt that threw is recorded when others follow; default `failed`, as the Python package does. */
  readonly earlyFailureOutcome?: 'failed' | 'retry';
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What is recorded of an attempt beside what all attempts share. */
type AttemptRecord = Pick<
  ActionInput,
  'outcome' | 'evidence' | 'note' | 'beforeState' | 'afterState'
>;

/**
 * Does something, looks whether it worked, and records every attempt with its evidence.
 *
 * Resolves with whether it was verified. Errors of the callbacks are recorded, never thrown; what is thrown are errors of the
 * recorder. One record per attempt; an abort ends the work with a record that says so. Source: provenance section 4.
 */
export async function verifiedAction(options: VerifiedActionOptions): Promise<boolean> {
  const maxAttempts = options.maxAttempts ?? 3;
  checkDelay('settleDelayMs', options.settleDelayMs ?? 500);
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const isLast = attempt === maxAttempts;
    const result = await new Attempt(options, attempt, isLast).run();
    const { actionType, session, kernel, viaEdge, intent, task, goal, used } = options;
    await session.record({
      actionType,
      attempt,
      ...(kernel === undefined ? {} : { kernel }),
      ...(viaEdge === undefined ? {} : { viaEdge }),
      ...(intent === undefined ? {} : { intent }),
      ...(task === undefined ? {} : { task }),
      ...(goal === undefined ? {} : { goal }),
      ...(used === undefined ? {} : { used }),
      ...result.record,
    });
    if (result.end !== undefined) return result.end === 'verified';
    if (isLast) return false;
    await pause(options, attempt);
  }
  return false;
}

interface AttemptResult {
  readonly record: AttemptRecord;
  /** Set when no other attempt follows, whatever their number. */
  readonly end?: 'verified' | 'aborted';
}

/** One go at action and verification. */
class Attempt {
  constructor(
    private readonly options: VerifiedActionOptions,
    private readonly attempt: number,
    private readonly isLast: boolean,
  ) {}

  async run(): Promise<AttemptResult> {
    const { options } = this;
    const { settleDelayMs = 500, signal } = options;
    if (signal?.aborted === true) return this.#aborted({});
    const before = await this.#capture();
    const beforeState = before === undefined ? {} : { beforeState: before };
    const acted = await this.#call(options.action);
    if (isAborted(signal)) return this.#aborted(beforeState);
    if ('thrown' in acted) {
      const message = messageOf(acted.thrown);
      const evidence = { error: message, exception_type: nameOf(acted.thrown) };
      return this.#failed({ evidence, note: `action raised: ${message}`, ...beforeState });
    }
    if (settleDelayMs > 0) await settle(options, settleDelayMs);
    if (isAborted(signal)) return this.#aborted(beforeState);
    const after = await this.#capture();
    const states = { ...beforeState, ...(after === undefined ? {} : { afterState: after }) };
    const checked = await this.#call(options.verify);
    if (isAborted(signal)) return this.#aborted(states);
    if ('thrown' in checked) {
      const message = messageOf(checked.thrown);
      return this.#failed({
        evidence: { verify_error: message },
        note: `verify raised: ${message}`,
        ...states,
      });
    }
    return this.#judged(checked.value, states);
  }

  #judged(answer: unknown, states: Partial<AttemptRecord>): AttemptResult {
    const { ok, evidence } = readAnswer(answer);
    const shown = { verified: ok, ...evidence };
    if (ok) {
      return {
        record: { outcome: 'verified', evidence: shown, note: '', ...states },
        end: 'verified',
      };
    }
    const [outcome, note] = this.isLast
      ? (['failed', 'verification failed'] as const)
      : (['retry', 'retrying'] as const);
    return { record: { outcome, evidence: shown, note, ...states } };
  }

  #failed(record: Omit<AttemptRecord, 'outcome'>): AttemptResult {
    const early = this.options.earlyFailureOutcome ?? 'failed';
    return { record: { outcome: this.isLast ? 'failed' : early, ...record } };
  }

  #aborted(states: Partial<AttemptRecord>): AttemptResult {
    const evidence = { error: 'aborted', exception_type: 'AbortError' };
    return { record: { outcome: 'failed', evidence, note: 'aborted', ...states }, end: 'aborted' };
  }

  async #capture(): Promise<unknown> {
    const { captureState } = this.options;
    if (captureState === undefined) return undefined;
    const captured = await this.#call(captureState);
    if ('thrown' in captured || captured.value === null) return undefined;
    return captured.value;
  }

  /** Runs a callback until it ends, its time is up, or the caller aborts. */
  async #call(
    callback: (context: AttemptContext) => unknown,
  ): Promise<{ readonly value: unknown } | { readonly thrown: unknown }> {
    const { signal, timeoutMs, clock = systemClock } = this.options;
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      timeoutMs === undefined
        ? undefined
        : clock.setTimer(
            () => controller.abort(new DeadlineError(`no answer within ${timeoutMs} ms`)),
            timeoutMs,
          );
    try {
      const stopped = new Promise<never>((_resolve, reject) => {
        controller.signal.addEventListener('abort', () => reject(controller.signal.reason), {
          once: true,
        });
      });
      const work = Promise.resolve(callback({ attempt: this.attempt, signal: controller.signal }));
      return { value: await Promise.race([work, stopped]) };
    } catch (thrown) {
      return { thrown };
    } finally {
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

function readAnswer(answer: unknown): { readonly ok: boolean; readonly evidence: object } {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) {
    return { ok: Boolean(answer), evidence: {} };
  }
  const evidence = 'evidence' in answer ? answer.evidence : undefined;
  return {
    ok: Boolean(answer.ok),
    evidence: typeof evidence === 'object' && evidence !== null ? evidence : {},
  };
}

/** The pause before the next attempt; an abort ends it, and the next attempt says so. */
async function pause(options: VerifiedActionOptions, attempt: number): Promise<void> {
  const { settleDelayMs = 500, backoff, random = systemRandom } = options;
  let delayMs = settleDelayMs;
  if (backoff !== undefined) {
    checkDelay('backoff.maxDelayMs', backoff.maxDelayMs);
    delayMs = Math.min(settleDelayMs * backoff.factor ** (attempt - 1), backoff.maxDelayMs);
    const jitter = Math.min(1, Math.max(0, backoff.jitter ?? 0));
    delayMs *= 1 - jitter * random.float();
  }
  await settle(options, delayMs);
}

async function settle(options: VerifiedActionOptions, delayMs: number): Promise<void> {
  const { clock = systemClock, signal } = options;
  try {
    await sleep(delayMs, { clock, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (!isAborted(signal)) throw error; // The abort is seen, and recorded, by whoever waited.
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error && thrown.message === '' ? '' : describeThrown(thrown);
}

function nameOf(thrown: unknown): string {
  if (thrown instanceof Error && typeof thrown.name === 'string') return thrown.name;
  return typeof thrown;
}

function checkDelay(name: string, delayMs: number): void {
  if (Number.isFinite(delayMs) && delayMs >= 0) return;
  throw new InvalidInputError(`${name} is ${delayMs}, but must be milliseconds from 0 on`, {
    code: 'DELAY_INVALID',
    hint: 'Pass a finite number that is not negative.',
  });
}
