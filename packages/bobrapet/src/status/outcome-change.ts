import { durationFromMs, formatDuration } from '@engramkit/core';
import { sanitizeMessage } from '@engramkit/engram';
import type { Outcome } from '@engramkit/runtime';
import { isJsonObject } from './json-object.js';
import type { StatusChange } from './step-run-status.js';
import { toWireSeconds } from './wire-time.js';

/** What {@link outcomeChange} needs besides the outcome. */
export interface OutcomeFacts {
  /** When the run was over, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly finishedAtMs: number;
  /** When the step began, in nanoseconds since 1970-01-01T00:00:00Z: `BUBU_STARTED_AT`. Source: bobrapet-batch section 1.3. */
  readonly startedAtNs: bigint;
  /** Whether the StepRun carries the annotation that asks for its end. Source: bobrapet-batch section 2.9. */
  readonly cancelRequested: boolean;
  /** Leaves the phase of retryable failures to the operator, which then retries. Source: bobrapet-batch section 2.10. */
  readonly deferRetryable?: boolean | undefined;
}

/**
 * What a StepRun is told about an outcome.
 *
 * - success: phase, times, class, output; leftovers of an earlier failed pod are removed;
 * - failure and timeout: phase, times, exit code and class, message, structured error, and the output if there is one;
 * - cancelled on request: phase `Canceled`, class `terminal`;
 * - stopped by the cluster: no phase, class `retry`, so that the operator gives the step another pod.
 *
 * Source: bobrapet-batch sections 2.9, 2.10 and 3.5.
 */
export function outcomeChange(outcome: Outcome, facts: OutcomeFacts): StatusChange {
  const { output, failure, exitCode } = outcome;
  const times = {
    finishedAt: toWireSeconds(facts.finishedAtMs),
    duration: formatDuration(durationFromMs(facts.finishedAtMs) - facts.startedAtNs),
  };
  const outputPart = output !== undefined && isJsonObject(output) ? { output } : {};
  if (failure === undefined) {
    return {
      phase: 'Succeeded',
      ...times,
      exitClass: 'success',
      ...outputPart,
      clearFailure: true,
    };
  }
  const { structured } = failure;
  const lastFailureMsg = sanitizeMessage(failure.error.message);
  if (outcome.status === 'cancelled') {
    const exitClass = facts.cancelRequested ? 'terminal' : 'retry';
    const error = { ...structured, exitClass, retryable: !facts.cancelRequested } as const;
    if (!facts.cancelRequested) return { exitClass, lastFailureMsg, error };
    return { phase: 'Canceled', ...times, exitCode, exitClass, lastFailureMsg, error };
  }
  const exitClass = structured.exitClass ?? 'terminal';
  if (facts.deferRetryable === true && (exitClass === 'retry' || exitClass === 'rateLimited')) {
    return { exitCode, exitClass, ...outputPart, lastFailureMsg, error: structured };
  }
  return {
    phase: outcome.status === 'timed-out' ? 'Timeout' : 'Failed',
    ...times,
    exitCode,
    exitClass,
    ...outputPart,
    lastFailureMsg,
    error: structured,
  };
}
