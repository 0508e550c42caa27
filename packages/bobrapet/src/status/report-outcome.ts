import { EngramkitError, stringifyJson } from '@engramkit/core';
import { type Logger, sanitizeMessage } from '@engramkit/engram';
import type { Outcome } from '@engramkit/runtime';
import { type OutcomeFacts, outcomeChange } from './outcome-change.js';
import type { StatusWriter } from './status-writer.js';
import type { StatusChange } from './step-run-status.js';

/** The `format` of the line that stands in for a status that could not be written. */
export const UNWRITTEN_STATUS_FORMAT = 'engramkit.unwritten-step-run-status/1';

/** What {@link reportOutcome} works with. */
export interface ReportOptions extends OutcomeFacts {
  /** Absent when there is no way to the API server; `problem` then says why. */
  readonly writer?: StatusWriter | undefined;
  readonly problem?: unknown;
  readonly stepRun: { readonly name: string; readonly namespace: string };
  readonly logger: Logger;
  /** Takes the line when the status cannot be written: standard output. */
  readonly writeLine: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly budgetMs?: number | undefined;
}

/**
 * Reports an outcome to the StepRun and yields the exit code of the process; never rejects.
 *
 * An outcome that cannot be written goes to standard output as one JSON line, and the exit code says so: 124 stays after a
 * timeout, everything else becomes 1. Source: bobrapet-batch sections 2.2 and 2.3.
 */
export async function reportOutcome(
  outcome: Outcome,
  options: ReportOptions,
): Promise<0 | 1 | 124> {
  const { writer, signal, budgetMs, logger } = options;
  const change = outcomeChange(outcome, options);
  try {
    if (writer === undefined) throw options.problem ?? new Error('there is no API server');
    await writer.update(change, { signal, budgetMs });
    return outcome.exitCode;
  } catch (thrown) {
    const problem = EngramkitError.from(thrown);
    options.writeLine(`${unwrittenLine(change, problem, options)}\n`);
    logger.error(
      outcome.failure === undefined
        ? `the status of the step could not be written: ${sanitizeMessage(problem.message)}`
        : `the step failed (${change.lastFailureMsg}), and its status could not be written: ${sanitizeMessage(problem.message)}`,
      { code: problem.code, ...(problem.hint === undefined ? {} : { hint: problem.hint }) },
    );
    return outcome.exitCode === 124 ? 124 : 1;
  }
}

function unwrittenLine(
  { clearFailure: _, ...status }: StatusChange,
  problem: EngramkitError,
  { stepRun }: ReportOptions,
): string {
  return stringifyJson({
    format: UNWRITTEN_STATUS_FORMAT,
    stepRun,
    status,
    problem: { code: problem.code, message: sanitizeMessage(problem.message) },
  });
}
