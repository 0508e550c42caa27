import { EngramkitError } from '@engramkit/core';
import { structuredErrorFrom } from '@engramkit/engram';
import type { Outcome, Redaction, Stage } from '@engramkit/runtime';

/** What was tried before the run could begin, in the words that the contract has for it. Source: bobrapet-batch section 2.2. */
export type EarlyStep =
  | 'failed to load execution context: '
  | 'failed to create k8s client: '
  | 'failed to create storage manager: ';

/** The outcome of a run that could not begin. */
export function earlyFailure(
  thrown: unknown,
  prefix: EarlyStep,
  options: { readonly nowMs: number; readonly redaction: Redaction },
): Outcome {
  const { redact } = options.redaction;
  const serialized = EngramkitError.from(thrown).toJSON();
  const structured = structuredErrorFrom(thrown, { prefix, exitCode: 1 });
  const stage: Stage = 'hydrate-config';
  const withPrefix = (message: string): string =>
    redact(message.startsWith(prefix) ? message : `${prefix}${message}`);
  return {
    status: 'failed',
    exitCode: 1,
    stages: [],
    startedAtMs: options.nowMs,
    durationMs: 0,
    failure: {
      stage,
      structured: { ...structured, message: withPrefix(structured.message) },
      error: { ...serialized, message: withPrefix(serialized.message) },
      thrown,
    },
  };
}
