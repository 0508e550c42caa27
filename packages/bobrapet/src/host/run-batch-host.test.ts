import { CancelledError, type JsonObject } from '@engramkit/core';
import { defineBatch, StructuredError } from '@engramkit/engram';
import { describe, expect, test } from 'vitest';
import { hostBench, STEP_ENV, STEP_RUN } from '../../test/host-bench.js';
import { failure } from '../../test/memory-cluster.js';
import { runBatchHost } from './run-batch-host.js';

const greet = defineBatch({
  name: 'greet',
  process: async (inputs) => ({ greeting: `Hello, ${String((inputs as JsonObject).who)}!` }),
});
const failing = (error: unknown) =>
  defineBatch({ name: 'fail', process: () => Promise.reject(error) });

describe('the pod of a step', () => {
  test('reads, runs, reports and exits with 0', async () => {
    const { cluster, parts, lines, status } = hostBench();
    expect(await runBatchHost({ ...parts, component: greet })).toEqual({ exitCode: 0 });
    expect(status()).toEqual({
      phase: 'Succeeded',
      retries: 0,
      finishedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      duration: expect.stringMatching(/^-?\d.*s$/),
      exitClass: 'success',
      output: { greeting: 'Hello, Ada!' },
    });
    expect(cluster.calls.map(({ verb }) => verb)).toEqual(['get', 'get', 'patch']);
    expect(lines).toEqual([]);
  });

  test('a failure ends with its class and exits with 1', async () => {
    const { parts, status } = hostBench();
    const error = new StructuredError('execution_error', 'quota', { exitClass: 'rateLimited' });
    expect(await runBatchHost({ ...parts, component: failing(error) })).toEqual({ exitCode: 1 });
    expect(status()).toMatchObject({
      phase: 'Failed',
      exitCode: 1,
      exitClass: 'rateLimited',
      lastFailureMsg: 'quota',
      error: { version: 'v1', type: 'execution_error', message: 'quota', exitClass: 'rateLimited' },
    });
  });

  test('a retryable failure is left to the operator if asked for', async () => {
    const { parts, status } = hostBench();
    const error = new StructuredError('execution_error', 'busy', { retryable: true });
    const component = failing(error);
    expect(await runBatchHost({ ...parts, component, deferRetryable: true })).toEqual({
      exitCode: 1,
    });
    expect(status()).toMatchObject({ phase: 'Running', exitClass: 'retry' });
  });

  test('a step out of time exits with 124, also when process returned', async () => {
    const env = { ...STEP_ENV, BUBU_STEP_TIMEOUT: '20ms' };
    const { parts, status } = hostBench({ env });
    const component = defineBatch({
      name: 'slow',
      process: (_inputs, { signal }) =>
        new Promise<JsonObject>((resolve) => {
          signal.addEventListener('abort', () => resolve({ late: true }), { once: true });
        }),
    });
    expect(await runBatchHost({ ...parts, component })).toEqual({ exitCode: 124 });
    expect(status()).toMatchObject({
      phase: 'Timeout',
      exitCode: 124,
      exitClass: 'retry',
      error: { type: 'timeout' },
    });
  });

  test.each([
    ['a text', 'text', 'a string'],
    ['a list', [1], 'an array'],
  ])('an output that is %s is refused before the server sees it', async (_, value, kind) => {
    const { parts, status, cluster } = hostBench();
    const component = defineBatch({ name: 'odd', process: async () => value });
    expect(await runBatchHost({ ...parts, component })).toEqual({ exitCode: 1 });
    expect(status()).toMatchObject({
      phase: 'Failed',
      error: { type: 'execution_error', code: 'OUTPUT_NOT_OBJECT' },
    });
    expect(status()).not.toHaveProperty('output');
    expect(String(status().lastFailureMsg)).toContain(kind);
    expect(cluster.calls.filter(({ verb }) => verb === 'patch')).toHaveLength(1);
  });

  test('malformed variables end the step with a status that names all of them', async () => {
    const env = { ...STEP_ENV, BUBU_TRIGGER_DATA: '[1', BUBU_STEP_CONFIG: '"x"' };
    const { parts, status } = hostBench({ env });
    expect(await runBatchHost({ ...parts, component: greet })).toEqual({ exitCode: 1 });
    const message = String(status().lastFailureMsg);
    expect(message).toMatch(/^failed to load execution context: /);
    expect(message).toContain('BUBU_TRIGGER_DATA');
    expect(message).toContain('BUBU_STEP_CONFIG');
  });

  test('storage that cannot be set up is a storage error', async () => {
    const env = { ...STEP_ENV, BUBU_STORAGE_PROVIDER: 'ftp' };
    const { parts, status } = hostBench({ env });
    expect(await runBatchHost({ ...parts, component: greet })).toEqual({ exitCode: 1 });
    expect(status()).toMatchObject({ phase: 'Failed', error: { type: 'storage_error' } });
    expect(String(status().lastFailureMsg)).toMatch(/^failed to create storage manager: /);
  });

  test('without a cluster the outcome is one line on standard output', async () => {
    const { parts, lines } = hostBench();
    const connect = () => Promise.reject(new Error('no service account'));
    expect(await runBatchHost({ ...parts, connect, component: greet })).toEqual({ exitCode: 1 });
    expect(JSON.parse(lines.join(''))).toMatchObject({
      stepRun: { name: STEP_ENV.BUBU_STEPRUN_NAME, namespace: 'team-a' },
      status: {
        phase: 'Failed',
        lastFailureMsg: 'failed to create k8s client: no service account',
      },
    });
  });

  test('a success that cannot be written is a line with its output, and exit code 1', async () => {
    const { cluster, parts, lines } = hostBench({
      env: { ...STEP_ENV, BUBU_K8S_PATCH_MAX_RETRIES: '0' },
    });
    cluster.faults.push(({ verb }) =>
      verb === 'patch' ? { error: failure(403, 'Forbidden') } : undefined,
    );
    expect(await runBatchHost({ ...parts, component: greet })).toEqual({ exitCode: 1 });
    expect(JSON.parse(lines.join(''))).toMatchObject({
      status: { phase: 'Succeeded', output: { greeting: 'Hello, Ada!' } },
      problem: { code: 'KUBERNETES_FORBIDDEN' },
    });
  });

  const waiting = defineBatch({
    name: 'wait',
    process: (_inputs, { signal }) =>
      new Promise<JsonObject>((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  });

  test('a pod that is stopped says so without ending the step, so that it is tried again', async () => {
    const { parts, status, stop } = hostBench();
    const done = runBatchHost({ ...parts, component: waiting });
    setImmediate(() => stop(new CancelledError('the process received SIGTERM')));
    expect(await done).toEqual({ exitCode: 1 });
    expect(status()).toMatchObject({ phase: 'Running', exitClass: 'retry' });
    expect(String(status().lastFailureMsg)).toContain('SIGTERM');
  });

  test('a step whose cancellation was requested ends as canceled', async () => {
    const { parts, status } = hostBench({
      annotations: { 'bubustack.io/cancel-requested': 'true' },
    });
    expect(await runBatchHost({ ...parts, component: waiting })).toEqual({ exitCode: 1 });
    expect(status()).toMatchObject({ phase: 'Canceled', exitClass: 'terminal' });
  });

  test.each([
    ['Succeeded', 0],
    ['Timeout', 124],
    ['Canceled', 1],
  ] as const)('a pod that comes after %s does nothing and exits with %i', async (phase, code) => {
    const { cluster, parts } = hostBench({ status: { phase, retries: 0 } });
    let ran = false;
    const component = defineBatch({
      name: 'late',
      process: async () => {
        ran = true;
        return {};
      },
    });
    expect(await runBatchHost({ ...parts, component })).toEqual({ exitCode: code });
    expect(ran).toBe(false);
    expect(cluster.calls.some(({ verb }) => verb === 'patch')).toBe(false);
  });

  test('a success after a failed pod leaves nothing of the failure', async () => {
    const { parts, status } = hostBench({
      status: { phase: 'Failed', retries: 1, exitCode: 1, lastFailureMsg: 'x', error: { a: 1 } },
    });
    expect(await runBatchHost({ ...parts, component: greet })).toEqual({ exitCode: 0 });
    expect(status()).not.toHaveProperty('error');
    expect(status()).not.toHaveProperty('lastFailureMsg');
    expect(status()).toMatchObject({ phase: 'Succeeded', retries: 1 });
  });

  test('effects and signals of the author reach the cluster', async () => {
    const { cluster, parts, status } = hostBench();
    const component = defineBatch({
      name: 'pay',
      process: async (_inputs, { effects, signals }) => {
        await signals.emit('progress', { done: 1 });
        return { id: await effects.once('charge', async () => 'ch_1') };
      },
    });
    expect(await runBatchHost({ ...parts, component })).toEqual({ exitCode: 0 });
    expect(status()).toMatchObject({
      phase: 'Succeeded',
      output: { id: 'ch_1' },
      signals: { progress: { redacted: true } },
      effects: [{ key: 'charge', status: 'succeeded', details: { value: 'ch_1' } }],
    });
    expect(cluster.list('effectclaims')).toHaveLength(1);
  });

  test('secrets never reach the status', async () => {
    const env = { ...STEP_ENV, BUBU_SECRET_key: 'hunter2-hunter2' };
    const { cluster, parts } = hostBench({ env });
    const component = defineBatch({
      name: 'leak',
      secrets: ['key'],
      async init({ secrets }) {
        throw new Error(`cannot use ${String(secrets.get('key'))}`);
      },
      process: async () => ({}),
    });
    expect(await runBatchHost({ ...parts, component })).toEqual({ exitCode: 1 });
    expect(JSON.stringify(cluster.peek(STEP_RUN))).not.toContain('hunter2');
    expect(cluster.peek(STEP_RUN)?.status).toMatchObject({
      error: { type: 'initialization_error' },
    });
  });
});
