import { describeThrown, type JsonObject } from '@engramkit/core';
import type { Ledger } from '@engramkit/provenance';
import { diagnostic, type RunResult } from '../wire/run-types.js';
import type { Language } from '../wire/session-types.js';

/** What is kept of a run beyond its life: facts and digests, never data. */
export interface RecordedRun {
  readonly runId: string;
  readonly sessionId: string;
  readonly language: Language;
  readonly codeDigest: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly startedAt: number;
  readonly result: RunResult;
}

/** Where runs are recorded; a failure of it is reported as a diagnostic of the run. */
export interface RunRecorder {
  record(run: RecordedRun): void | Promise<void>;
}

/** Records runs in a hash-chained ledger, one entry per run, with all its calls. */
export function ledgerRunRecorder(ledger: Pick<Ledger, 'append'>): RunRecorder {
  return {
    async record(run) {
      await ledger.append(recordedBody(run));
    },
  };
}

function recordedBody({
  runId,
  sessionId,
  language,
  codeDigest,
  startedAt,
  result,
}: RecordedRun): JsonObject {
  return {
    type: 'sandbox_run',
    run: runId,
    session: sessionId,
    language,
    code_digest: codeDigest,
    started_at: startedAt,
    status: result.status,
    error: result.error === null ? null : result.error.code,
    snapshot_id: result.snapshot_id,
    metrics: { ...result.metrics },
    calls: result.external_calls.map(({ error, ...call }) => ({
      ...call,
      error: error === null ? null : error.code,
    })),
  };
}

/** Records a run and answers with its result, which says so when that failed. */
export async function recordRun(
  recorder: RunRecorder | undefined,
  run: RecordedRun,
): Promise<RunResult> {
  const { result } = run;
  try {
    await recorder?.record(run);
    return result;
  } catch (thrown) {
    const message = `the run was not recorded: ${describeThrown(thrown)}`;
    const diagnostics = [...result.diagnostics, diagnostic('warning', 'IO_ERROR', message)];
    return { ...result, diagnostics };
  }
}
