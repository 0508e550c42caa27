import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { foldCase } from './decoding-schema.js';
import { InvalidInputError } from './error.js';
import type { JsonObject } from './json-types.js';
import { weakDecode } from './weak-decode.js';

const schemaOf = (schema: z.ZodType): JsonObject =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as unknown as JsonObject;

const string = { type: 'string' };
const integer = { type: 'integer' };
const number = { type: 'number' };
const boolean = { type: 'boolean' };
const strings = { type: 'array', items: string };
const map = { type: 'object', additionalProperties: integer };
const struct = { type: 'object', properties: { name: string }, required: ['name'] };
const duration = { type: 'string', format: 'duration' };

function refusal(value: unknown, schema: JsonObject, options?: { strict?: boolean }): string {
  try {
    weakDecode(value, schema, options);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    expect(error.code).toBe('DECODE_FAILED');
    return error.message.replace('the value cannot be decoded: ', '');
  }
  throw new Error('accepted');
}

describe('every accepted row of the table', () => {
  test.each<[string, unknown, JsonObject, unknown]>([
    ['text from text', 'x', string, 'x'],
    ['text from true', true, string, '1'],
    ['text from false', false, string, '0'],
    ['text from a number', 8080, string, '8080'],
    ['text from a fraction', 0.1, string, '0.1'],
    ['text from a large number, without exponent', 1e21, string, '1000000000000000000000'],
    ['text from a larger number', 1.5e300, string, `15${'0'.repeat(299)}`],
    ['text from a small number, without exponent', 1.25e-7, string, '0.000000125'],
    ['text from a negative small number', -5e-324, string, `-0.${'0'.repeat(323)}5`],
    ['an integer from an integer', 5, integer, 5],
    ['an integer from a fraction, towards zero', 1.9, integer, 1],
    ['an integer from a negative fraction', -1.9, integer, -1],
    ['an integer from less than one', -0.5, integer, 0],
    ['an integer from true', true, integer, 1],
    ['an integer from false', false, integer, 0],
    ['an integer from decimal text', '8080', integer, 8080],
    ['an integer from signed text', '-42', integer, -42],
    ['an integer from plus text', '+42', integer, 42],
    ['an integer from hexadecimal text', '0x10', integer, 16],
    ['an integer from capital hexadecimal text', '-0XfF', integer, -255],
    ['an integer from octal text', '0o7', integer, 7],
    ['an integer from text with a leading zero', '017', integer, 15],
    ['an integer from binary text', '0b101', integer, 5],
    ['an integer from text with underscores', '1_000', integer, 1000],
    ['an integer from text with an underscore after the base', '0x_1F', integer, 31],
    ['an integer from zero', '0', integer, 0],
    ['an integer from empty text', '', integer, 0],
    ['an integer that a number holds exactly', '9007199254740992', integer, 9007199254740992],
    ['a number from a number', 1.5, number, 1.5],
    ['a number from true', true, number, 1],
    ['a number from text', '1.5', number, 1.5],
    ['a number from exponent text', '-1.5e3', number, -1500],
    ['a number from text without whole digits', '.5', number, 0.5],
    ['a number from text without fraction digits', '5.', number, 5],
    ['a number from text with underscores', '1_23.5e+1_0', number, 123.5e10],
    ['a number from empty text', '', number, 0],
    ['a boolean from a boolean', true, boolean, true],
    ['a boolean from zero', 0, boolean, false],
    ['a boolean from another number', -0.5, boolean, true],
    ...['1', 't', 'T', 'TRUE', 'true', 'True'].map(
      (word): [string, unknown, JsonObject, unknown] => [
        `a boolean from ${word}`,
        word,
        boolean,
        true,
      ],
    ),
    ...['0', 'f', 'F', 'FALSE', 'false', 'False', ''].map(
      (word): [string, unknown, JsonObject, unknown] => [
        `a boolean from "${word}"`,
        word,
        boolean,
        false,
      ],
    ),
    ['a list from a list', ['a', 1, true], strings, ['a', '1', '1']],
    ['a list from an empty object', {}, strings, []],
    ['a list from one item', 'a', strings, ['a']],
    ['a list from one item of another type', 5, strings, ['5']],
    [
      'a list of objects from one object',
      { name: 1 },
      { type: 'array', items: struct },
      [{ name: '1' }],
    ],
    ['a list from null', null, strings, []],
    ['a map from an object', { a: '1', b: 2.5 }, map, { a: 1, b: 2 }],
    ['a map from a list of objects, merged', [{ a: 1, b: 1 }, { b: '2' }], map, { a: 1, b: 2 }],
    ['a map from an empty list', [], map, {}],
    ['a struct from an object', { name: 5 }, struct, { name: '5' }],
    ['a struct from null', null, struct, {}],
    ['a duration from Go text', '1h30m', duration, '1h30m'],
    ['a duration from ISO text', 'PT5S', duration, 'PT5S'],
    ['anything for an untyped place', { a: [1, null] }, {}, { a: [1, null] }],
    ['null for an untyped place', null, {}, null],
    [
      'null where the schema takes null',
      { a: null },
      { properties: { a: { type: ['string', 'null'] } } },
      { a: null },
    ],
    [
      'nothing for an optional member that is null',
      { a: null, b: 1 },
      { properties: { a: string } },
      { b: 1 },
    ],
    ['the zero text for a required member that is null', { name: null }, struct, { name: '' }],
    [
      'zero values of every type',
      { s: null, i: null, n: null, b: null, l: null, m: null, d: null },
      {
        properties: {
          s: string,
          i: integer,
          n: number,
          b: boolean,
          l: strings,
          m: map,
          d: duration,
        },
        required: ['s', 'i', 'n', 'b', 'l', 'm', 'd'],
      },
      { s: '', i: 0, n: 0, b: false, l: [], m: {}, d: '0s' },
    ],
    ['the zero value of an item that is null', ['a', null], strings, ['a', '']],
  ])('%s', (_name, value, schema, decoded) => {
    const before = JSON.stringify(value);
    expect(weakDecode(value, schema)).toEqual(decoded);
    expect(JSON.stringify(value)).toBe(before);
  });
});

