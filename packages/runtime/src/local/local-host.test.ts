import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BatchComponent, componentFrom, defineBatch } from '@engramkit/engram';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { recordedLogger } from '../../test/ports.js';
import {
  type LocalHost,
  type LocalHostOptions,
  noopTracer,
  openLocalHost,
  silentLogger,
} from '../index.js';
import type { LocalRunRecord } from './run-record.js';
import { RunStore } from './run-store.js';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'local-host-')), '.engramkit');
});
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const open = (options: Partial<LocalHostOptions> = {}): Promise<LocalHost> =>
  openLocalHost({ directory, env: {}, logger: silentLogger, tracer: noopTracer, ...options });

const component = (process: (inputs: never, context: never) => unknown): BatchComponent =>
  componentFrom({ process }) as BatchComponent;

const request = (process: (inputs: never, context: never) => unknown) => ({
  component: component(process),
  moduleFile: '/project/engram.ts',
});

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}

const greet = defineBatch({
  name: 'greet',
  version: '2.0.0',
  inputs: z.object({ name: z.string(), times: z.number() }),
  secrets: ['token'],
  async process(inputs, context) {
    await context.signals.emit('progress', { done: 1 });
    return { text: inputs.name.repeat(inputs.times), token: context.secrets.get('token') };
  },
});

