import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngramkitError, InvalidInputError } from './error.js';
import { stringifyJson, toJsonValue } from './json-output.js';
import { utf8Length } from './parse-json.js';

function refusal(value: unknown, options?: Parameters<typeof toJsonValue>[1]): EngramkitError {
  try {
    stringifyJson(value, options);
  } catch (error) {
    expect(() => toJsonValue(value, options)).toThrow(EngramkitError);
    if (error instanceof EngramkitError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const cyclic: Record<string, unknown> = { list: [] };
(cyclic.list as unknown[]).push({ back: cyclic });

describe('stringifyJson', () => {
  test('writes what JSON.stringify writes for JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        if (JSON.stringify(value).includes('__proto__')) return;
        expect(stringifyJson(value)).toBe(JSON.stringify(value));
        expect(toJsonValue(value)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('calls toJSON, leaves undefined members out and unwraps boxed scalars', () => {
    const value = {
      at: new Date(0),
      gone: undefined,
      url: new URL('https://example.org/a'),
      boxed: [Object('x'), Object(1), Object(true)],
      own: { toJSON: (key: string) => `called for ${key}` },
      class: new (class Point {
        x = 1;
      })(),
    };
    expect(stringifyJson(value)).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","url":"https://example.org/a","boxed":["x",1,true],"own":"called for own","class":{"x":1}}',
    );
  });

  test('writes an object that occurs twice twice', () => {
    const shared = { a: 1 };
    expect(stringifyJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
  });

  test.each<[string, unknown, string, string, string]>([
    ['a cycle', cyclic, 'JSON_CYCLIC', '/list/0/back', 'contains itself'],
    ['a BigInt', { a: [1n] }, 'JSON_UNSERIALIZABLE', '/a/0', 'is a BigInt'],
    ['a function', { f: () => 1 }, 'JSON_UNSERIALIZABLE', '/f', 'is a function'],
    ['a symbol', { s: Symbol('x') }, 'JSON_UNSERIALIZABLE', '/s', 'is a symbol'],
    ['undefined in a list', [1, undefined], 'JSON_UNSERIALIZABLE', '/1', 'is undefined'],
    [
      'a hole in a list',
      Object.assign([], { length: 1 }),
      'JSON_UNSERIALIZABLE',
      '/0',
      'is undefined',
    ],
    ['undefined alone', undefined, 'JSON_UNSERIALIZABLE', '', 'the top level is undefined'],
    ['NaN', { n: Number.NaN }, 'JSON_UNSERIALIZABLE', '/n', 'is NaN'],
    ['infinity', [Number.NEGATIVE_INFINITY], 'JSON_UNSERIALIZABLE', '/0', 'is -Infinity'],
    [
      'an invalid date in a list',
      { d: [{ toJSON: () => undefined }] },
      'JSON_UNSERIALIZABLE',
      '/d/0',
      'is undefined',
    ],
    ['a Map', { m: new Map() }, 'JSON_UNSERIALIZABLE', '/m', 'is a Map'],
    ['a Set', { m: new Set() }, 'JSON_UNSERIALIZABLE', '/m', 'is a Set'],
    ['bytes', { b: new Uint8Array(2) }, 'JSON_UNSERIALIZABLE', '/b', 'is bytes'],
    ['a Buffer', { b: Buffer.from('x') }, 'JSON_UNSERIALIZABLE', '/b', 'is bytes'],
    ['a promise', { 'a/b': Promise.resolve(1) }, 'JSON_UNSERIALIZABLE', '/a~1b', 'is a promise'],
    ['an error', { e: new Error('x') }, 'JSON_UNSERIALIZABLE', '/e', 'is an error'],
    ['a regular expression', { r: /x/ }, 'JSON_UNSERIALIZABLE', '/r', 'is a regular expression'],
    [
      'what toJSON makes of it',
      { t: { toJSON: () => 1n } },
      'JSON_UNSERIALIZABLE',
      '/t',
      'is a BigInt',
    ],
    [
      'a member called __proto__',
      JSON.parse('{"a":{"__proto__":1}}'),
      'JSON_FORBIDDEN_KEY',
      '/a/__proto__',
      'prototype',
    ],
  ])('refuses %s and names the place', (_name, value, code, path, reason) => {
    const error = refusal(value, { what: 'the output' });
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.code).toBe(code);
    expect(error.details).toEqual({ path });
    expect(error.message).toContain('the output cannot be written as JSON: ');
    expect(error.message).toContain(reason);
  });

  test('writes an error that says what it is in JSON', () => {
    const error = new EngramkitError('text', { code: 'CODE' });
    expect(toJsonValue({ error })).toEqual({
      error: { name: 'EngramkitError', code: 'CODE', message: 'text', retry: 'never' },
    });
  });

  test('says which getter, proxy or toJSON threw, with the cause', () => {
    const thrown = new Error('inside');
    const fail = (): never => {
      throw thrown;
    };
    const values: readonly [unknown, string][] = [
      [{ a: Object.defineProperty({}, 'b', { enumerable: true, get: fail }) }, '/a/b'],
      [{ a: { toJSON: fail } }, '/a'],
      [[new Proxy({}, { ownKeys: fail })], '/0'],
      [[new Proxy({}, { get: fail })], '/0'],
      [[new Proxy({}, { getPrototypeOf: fail })], '/0'],
      [new Proxy([1], { get: fail }), ''],
    ];
    for (const [value, path] of values) {
      const error = refusal(value);
      expect(error).toMatchObject({
        code: 'JSON_UNSERIALIZABLE',
        details: { path },
        cause: thrown,
      });
    }
  });

  test('refuses nesting that is too deep', () => {
    let nested: unknown = [];
    for (let depth = 1; depth < 256; depth++) nested = [nested];
    expect(() => stringifyJson(nested)).not.toThrow();
    expect(refusal([nested]).code).toBe('JSON_TOO_DEEP');
    let endless: unknown = [];
    for (let depth = 0; depth < 100_000; depth++) endless = { a: endless };
    const error = refusal(endless);
    expect(error.code).toBe('JSON_TOO_DEEP');
    expect(JSON.stringify(error).length).toBeLessThan(2_000);
  });

  test('takes exactly the bytes that are allowed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        if (JSON.stringify(value).includes('__proto__')) return;
        const bytes = utf8Length(JSON.stringify(value));
        expect(stringifyJson(value, { maxBytes: bytes })).toBe(JSON.stringify(value));
        if (bytes > 1) expect(refusal(value, { maxBytes: bytes - 1 }).code).toBe('JSON_TOO_LARGE');
      }),
    );
  });

  test('refuses what would blow up before it does', () => {
    let bomb: unknown = 'x'.repeat(1_000);
    for (let doubling = 0; doubling < 60; doubling++) bomb = [bomb, bomb];
    expect(refusal(bomb, { maxBytes: 1_000_000 }).code).toBe('JSON_TOO_LARGE');
  });
});

test('toJsonValue makes a copy that later changes do not reach', () => {
  const value = { list: [{ a: 1 }] };
  const copy = toJsonValue(value);
  value.list.push({ a: 2 });
  expect(copy).toEqual({ list: [{ a: 1 }] });
});

test('an object without a prototype is data', () => {
  expect(stringifyJson(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
});