describe('every refused row of the table', () => {
  test.each<[string, unknown, JsonObject, string]>([
    ['text from an object', {}, string, 'expected text, got an object'],
    ['text from an empty list', [], string, 'expected text, got a list'],
    ['an integer from other text', 'abc', integer, 'expected an integer, got text that is none'],
    [
      'an integer from a fraction as text',
      '1.5',
      integer,
      'expected an integer, got text that is none',
    ],
    [
      'an integer from an exponent as text',
      '1e3',
      integer,
      'expected an integer, got text that is none',
    ],
    [
      'an integer from text with space',
      ' 1',
      integer,
      'expected an integer, got text that is none',
    ],
    ['an integer from a bad octal', '08', integer, 'expected an integer, got text that is none'],
    [
      'an integer from misplaced underscores',
      '1__0',
      integer,
      'expected an integer, got text that is none',
    ],
    [
      'an integer from a trailing underscore',
      '1_',
      integer,
      'expected an integer, got text that is none',
    ],
    ['an integer from a bare base', '0x', integer, 'expected an integer, got text that is none'],
    [
      'an integer of more than 64 bits as text',
      '9223372036854775808',
      integer,
      'the integer does not fit into 64 bits',
    ],
    ['an integer of more than 64 bits', 1e19, integer, 'the integer does not fit into 64 bits'],
    [
      'an integer that no number holds',
      '9007199254740993',
      integer,
      'the integer is too large to be exact; declare it as a string',
    ],
    ['an integer from an object', { a: 1 }, integer, 'expected an integer, got an object'],
    ['an integer from a list', [1], integer, 'expected an integer, got a list'],
    ['a number from other text', '1,5', number, 'expected a number, got text that is none'],
    ['a number from NaN', 'NaN', number, 'expected a number, got text that is none'],
    ['a number from Infinity', 'Infinity', number, 'expected a number, got text that is none'],
    ['a number from hexadecimal', '0x1p-2', number, 'expected a number, got text that is none'],
    ['a number from too much', '1e999', number, 'the number is too large'],
    ['a number from an object', {}, number, 'expected a number, got an object'],
    [
      'a boolean from other text',
      'yes',
      boolean,
      'expected a boolean, got text that is neither true nor false',
    ],
    ['a boolean from a list', [], boolean, 'expected a boolean, got a list'],
    ['a map from text', 'x', map, 'expected an object, got text'],
    ['a map from a list of other things', [{ a: 1 }, 2], map, 'expected an object, got a list'],
    ['a struct from a list', [{ name: 'x' }], struct, 'expected an object, got a list'],
    ['a struct from an empty list', [], struct, 'expected an object, got a list'],
    ['a struct from a number', 1, struct, 'expected an object, got a number'],
    [
      'a duration from a number',
      30,
      duration,
      'expected a duration as text, such as "30s", got a number',
    ],
    [
      'a duration from text without unit',
      '30',
      duration,
      'expected a duration such as "30s" or "1h30m", got other text',
    ],
    [
      'an ISO duration where Go is asked for',
      'PT5S',
      { type: 'string', format: 'go-duration' },
      'expected a duration such as "30s" or "1h30m", got other text',
    ],
  ])('%s', (_name, value, schema, reason) => {
    expect(refusal(value, schema)).toBe(reason);
    expect(refusal({ a: [value] }, { properties: { a: { type: 'array', items: schema } } })).toBe(
      `/a/0: ${reason}`,
    );
  });

  test('all at once, with paths, without values', () => {
    const schema = schemaOf(
      z.object({ a: z.int(), b: z.array(z.boolean()), 'c/d': z.record(z.string(), z.number()) }),
    );
    const value = { a: 'hunter2', b: ['true', 'hunter2', {}], 'c/d': { e: 'hunter2' } };
    const message = refusal(value, schema);
    expect(message.split('; ').map((issue) => issue.split(':')[0])).toEqual([
      '/a',
      '/b/1',
      '/b/2',
      '/c~1d/e',
    ]);
    expect(message).not.toContain('hunter2');
  });

  test('twenty are listed and the rest is counted', () => {
    const message = refusal(
      Array.from({ length: 25 }, () => 'x'),
      { type: 'array', items: integer },
    );
    expect(message.split('; ')).toHaveLength(21);
    expect(message).toMatch(/and 5 more$/);
  });
});

