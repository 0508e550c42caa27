import { EngramkitError, type JsonObject, systemClock, systemRandom } from '@engramkit/core';
import { StructuredError, structuredErrorFrom } from '@engramkit/engram';
import { type Outcome, type OutcomeStatus, silentLogger } from '@engramkit/runtime';
import { describe, expect, test } from 'vitest';
import { failure, MemoryCluster } from '../../test/memory-cluster.js';
import { outcomeChange } from './outcome-change.js';
import { reportOutcome } from './report-outcome.js';
import { StatusWriter } from './status-writer.js';
import { STEP_RUNS, stepRunResource } from './step-run-resource.js';
import { parseWireTime, toMicroTime, toWireSecondsUp } from './wire-time.js';

const FINISHED = Date.UTC(2026, 2, 4, 10, 0, 7, 214);
const FACTS = {
  finishedAtMs: FINISHED,
  startedAtNs: parseWireTime('2026-03-04T10:00:00.999119000Z') ?? 0n,
  cancelRequested: false,
};
const TIMES = { finishedAt: '2026-03-04T10:00:07Z', duration: '6.214881s' };

function outcome(status: OutcomeStatus, thrown?: unknown, output?: JsonObject): Outcome {
  const exitCode = status === 'succeeded' ? 0 : status === 'timed-out' ? 124 : 1;
  const at = { stages: [], startedAtMs: 0, durationMs: 1, exitCode } as const;
  if (status === 'succeeded') return { status, ...at, ...(output === undefined ? {} : { output }) };
  return {
    status,
    ...at,
    ...(output === undefined ? {} : { output }),
    failure: {
      stage: 'process',
      structured: structuredErrorFrom(thrown, { exitCode, timedOut: status === 'timed-out' }),
      error: EngramkitError.from(thrown).toJSON(),
      thrown,
    },
  };
}

describe('what a StepRun is told', () => {
  const facts = { ...FACTS, finishedAtMs: FINISHED, startedAtNs: FACTS.startedAtNs };

  test('of a success', () => {
    const exact = { ...facts, startedAtNs: BigInt(FINISHED) * 1_000_000n - 6_214_881_000n };
    expect(outcomeChange(outcome('succeeded', undefined, { a: 1 }), exact)).toEqual({
      phase: 'Succeeded',
      ...TIMES,
      exitClass: 'success',
      output: { a: 1 },
      clearFailure: true,
    });
  });

  test('of a failure, with the output that there is', () => {
    const thrown = new StructuredError('execution_error', 'quota: token=abc', {
      retryable: true,
      code: 'QUOTA',
    });
    expect(outcomeChange(outcome('failed', thrown, { a: 1 }), facts)).toEqual({
      phase: 'Failed',
      finishedAt: TIMES.finishedAt,
      duration: '6.214881s',
      exitCode: 1,
      exitClass: 'retry',
      output: { a: 1 },
      lastFailureMsg: 'quota: token=[REDACTED]',
      error: {
        version: 'v1',
        type: 'execution_error',
        message: 'quota: token=[REDACTED]',
        retryable: true,
        exitCode: 1,
        exitClass: 'retry',
        code: 'QUOTA',
      },
    });
  });

  test('of a timeout', () => {
    const change = outcomeChange(outcome('timed-out', new Error('late')), facts);
    expect(change).toMatchObject({
      phase: 'Timeout',
      exitCode: 124,
      exitClass: 'retry',
      error: { type: 'timeout', exitClass: 'retry', exitCode: 124 },
    });
    expect(change).not.toHaveProperty('output');
  });

  test('of a cancellation that was asked for', () => {
    expect(
      outcomeChange(outcome('cancelled', new Error('x')), { ...facts, cancelRequested: true }),
    ).toMatchObject({ phase: 'Canceled', exitClass: 'terminal' });
  });

  test('of a pod that the cluster stops: no phase, so that the operator tries again', () => {
    const change = outcomeChange(outcome('cancelled', new Error('SIGTERM')), facts);
    expect(Object.keys(change).sort()).toEqual(['error', 'exitClass', 'lastFailureMsg']);
    expect(change).toMatchObject({ exitClass: 'retry', error: { retryable: true } });
  });

  test('of a retryable failure that is left to the operator, if asked for', () => {
    const thrown = new StructuredError('execution_error', 'busy', { exitClass: 'rateLimited' });
    const change = outcomeChange(outcome('failed', thrown), { ...facts, deferRetryable: true });
    expect(change).not.toHaveProperty('phase');
    expect(change.exitClass).toBe('rateLimited');
  });

  test('a clock that runs behind gives a negative duration', () => {
    const early = { ...facts, finishedAtMs: 0, startedAtNs: 1_200_000_000n };
    expect(outcomeChange(outcome('succeeded'), early).duration).toBe('-1.2s');
  });
});

