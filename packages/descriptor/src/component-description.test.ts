import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { describeComponent } from './component-description.js';
import { componentNameOf } from './component-name.js';

const component = {
  kind: 'batch',
  spec: {
    version: '1.2.0',
    description: 'Greets.',
    config: z.object({ greeting: z.string().default('Hello') }),
    inputs: z.object({ name: z.string() }),
    output: z.object({ text: z.string() }),
    secrets: ['token', 'apiKey', 'token'],
  },
} as const;

describe('describeComponent', () => {
  test('says everything, in a fixed order', async () => {
    const description = await describeComponent(component, { module: './src/greet.ts' });
    expect(description).toMatchObject({
      format: 'engramkit.component/v1',
      kind: 'batch',
      name: 'greet',
      version: '1.2.0',
      description: 'Greets.',
      module: './src/greet.ts',
      config: { properties: { greeting: { type: 'string', default: 'Hello' } } },
      inputs: { required: ['name'] },
      output: { required: ['text'] },
      secrets: ['apiKey', 'token'],
      weakDecoding: true,
    });
    expect(description.config?.required).toBeUndefined();
    expect(Object.keys(description)).toEqual([
      'format',
      'kind',
      'name',
      'version',
      'description',
      'module',
      'config',
      'inputs',
      'output',
      'secrets',
      'weakDecoding',
    ]);
  });

  test('is the same text every time', async () => {
    const texts = await Promise.all(
      [1, 2].map(async () =>
        JSON.stringify(await describeComponent(component, { module: 'greet.ts' })),
      ),
    );
    expect(texts[0]).toBe(texts[1]);
  });

  test('fills in what the author left out and leaves out what there is not', async () => {
    const bare = { kind: 'impulse', spec: { weakDecoding: false } };
    expect(await describeComponent(bare, { module: '/work/cron/index.ts' })).toEqual({
      format: 'engramkit.component/v1',
      kind: 'impulse',
      name: 'cron',
      version: '0.0.0',
      module: '/work/cron/index.ts',
      secrets: [],
      weakDecoding: false,
    });
    const named = await describeComponent(bare, { module: 'x.ts', name: 'given' });
    expect(named.name).toBe('given');
    const own = await describeComponent(
      { kind: 'batch', spec: { name: 'own' } },
      { module: 'x.ts', name: 'given' },
    );
    expect(own.name).toBe('own');
  });

  test('names the schema that cannot be described', async () => {
    const shape = { name: 'string' };
    const wrong = describeComponent(
      // @ts-expect-error A shape is not a schema.
      { kind: 'batch', spec: { inputs: shape } },
      { module: 'a.ts' },
    );
    await expect(wrong).rejects.toMatchObject({
      code: 'COMPONENT_INVALID',
      message: 'the inputs schema of a is not a Standard Schema',
    });
    const silent = {
      '~standard': { version: 1, vendor: 'old', validate: (value: unknown) => ({ value }) },
    } as const;
    await expect(
      describeComponent({ kind: 'batch', spec: { output: silent } }, { module: 'a.ts' }),
    ).rejects.toMatchObject({
      code: 'JSON_SCHEMA_UNAVAILABLE',
      message: expect.stringContaining('the output schema of a '),
    });
  });
});

test.each([
  ['greet.ts', 'greet'],
  ['./src/HttpRequest.mts', 'http-request'],
  ['/a/quake-digest/src/index.ts', 'quake-digest'],
  ['C:\\work\\My Engram\\dist\\main.js', 'my-engram'],
  ['file:///a/caf%C3%A9%20bar.js?x=1#y', 'caf-bar'],
  ['index.ts', 'index'],
  ['a.b.c.ts', 'a-b-c'],
  ['.hidden', 'hidden'],
  ['100%.ts', '100'],
  [`${'x'.repeat(100)}.ts`, 'x'.repeat(63)],
  ['', 'engram'],
  ['../..', 'engram'],
  ['日本.ts', 'engram'],
])('a component in %j is called %s', (module, name) => {
  expect(componentNameOf(module)).toBe(name);
});