describe('keys', () => {
  const schema = { properties: { apiKey: string, größe: integer }, type: 'object' };

  test('match without regard to case and come out as the schema has them', () => {
    expect(weakDecode({ APIKEY: 1, GRÖSSE: 2, GRÖßE: '3' }, schema)).toEqual({
      apiKey: '1',
      GRÖSSE: 2,
      größe: 3,
    });
  });

  test('match exactly first', () => {
    expect(weakDecode({ APIKEY: 1, apiKey: 2 }, schema)).toEqual({ APIKEY: 1, apiKey: '2' });
    const both = { properties: { a: string, A: integer }, type: 'object' };
    expect(weakDecode({ A: '5' }, both)).toEqual({ A: 5 });
  });

  test('may not stand for the same member twice', () => {
    expect(refusal({ ApiKey: 1, APIKEY: 2 }, schema)).toBe(
      '/APIKEY: this key and "ApiKey" both stand for apiKey',
    );
  });

  test('that are unknown stay, or are refused when strict', () => {
    const nested = {
      type: 'object',
      properties: {
        in: schema,
        any: { type: 'object' },
        open: { ...schema, additionalProperties: {} },
      },
    };
    const value = { in: { other: 1 }, any: { x: 1 }, open: { y: 2 }, zzz: 1 };
    expect(weakDecode(value, nested)).toEqual(value);
    expect(refusal(value, nested, { strict: true })).toBe(
      '/in/other: the schema has no such key; /zzz: the schema has no such key',
    );
  });

  test('called __proto__ stay own members', () => {
    const value = JSON.parse('{"__proto__":{"admin":true},"APIKEY":1}') as unknown;
    const decoded = weakDecode(value, schema) as Record<string, unknown>;
    expect(Object.keys(decoded)).toEqual(['__proto__', 'apiKey']);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    const merged = weakDecode([JSON.parse('{"__proto__":"1"}')], map) as object;
    expect(Object.entries(merged)).toEqual([['__proto__', 1]]);
  });

  test('fold as simple Unicode case folding does', () => {
    for (const [left, right, same] of [
      ['straße', 'STRASSE', false],
      ['\u1e9e', 'ß', true],
      ['\u212a', 'k', true],
      ['\u017f', 'S', true],
      ['\u0131', 'i', false],
      ['\u0131', 'I', false],
      ['\u0130', 'i', false],
      ['Σ', 'ς', true],
      ['\u{10400}', '\u{10428}', true],
    ] as const) {
      expect(foldCase(left) === foldCase(right)).toBe(same);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 4 }), (text) => {
        expect(foldCase(foldCase(text))).toBe(foldCase(text));
      }),
    );
  });
});

