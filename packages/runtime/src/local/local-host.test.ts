import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@engramkit/core';
import { defineBatch } from '@engramkit/engram';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { loadModule } from '../load-module.js';
import { silentLogger } from '../log/silent-logger.js';
import { noopTracer } from '../tracing/noop-tracer.js';
import { openLocalHost } from './local-host.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'local-host-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const greet = defineBatch({
  name: 'greet',
  inputs: z.object({ name: z.string(), times: z.number() }),
  secrets: ['token'],
  async process(inputs, context) {
    return {
      text: `hello ${inputs.name}`.repeat(inputs.times),
      key: context.idempotencyKey(),
      token: context.secrets.get('token'),
    };
  },
});

describe('the local host', () => {
  it('runs a component and keeps a record that says where everything is', async () => {
    const host = await openLocalHost({
      directory,
      env: { TOKEN: 'abcdefgh-secret' },
      logger: silentLogger,
      tracer: noopTracer,
    });
    const record = await host.run({
      component: greet,
      moduleFile: '/nowhere/greet.ts',
      inputs: { name: 'Ada', times: '2' },
      secrets: { token: 'env:TOKEN' },
    });
    expect(record.failure).toBeUndefined();
    expect(record).toMatchObject({
      status: 'succeeded',
      exitCode: 0,
      output: { text: 'hello Adahello Ada', token: '[REDACTED]' },
    });
    expect(JSON.parse(await readFile(record.files.record, 'utf8'))).toEqual(record);
    expect(await host.runs.list()).toEqual([record]);
    expect(await host.runs.show(record.runId.slice(0, 12))).toEqual(record);
    await host[Symbol.asyncDispose]();
  });
  it('loads typescript', async () => {
    const file = join(directory, 'hello-world.ts');
    await writeFile(
      file,
      `import { readFileSync } from 'node:fs';\ninterface A { readonly a: string }\nexport default class Hello { process(i: A) { return { u: import.meta.url, n: __filename } } }\n`,
    );
    const first = await loadModule(file, {
      cacheDirectory: join(directory, 'cache'),
      clock: systemClock,
    });
    expect(first).toMatchObject({ name: 'hello-world', cached: false, exportName: 'default' });
    const again = await loadModule(file, { cacheDirectory: join(directory, 'cache') });
    expect(again.cached).toBe(true);
    expect(
      await (first.component.create() as never as { process(i: unknown): unknown }).process({
        a: '',
      }),
    ).toEqual({ u: `file://${file}`, n: file });
  });
});