describe('reporting an outcome', () => {
  const address = { ...STEP_RUNS, namespace: 'n', name: 's' };
  function bench(phase = 'Running') {
    const cluster = new MemoryCluster();
    cluster.seed(address, { status: { phase, retries: 0 } });
    const lines: string[] = [];
    const writer = new StatusWriter({
      resource: stepRunResource(cluster.client('n'), 's'),
      clock: systemClock,
      random: systemRandom,
      maxRetries: 0,
    });
    const options = {
      ...FACTS,
      writer,
      stepRun: { name: 's', namespace: 'n' },
      logger: silentLogger,
      writeLine: (text: string) => void lines.push(text),
    };
    return { cluster, lines, options };
  }

  test('yields the exit code of the outcome', async () => {
    const { cluster, lines, options } = bench();
    expect(await reportOutcome(outcome('failed', new Error('x')), options)).toBe(1);
    expect(cluster.peek(address)?.status).toMatchObject({ phase: 'Failed' });
    expect(lines).toEqual([]);
  });

  test('what cannot be written goes out as one line, and the exit code says so', async () => {
    const { cluster, lines, options } = bench();
    cluster.faults.push(({ verb }) =>
      verb === 'patch' ? { error: failure(403, 'Forbidden', 'no, token=abc') } : undefined,
    );
    expect(await reportOutcome(outcome('succeeded', undefined, { a: 1 }), options)).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      format: 'engramkit.unwritten-step-run-status/1',
      stepRun: { name: 's', namespace: 'n' },
      status: { phase: 'Succeeded', output: { a: 1 } },
      problem: { code: 'KUBERNETES_FORBIDDEN', message: 'no, token=[REDACTED]' },
    });
  });

  test('a timeout stays one, also when nothing can be written', async () => {
    const { lines, options } = bench('Succeeded');
    expect(await reportOutcome(outcome('timed-out', new Error('x')), options)).toBe(124);
    expect(lines).toHaveLength(1);
  });

  test('without a way to the API server the line is all there is', async () => {
    const { lines, options } = bench();
    const { writer: _, ...rest } = options;
    const problem = new Error('no cluster');
    expect(await reportOutcome(outcome('succeeded'), { ...rest, problem })).toBe(1);
    expect(lines[0]).toContain('no cluster');
  });
});

describe('times on the wire', () => {
  test('nanoseconds and zones are read', () => {
    expect(parseWireTime('1970-01-01T00:00:01.000000001Z')).toBe(1_000_000_001n);
    expect(parseWireTime('1970-01-01T01:00:00+01:00')).toBe(0n);
    expect(parseWireTime('yesterday')).toBeUndefined();
  });

  test('a completion never lies before a renewal of the same instant', () => {
    for (const at of [0, 1, 999, 1_000, 1_234_567]) {
      expect(parseWireTime(toWireSecondsUp(at))).toBeGreaterThanOrEqual(
        parseWireTime(toMicroTime(at)) ?? 0n,
      );
    }
  });
});