describe('schemas', () => {
  test('with alternatives take the one that fits as it is', () => {
    const union = { anyOf: [integer, string, boolean] };
    for (const value of [1, '1', true, 'x']) expect(weakDecode(value, union)).toBe(value);
    expect(weakDecode('5', { anyOf: [integer, { type: 'null' }] })).toBe(5);
    expect(weakDecode(null, { anyOf: [integer, { type: 'null' }] })).toBe(null);
    expect(weakDecode('true', { type: ['boolean', 'integer'] })).toBe(true);
    expect(weakDecode('7', { type: ['boolean', 'integer'] })).toBe(7);
    expect(refusal({}, { type: ['boolean', 'integer'] })).toBe(
      'expected a boolean or an integer, got an object',
    );
    expect(refusal([], { anyOf: [integer, boolean] })).toBe('a list fits none of the alternatives');
  });

  test('with a discriminator decode the branch that is meant', () => {
    const schema = schemaOf(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('timer'), every: z.int() }),
        z.object({ kind: z.literal('hook'), every: z.string(), secret: z.string().optional() }),
      ]),
    );
    expect(weakDecode({ kind: 'timer', every: '5' }, schema)).toEqual({ kind: 'timer', every: 5 });
    expect(weakDecode({ kind: 'hook', every: 5 }, schema)).toEqual({ kind: 'hook', every: '5' });
    expect(refusal({ kind: 'timer', every: 'x' }, schema)).toBe(
      '/every: expected an integer, got text that is none',
    );
  });

  test('prefer the alternative that knows the keys', () => {
    const union = {
      anyOf: [
        { type: 'object', properties: { a: string } },
        { type: 'object', properties: { a: integer, b: integer } },
      ],
    };
    expect(weakDecode({ a: 1, b: 2 }, union)).toEqual({ a: 1, b: 2 });
  });

  test('with references, also recursive ones, are followed', () => {
    const node = z.object({
      value: z.int(),
      get children() {
        return z.array(node).optional();
      },
    });
    const decoded = weakDecode(
      { value: '1', children: { value: '2', children: [{ Value: '3' }] } },
      schemaOf(node),
    );
    expect(decoded).toEqual({ value: 1, children: [{ value: 2, children: [{ value: 3 }] }] });
    const tree = {
      $defs: { 'a/b c': { type: 'object', properties: { n: integer } } },
      $ref: '#/$defs/a~1b%20c',
    };
    expect(weakDecode({ n: '1' }, tree)).toEqual({ n: 1 });
  });

  test('that refer to nothing or to themselves say nothing', () => {
    for (const schema of [
      { $ref: '#' },
      { $ref: '#/nowhere' },
      { $ref: 'https://example.org/x' },
      { allOf: [{ $ref: '#' }] },
    ]) {
      expect(weakDecode('5', schema)).toBe('5');
    }
    expect(() => weakDecode('5', { anyOf: [{ $ref: '#' }] })).toThrow(InvalidInputError);
  });

  test('with allOf count as one', () => {
    const schema = {
      allOf: [
        { type: 'object', properties: { a: integer }, required: ['a'] },
        { properties: { b: boolean, a: { type: 'number' } } },
      ],
    };
    expect(weakDecode({ A: '1', B: 'true' }, schema)).toEqual({ a: 1, b: true });
    expect(refusal({ c: 1 }, schema, { strict: true })).toBe('/c: the schema has no such key');
  });

  test('with tuples, patterns and constants', () => {
    expect(
      weakDecode(['1', '1', '1'], {
        type: 'array',
        prefixItems: [integer, string],
        items: boolean,
      }),
    ).toEqual([1, '1', true]);
    expect(
      weakDecode({ x1: '1', y: '1' }, { type: 'object', patternProperties: { '^x': integer } }),
    ).toEqual({ x1: 1, y: '1' });
    expect(weakDecode({ y: '1' }, { type: 'object', patternProperties: { '(': integer } })).toEqual(
      { y: '1' },
    );
    expect(
      weakDecode('2', {
        anyOf: [
          { type: 'number', const: 1 },
          { type: 'number', const: 2 },
        ],
      }),
    ).toBe(2);
  });

  test('any JSON stays as it is under a schema for any JSON', () => {
    const schema = schemaOf(z.json());
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(weakDecode(value, schema)).toBe(value);
      }),
    );
  });
});