describe('a run of the local host', () => {
  it('leaves a record that says what ran, what came of it and where everything is', async () => {
    await using host = await open({ env: { TOKEN: 'a-very-secret-token' } });
    const record = await host.run({
      component: greet,
      moduleFile: '/project/greet.ts',
      config: {},
      inputs: { name: 'Ada', times: '2' },
      secrets: { token: 'env:TOKEN' },
    });
    expect(record).toMatchObject({
      format: 1,
      attempt: 1,
      status: 'succeeded',
      exitCode: 0,
      component: { name: 'greet', version: '2.0.0', kind: 'batch' },
      moduleFile: '/project/greet.ts',
      stepName: 'greet',
      inputs: { bytes: 26, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      output: { text: 'AdaAda', token: '[REDACTED]' },
      host: { hostname: hostname(), pid: process.pid, node: process.version },
    });
    expect(record.runId).toMatch(/^\d{8}t\d{9}-[0-9a-f]{8}$/);
    expect(record.files.record).toBe(join(directory, 'runs', record.runId, 'run.json'));
    expect(JSON.parse(await readFile(record.files.record, 'utf8'))).toEqual(record);
    expect(await readFile(record.files.signals, 'utf8')).toContain('"key":"progress"');
    expect(await host.runs.list()).toEqual([record]);
    expect(await host.runs.show('last')).toEqual(record);
  });

  it('gives a component in class style only the secrets that it declares', async () => {
    await using host = await open({ env: { TOKEN: 'a-very-secret-token' } });
    class Reader {
      static readonly spec = { name: 'reader', secrets: ['token'] };
      #secrets: { get(name: string): string | undefined } | undefined;
      init(_config: unknown, secrets: { get(name: string): string | undefined }): void {
        this.#secrets = secrets;
      }
      process(): string {
        return this.#secrets?.get('other') ?? 'nothing';
      }
    }
    const record = await host.run({
      component: componentFrom(Reader) as BatchComponent,
      moduleFile: '/project/reader.ts',
      secrets: { token: 'env:TOKEN', other: 'env:TOKEN' },
    });
    expect(record).toMatchObject({
      status: 'failed',
      failure: { error: { code: 'SECRET_NOT_DECLARED' } },
    });
  });

  it('puts a large output into a file of its own', async () => {
    await using host = await open({ inlineOutputBytes: 100 });
    const record = await host.run(request(() => ({ text: 'x'.repeat(200) })));
    expect(record.output).toBeUndefined();
    expect(record.outputFacts?.bytes).toBe(211);
    expect(JSON.parse(await readFile(record.files.output ?? '', 'utf8'))).toEqual({
      text: 'x'.repeat(200),
    });
    expect((await host.runs.show(record.runId)).files.output).toBe(record.files.output);
  });

  it('has an idempotency key and carries out an effect once over further tries of its id', async () => {
    await using host = await open();
    const effect = vi.fn(async () => ({ charge: 7 }));
    const keys: string[] = [];
    const attempt = (fails: boolean) =>
      host.run({
        ...request(async (_: never, context: never) => {
          const { effects, idempotencyKey } =
            context as import('@engramkit/engram').ExecutionContext;
          keys.push(idempotencyKey());
          const charged = await effects.once('charge', effect);
          if (fails) throw new Error('after the effect');
          return charged;
        }),
        runId: 'order-17',
      });
    expect(await attempt(true)).toMatchObject({ status: 'failed', attempt: 1 });
    await using later = await open();
    expect(await later.runs.show('order')).toMatchObject({ status: 'failed' });
    expect(await attempt(false)).toMatchObject({
      status: 'succeeded',
      attempt: 2,
      output: { charge: 7 },
    });
    expect(effect).toHaveBeenCalledTimes(1);
    expect(new Set(keys)).toEqual(new Set(['storyrun/order-17/steprun/order-17-engram']));
  });

  it('is refused while its id is in use', async () => {
    await using host = await open();
    const { promise: entered, resolve: enter } = deferred();
    const { promise: released, resolve: release } = deferred();
    const process = async () => {
      enter();
      await released;
      return {};
    };
    const first = host.run({ ...request(process), runId: 'one' });
    await entered;
    const again = { ...request(() => ({})), runId: 'one' };
    await expect(host.run(again)).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
    await using other = await open();
    await expect(other.run(again)).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
    expect((await other.runs.show('one')).status).toBe('running');
    release();
    expect((await first).status).toBe('succeeded');
  });

  it.each(['', '..', '.hidden', 'a/b', 'a\\b', 'x'.repeat(129)])(
    'refuses the id %j',
    async (runId) => {
      await using host = await open();
      await expect(host.run({ ...request(() => ({})), runId })).rejects.toMatchObject({
        code: 'RUN_ID_INVALID',
      });
    },
  );

  it('is cancelled when the host is closed, and its record is kept', async () => {
    const host = await open();
    const running = host.run(
      request((_: never, context: never) => {
        const { signal } = context as { readonly signal: AbortSignal };
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          queueMicrotask(() => void host[Symbol.asyncDispose]());
        });
      }),
    );
    const record = await running;
    expect(record).toMatchObject({ status: 'cancelled', exitCode: 1 });
    expect(record.failure?.error.message).toContain('the local host was closed');
  });

  it('writes down which run started it', async () => {
    await using host = await open();
    const first = await host.run(request(() => ({})));
    const second = await host.run({ ...request(() => ({})), parent: first.runId });
    expect(first).not.toHaveProperty('parent');
    expect(await host.runs.show(second.runId)).toMatchObject({ parent: first.runId });
    const wrong = host.run({ ...request(() => ({})), parent: '../x' });
    await expect(wrong).rejects.toMatchObject({ code: 'RUN_ID_INVALID' });
  });

  it('asks the recorder before it begins and tells it the end', async () => {
    const seen: string[] = [];
    await using host = await open({
      recorder: { append: async ({ status }) => void seen.push(status) },
    });
    await host.run(request(() => ({})));
    expect(seen).toEqual(['running', 'succeeded']);
    const process = vi.fn();
    await using broken = await open({
      recorder: { append: () => Promise.reject(new Error('locked')) },
    });
    await expect(broken.run(request(process))).rejects.toMatchObject({ code: 'RECORDER_FAILED' });
    expect(process).not.toHaveBeenCalled();
  });

  it('logs with its id and step, and keeps every line without secrets in a file', async () => {
    const { logger, lines } = recordedLogger();
    await using host = await open({ logger, env: { TOKEN: 'log-secret-value' } });
    const { runId, files } = await host.run({
      ...request((_: never, context: never) => {
        const { logger: own } = context as import('@engramkit/engram').ExecutionContext;
        own.debug('detail');
        own.child({ part: 2 }).info('hi log-secret-value');
      }),
      secrets: { token: 'env:TOKEN' },
      stepName: 'first',
    });
    expect(lines.map(({ fields }) => fields)).toEqual([
      { runId, step: 'first' },
      { runId, step: 'first', part: 2 },
    ]);
    const kept = (await readFile(files.logs, 'utf8')).trim().split('\n');
    expect(kept.map((line) => JSON.parse(line))).toEqual([
      { level: 'DEBUG', time: expect.any(String), msg: 'detail' },
      { level: 'INFO', time: expect.any(String), part: 2, msg: 'hi [REDACTED]' },
    ]);
  });

  it('goes on when its log cannot be written', async () => {
    const { logger, lines } = recordedLogger();
    await using host = await open({ logger });
    await mkdir(join(directory, 'runs/blocked/logs.ndjson'), { recursive: true });
    const record = await host.run({
      ...request((_: never, context: never) => {
        const { logger: own } = context as import('@engramkit/engram').ExecutionContext;
        own.info('lost');
        return { done: true };
      }),
      runId: 'blocked',
    });
    expect(record).toMatchObject({ status: 'succeeded', output: { done: true } });
    expect(lines.map(({ message }) => message)).toEqual([
      'lost',
      'the log of the run cannot be written',
    ]);
  });

  it('keeps only as many runs as asked for', async () => {
    await using host = await open({ keepRuns: 2 });
    const ids: string[] = [];
    for (const runId of ['a', 'b', 'c'])
      ids.push((await host.run({ ...request(() => ({})), runId })).runId);
    expect((await host.runs.list()).map(({ runId }) => runId)).toEqual(['c', 'b']);
  });
});

