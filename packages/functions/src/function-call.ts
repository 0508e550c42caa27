import {
  CancelledError,
  type Clock,
  DeadlineError,
  describeThrown,
  EngramkitError,
  openDeadline,
} from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import type { FunctionContext } from './function-context.js';
import type { RegisteredFunction } from './function-registry.js';
import { type FunctionResult, failed, isFunctionResult } from './function-result.js';
import type { FunctionCall } from './governed-function.js';
import { plainValue } from './lossless-json.js';
import type { InvokeOptions } from './runtime-options.js';

/** One handler, about to run. */
export interface HandlerRun {
  readonly entry: RegisteredFunction;
  readonly event: unknown;
  readonly context: FunctionContext;
  readonly options: InvokeOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
  readonly redact: (text: string) => string;
  readonly emit: FunctionCall['emit'];
}

/** What came of a handler. */
export interface HandlerOutcome {
  readonly result: FunctionResult;
  /** Why it failed, when it did not say so itself. */
  readonly code?: string;
  readonly durationMs: number;
}

/**
 * Runs a handler under its time limit; never rejects.
 *
 * A handler that goes on after the limit is left behind; after its caller is gone it gets the grace. Source: function-descriptor
 * section 7.1, steps 5 to 7.
 */
export async function runHandler(run: HandlerRun): Promise<HandlerOutcome> {
  const { entry, context, options, clock, graceMs } = run;
  const { max_duration_seconds: seconds, function_id: id } = entry.attributes;
  const { idempotencyKey, principal, trace } = options;
  // Lax registries take any number; one that is no time is no limit.
  const timeoutMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
  using deadline = openDeadline({
    clock,
    signal: options.signal,
    timeoutMs,
    what: `the function ${id}`,
  });
  const began = clock.monotonic();
  const call: FunctionCall = {
    signal: deadline.signal,
    deadlineMs: deadline.deadlineMs ?? Number.POSITIVE_INFINITY,
    logger: run.logger,
    rawEvent: run.event,
    emit: run.emit,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(principal === undefined ? {} : { principal }),
    ...(trace === undefined ? {} : { trace }),
  };
  const end = (result: FunctionResult, code?: string): HandlerOutcome => ({
    result,
    durationMs: clock.monotonic() - began,
    ...(code === undefined ? {} : { code }),
  });
  try {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    // The event has no type here; whoever registered the function says that its handler fits its events.
    const returned: unknown = await untilSettled(
      invokeHandler(entry, plainValue(run.event), context, call),
      { signal: deadline.signal, clock, graceMs, patient: idempotencyKey !== undefined, timeoutMs },
    );
    if (isFunctionResult(returned)) {
      returned.outputCid(); // Refuses data that has no content id while the call can still fail.
      return end(returned);
    }
    return end(failed(`Function ${id} returned no FunctionResult`), 'RESULT_INVALID');
  } catch (thrown) {
    if (thrown instanceof DeadlineError && thrown === deadline.signal.reason) {
      return end(failed(`Function timed out after ${seconds}s`), 'TIMEOUT');
    }
    const code = thrown instanceof EngramkitError ? thrown.code : 'HANDLER_FAILED';
    return end(failed(run.redact(describeThrown(thrown))), code);
  }
}

async function invokeHandler(
  entry: RegisteredFunction,
  event: unknown,
  context: FunctionContext,
  call: FunctionCall,
): Promise<unknown> {
  return entry.plugin.handle(event as never, context, call);
}

/** Waits for the work, or for the moment at which it is left behind. */
function untilSettled<Value>(
  work: Promise<Value>,
  until: {
    readonly signal: AbortSignal;
    readonly clock: Clock;
    readonly graceMs: number;
    /** Whether only the time limit ends the wait. */
    readonly patient: boolean;
    readonly timeoutMs: number | undefined;
  },
): Promise<Value> {
  const { signal, clock, graceMs, patient, timeoutMs } = until;
  return new Promise((resolve, reject) => {
    let timer: ReturnType<Clock['setTimer']> | undefined;
    const began = clock.monotonic();
    const done = (): void => {
      timer?.cancel();
      signal.removeEventListener('abort', onAbort);
    };
    const leave = (): void => {
      done();
      reject(signal.reason);
    };
    const onAbort = (): void => {
      const { reason } = signal;
      if (reason instanceof DeadlineError) {
        leave();
        return;
      }
      const limitMs = timeoutMs ?? Number.POSITIVE_INFINITY;
      const restMs = limitMs - (clock.monotonic() - began);
      const waitMs = patient ? restMs : Math.min(graceMs, restMs);
      if (Number.isFinite(waitMs)) timer = clock.setTimer(leave, waitMs);
    };
    work.then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        const { aborted, reason } = signal;
        // What a handler throws because it was told to stop is the reason it was told.
        reject(aborted && reason instanceof CancelledError && isAbort(error) ? reason : error);
      },
    );
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