test('values that no JSON has are left to the schema', () => {
  const values = [new Date(0), new Map(), 5n, () => 1, Symbol('x')];
  for (const value of values) {
    expect(weakDecode({ a: value }, { properties: { a: string } })).toEqual({ a: value });
  }
});

test('too deep or endless values end in an error of ours', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 10_000; depth++) deep = [deep];
  const schema = { type: 'array', items: { $ref: '#' } };
  expect(() => weakDecode(deep, schema)).toThrow(InvalidInputError);
  const ambiguous = {
    anyOf: Array.from({ length: 6 }, () => ({
      type: 'object',
      properties: { a: { $ref: '#' }, b: { const: 1 } },
      required: ['b'],
    })),
  };
  let nested: unknown = { b: 2 };
  for (let depth = 0; depth < 12; depth++) nested = { a: nested, b: 2 };
  expect(() => weakDecode(nested, ambiguous)).toThrow(InvalidInputError);
});

describe('for every value', () => {
  const author = z.object({
    s: z.string(),
    i: z.int(),
    n: z.number(),
    b: z.boolean().optional(),
    list: z.array(z.number()),
    map: z.record(z.string(), z.string()),
    nested: z.object({ u: z.union([z.string(), z.number()]), nullable: z.string().nullable() }),
  });
  const jsonSchema = schemaOf(author);
  const conforming = fc.record(
    {
      s: fc.string(),
      i: fc.maxSafeInteger(),
      n: fc.double({ noNaN: true, noDefaultInfinity: true }),
      b: fc.boolean(),
      list: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
      // The schema library drops this key by itself.
      map: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.string(),
      ),
      nested: fc.record({
        u: fc.oneof(fc.string(), fc.integer()),
        nullable: fc.option(fc.string()),
      }),
    },
    { requiredKeys: ['s', 'i', 'n', 'list', 'map', 'nested'] },
  );

  test('what conforms already is handed back itself', () => {
    fc.assert(
      fc.property(conforming, (value) => {
        expect(weakDecode(value, jsonSchema)).toBe(value);
      }),
    );
  });

  test('what is written as text means the same', () => {
    const plain = (value: number): string => weakDecode(value, string) as string;
    fc.assert(
      fc.property(conforming, (value) => {
        const weak = {
          S: value.s,
          I: plain(value.i),
          n: plain(value.n),
          ...(value.b === undefined ? { B: null } : { B: String(value.b) }),
          LIST: value.list.length === 1 ? plain(value.list[0] as number) : value.list.map(plain),
          Map: [value.map],
          nested: value.nested,
        };
        expect(author.parse(weakDecode(weak, jsonSchema))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('decoding ends in a value or in an error of ours, and twice is as good as once', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        try {
          const once = weakDecode(value, jsonSchema);
          expect(weakDecode(once, jsonSchema)).toEqual(once);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInputError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('numbers as text read back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = weakDecode(value, string) as string;
        expect(text).not.toMatch(/e/i);
        expect(weakDecode(text, number)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });
});