describe('looking at runs', () => {
  const save = async (runId: string, change: Partial<LocalRunRecord> = {}): Promise<void> => {
    await using host = await open();
    const record = await host.run({ ...request(() => ({})), runId });
    await writeFile(record.files.record, JSON.stringify({ ...record, ...change }));
  };

  it('shows a run whose process is gone as interrupted', async () => {
    const { host: here } = await (await open()).run({ ...request(() => ({})), runId: 'x' });
    await save('gone', { status: 'running', host: { ...here, pid: 2 ** 22 - 1 } });
    await save('reused', { status: 'running', host: { ...here, processStart: '1' } });
    await save('elsewhere', { status: 'running', host: { ...here, hostname: 'another-machine' } });
    await save('here', { status: 'running' });
    await using host = await open();
    const status = async (id: string) => (await host.runs.show(id)).status;
    expect(await status('gone')).toBe('interrupted');
    if (here.processStart !== undefined) expect(await status('reused')).toBe('interrupted');
    expect(await status('elsewhere')).toBe('running');
    expect(await status('here')).toBe('running');
    expect(await (await host.run({ ...request(() => ({})), runId: 'gone' })).attempt).toBe(2);
  });

  it('says which runs there are when none or many match', async () => {
    await using host = await open();
    await expect(host.runs.show('last')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await save('alpha-1');
    await save('alpha-2');
    await expect(host.runs.show('alpha')).rejects.toMatchObject({
      code: 'RUN_AMBIGUOUS',
      details: { matches: ['alpha-1', 'alpha-2'] },
    });
    await expect(host.runs.show('')).rejects.toMatchObject({ code: 'RUN_AMBIGUOUS' });
    await expect(host.runs.show('../alpha-1')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('leaves damaged records out of the list and names them when they are asked for', async () => {
    await save('good');
    await save('wrong', { format: 99 as never });
    await mkdir(join(directory, 'runs/empty'));
    await mkdir(join(directory, 'runs/torn'));
    await writeFile(join(directory, 'runs/torn/run.json'), '{"format":1,');
    await using host = await open();
    expect((await host.runs.list()).map(({ runId }) => runId)).toEqual(['good']);
    for (const id of ['wrong', 'empty', 'torn']) {
      await expect(host.runs.show(id)).rejects.toMatchObject({ code: 'RUN_RECORD_DAMAGED' });
    }
  });

  it('finds a run exactly by those prefixes that no other run shares', async () => {
    await save('seed');
    const [template] = await (await open()).runs.list();
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[a-c][a-c0-1]{0,5}$/), { minLength: 1, maxLength: 8 }),
        fc.stringMatching(/^[a-c][a-c0-1]{0,5}$/),
        async (ids, prefix) => {
          const root = await mkdtemp(join(tmpdir(), 'prefix-'));
          const store = new RunStore(root);
          for (const runId of ids) {
            const files = store.open(runId);
            await writeFile(files.record, JSON.stringify({ ...template, runId, files }));
          }
          const matches = ids.includes(prefix)
            ? [prefix]
            : ids.filter((id) => id.startsWith(prefix));
          const found = await store.show(prefix).then(
            ({ runId }) => runId,
            (error: { readonly code: string }) => error.code,
          );
          expect(found).toBe(
            matches.length === 1
              ? matches[0]
              : matches.length === 0
                ? 'RUN_NOT_FOUND'
                : 'RUN_AMBIGUOUS',
          );
          await rm(root, { recursive: true });
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('concurrent runs', () => {
  it('in one host all keep their own record, and no temporary file stays', async () => {
    await using host = await open();
    const records = await Promise.all(
      Array.from({ length: 12 }, (_, index) => host.run(request(() => ({ index })))),
    );
    expect(new Set(records.map(({ runId }) => runId)).size).toBe(12);
    expect((await host.runs.list({ limit: 50 })).length).toBe(12);
    const left = await readdir(join(directory, 'runs'), { recursive: true });
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
