import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@engramkit/core';
import { defineBatch, defineImpulse } from '@engramkit/engram';
import { afterEach, describe, expect, test } from 'vitest';
import { hostBench, STEP_ENV } from '../../test/host-bench.js';
import { startHost, workloadOf } from './start-host.js';

const echo = defineBatch({
  name: 'echo',
  process: async (inputs, { config }) => ({ inputs, config }) as JsonObject,
});

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function stored(env: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'engramkit-start-'));
  folders.push(folder);
  const storage = { BUBU_STORAGE_PROVIDER: 'file', BUBU_STORAGE_PATH: folder };
  return { folder, bench: hostBench({ env: { ...STEP_ENV, ...storage, ...env } }) };
}

describe('starting a module', () => {
  test('expressions of the story are resolved against the context of the operator', async () => {
    const env = {
      ...STEP_ENV,
      BUBU_TRIGGER_DATA: '{"who":"{{ inputs.who }}","n":"{{ steps.one.output.n }}"}',
      BUBU_STEP_CONFIG: '{}',
      BUBU_TEMPLATE_CONTEXT: '{"inputs":{"who":"Ada"},"steps":{"one":{"output":{"n":3}}}}',
    };
    const { parts, status } = hostBench({ env });
    expect(await startHost({ ...parts, load: async () => [echo] })).toEqual({ exitCode: 0 });
    expect(status().output).toMatchObject({ inputs: { who: 'Ada', n: 3 } });
  });

  test('large outputs are stored, and the next step reads them; what was stored is no template', async () => {
    const text = `{{ env "HOME" }}${'x'.repeat(2_000)}`;
    const writer = defineBatch({ name: 'write', process: async () => ({ text, small: 1 }) });
    const { folder, bench } = await stored({ BUBU_TRIGGER_DATA: '{}' });
    expect(await startHost({ ...bench.parts, load: async () => [writer] })).toEqual({
      exitCode: 0,
    });
    const output = bench.status().output as JsonObject;
    expect(output).toMatchObject({ small: 1, text: { $bubuStorageRef: expect.any(String) } });
    expect(await readdir(folder)).toEqual(['outputs']);
    const next = hostBench({
      env: {
        ...STEP_ENV,
        BUBU_STORAGE_PROVIDER: 'file',
        BUBU_STORAGE_PATH: folder,
        BUBU_TRIGGER_DATA: JSON.stringify({ text: output.text }),
      },
    });
    let read: unknown;
    const reader = defineBatch({
      name: 'read',
      process: async (inputs) => {
        read = (inputs as JsonObject).text;
        return {};
      },
    });
    expect(await startHost({ ...next.parts, load: async () => [reader] })).toEqual({ exitCode: 0 });
    expect(read).toBe(text);
  });

  test('inputs are left alone where the operator says so, and config is not', async () => {
    const { bench } = await stored({
      BUBU_SKIP_INPUT_TEMPLATING: 'true',
      BUBU_TRIGGER_DATA: '{"raw":"{{ inputs.a }}"}',
      BUBU_STEP_CONFIG: '{"cooked":"{{ inputs.a }}"}',
      BUBU_TEMPLATE_CONTEXT: '{"inputs":{"a":1},"steps":{}}',
    });
    expect(await startHost({ ...bench.parts, load: async () => [echo] })).toEqual({ exitCode: 0 });
    expect(bench.status().output).toMatchObject({
      inputs: { raw: '{{ inputs.a }}' },
      config: { cooked: 1 },
    });
  });

  test('a module that cannot be loaded ends the step with the reason', async () => {
    const { parts, status } = hostBench();
    const load = () => Promise.reject(new Error('module not found: greet.js'));
    expect(await startHost({ ...parts, load })).toEqual({ exitCode: 1 });
    expect(status()).toMatchObject({ phase: 'Failed', error: { type: 'initialization_error' } });
    expect(String(status().lastFailureMsg)).toContain('greet.js');
  });

  test('a module of another kind ends the step with the reason', async () => {
    const { parts, status } = hostBench();
    const impulse = defineImpulse({ name: 'i', run: async () => undefined });
    expect(await startHost({ ...parts, load: async () => [impulse] })).toEqual({ exitCode: 1 });
    expect(status()).toMatchObject({ error: { code: 'COMPONENT_KIND_UNSUPPORTED' } });
  });

  test('outside of the operator there is nothing to be', async () => {
    const { parts } = hostBench({ env: {} });
    await expect(startHost({ ...parts, load: async () => [echo] })).rejects.toMatchObject({
      code: 'WORKLOAD_UNKNOWN',
    });
    expect(workloadOf({ BUBU_IMPULSE_NAME: 'x' })).toBe('impulse');
  });
});
