import { EngramkitError, type StandardSchemaV1 } from '@engramkit/core';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { JSON_SCHEMA_DIALECT, loadJsonSchema, toJsonSchema } from './json-schema.js';

type Standard = StandardSchemaV1['~standard'] & { readonly jsonSchema?: unknown };

function schemaOf(standard: Partial<Standard>): StandardSchemaV1 {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => ({ value }),
      ...standard,
    } as Standard,
  };
}

/** A schema of a library that keeps its converter apart. */
const silentZod = schemaOf({ vendor: 'zod' });

function refusal(run: () => unknown): EngramkitError {
  try {
    run();
  } catch (error) {
    if (error instanceof EngramkitError) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('toJsonSchema', () => {
  const schema = z.object({
    url: z.url().describe('Where to.'),
    retries: z.int().default(3),
    since: z.date().optional(),
    size: z.string().transform(Number),
    big: z.bigint(),
  });

  test('tells the two sides of a schema apart', () => {
    const input = toJsonSchema(schema, { direction: 'input' });
    const output = toJsonSchema(schema, { direction: 'output' });
    expect(input).toMatchObject({
      $schema: JSON_SCHEMA_DIALECT,
      type: 'object',
      required: ['url', 'size', 'big'],
      properties: {
        url: { type: 'string', format: 'uri', description: 'Where to.' },
        size: { type: 'string' },
      },
    });
    expect(output).toMatchObject({ required: ['url', 'retries', 'size', 'big'] });
  });

  test('accepts anything where JSON Schema cannot say it', () => {
    expect(toJsonSchema(schema, { direction: 'input' }).properties).toMatchObject({
      since: {},
      big: {},
    });
    expect(toJsonSchema(schema, { direction: 'output' }).properties).toMatchObject({ size: {} });
  });

  test('yields the same plain JSON every time', () => {
    const first = toJsonSchema(schema, { direction: 'input' });
    expect(JSON.stringify(toJsonSchema(schema, { direction: 'input' }))).toBe(
      JSON.stringify(first),
    );
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
  });

  test('asks for the 2020-12 dialect', () => {
    const asked: unknown[] = [];
    const convert = (options: unknown) => {
      asked.push(options);
      return { type: 'string' };
    };
    const spoken = schemaOf({ jsonSchema: { input: convert, output: convert } });
    expect(toJsonSchema(spoken, { direction: 'output' })).toEqual({
      type: 'string',
      $schema: JSON_SCHEMA_DIALECT,
    });
    expect(asked).toEqual([{ target: 'draft-2020-12' }]);
  });

  test('says which schema cannot be converted, and what to do', () => {
    const options = { direction: 'input', what: 'the inputs schema of greet' } as const;
    const error = refusal(() => toJsonSchema(schemaOf({}), options));
    expect(error).toMatchObject({
      code: 'JSON_SCHEMA_UNAVAILABLE',
      message:
        'the inputs schema of greet cannot be turned into JSON Schema: its library, test, does not say how',
      details: { vendor: 'test' },
    });
    expect(error.hint).toBeDefined();
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['yields no object', () => 'text'],
    ['yields a list', () => []],
    ['yields nothing', () => undefined],
    ['yields what JSON cannot say', () => ({ default: 1n })],
  ])('has one code for a conversion that %s', (_name, input) => {
    const broken = schemaOf({ jsonSchema: { input } });
    expect(refusal(() => toJsonSchema(broken, { direction: 'input' })).code).toBe(
      'JSON_SCHEMA_FAILED',
    );
  });
});

describe('loadJsonSchema', () => {
  test('needs no import for a schema that converts itself', async () => {
    const importModule = () => Promise.reject(new Error('not to be called'));
    const made = await loadJsonSchema(z.string(), { direction: 'input', importModule });
    expect(made).toMatchObject({ type: 'string' });
  });

  test('takes the converter from the library of the author, the newer edition first', async () => {
    const asked: unknown[] = [];
    const importModule = async (specifier: string) => {
      asked.push(specifier);
      if (specifier === 'zod') return { object: () => undefined };
      return {
        toJSONSchema: (_schema: unknown, options: unknown) => {
          asked.push(options);
          return { type: 'number' };
        },
      };
    };
    const made = await loadJsonSchema(silentZod, { direction: 'output', importModule });
    expect(made).toEqual({ type: 'number', $schema: JSON_SCHEMA_DIALECT });
    expect(asked).toEqual([
      'zod',
      'zod/v4',
      { io: 'output', target: 'draft-2020-12', unrepresentable: 'any' },
    ]);
  });

  test('works with the real converter of zod', async () => {
    const real = z.object({ at: z.date(), n: z.int() });
    const { jsonSchema: _hidden, ...silent } = real['~standard'] as Standard;
    // The converter reads the schema itself; only its extension is hidden, as in versions before it.
    const older = Object.create(real, { '~standard': { value: silent } }) as StandardSchemaV1;
    const made = await loadJsonSchema(older, {
      direction: 'input',
      importModule: (name) => import(name),
    });
    expect(made).toMatchObject({ type: 'object', properties: { at: {}, n: { type: 'integer' } } });
  });

  test('says what to install for valibot', async () => {
    const importModule = () => Promise.reject(new Error('not found'));
    const error: unknown = await loadJsonSchema(schemaOf({ vendor: 'valibot' }), {
      direction: 'input',
      importModule,
    }).catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: 'JSON_SCHEMA_UNAVAILABLE',
      hint: expect.stringContaining('@valibot/to-json-schema'),
    });
  });

  test.each(['constructor', '__proto__', 'unknown'])(
    'knows no converter of a library called %s',
    async (vendor) => {
      const importModule = () => Promise.resolve({});
      await expect(
        loadJsonSchema(schemaOf({ vendor }), { direction: 'input', importModule }),
      ).rejects.toMatchObject({ code: 'JSON_SCHEMA_UNAVAILABLE' });
      await expect(
        loadJsonSchema(schemaOf({ vendor }), { direction: 'input' }),
      ).rejects.toMatchObject({ code: 'JSON_SCHEMA_UNAVAILABLE' });
    },
  );
});
