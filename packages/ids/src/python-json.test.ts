import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalize, PyFloat, parsePythonJson } from './index.js';

describe('parsePythonJson', () => {
  it('keeps what a JavaScript number cannot tell', () => {
    expect(
      parsePythonJson('[1, 1.0, 1e2, 0.5, -0, -0.0, 9007199254740993, 1e999, NaN, -Infinity]'),
    ).toStrictEqual([
      1,
      new PyFloat(1),
      new PyFloat(100),
      0.5,
      0,
      new PyFloat(-0),
      9007199254740993n,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it('takes bytes, white space and every escape', () => {
    expect(parsePythonJson(Buffer.from(' {"a" : [ ] ,\r\n\t"b":{ } } '))).toEqual({ a: [], b: {} });
    expect(parsePythonJson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\uDE00\\ud800"')).toBe(
      '"\\/\b\f\n\r\té😀\ud800',
    );
  });

  it('makes __proto__ an ordinary member', () => {
    const value = parsePythonJson('{"__proto__": {"polluted": true}}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(canonicalize(value)).toBe('{"__proto__":{"polluted":true}}');
    expect('polluted' in {}).toBe(false);
  });

  it('takes the last of equal names, or refuses them', () => {
    expect(parsePythonJson('{"a":1,"a":2}')).toEqual({ a: 2 });
    expect(() => parsePythonJson('{"x":[{"a":1,"a":2}]}', { duplicateKeys: 'refuse' })).toThrow(
      expect.objectContaining({
        code: 'JSON_DUPLICATE_KEY',
        details: expect.objectContaining({ path: '/x/0/a' }),
      }),
    );
  });

  it.each([
    '',
    ' ',
    '{',
    '[',
    '[1',
    '[1,',
    '[1,]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    "'a'",
    '"',
    '"\\x"',
    '"\\u12"',
    '"\n"',
    '01',
    '-',
    '+1',
    '1.',
    '.5',
    '1e',
    'nul',
    'True',
    '-NaN',
    '[1 2]',
    '1 2',
    '\ufeff1',
    'Infinit',
    `${'9'.repeat(4301)}`,
  ])('refuses what is no JSON: %j', (text) => {
    expect(() => parsePythonJson(text, { what: '--input' })).toThrow(
      expect.objectContaining({
        code: 'JSON_INVALID',
        message: expect.stringMatching(/^--input cannot be read: .* \(line \d+, column \d+\)$/),
        details: expect.objectContaining({ line: expect.any(Number), offset: expect.any(Number) }),
      }),
    );
  });

  it('refuses words for numbers where they are no JSON', () => {
    for (const word of ['NaN', 'Infinity', '-Infinity']) {
      expect(() => parsePythonJson(word, { nonFinite: false })).toThrow(
        expect.objectContaining({ code: 'JSON_INVALID' }),
      );
    }
  });

  it('is guarded: depth, size, encoding', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(() => parsePythonJson(nested(990))).not.toThrow();
    expect(() => parsePythonJson(nested(991))).toThrow(
      expect.objectContaining({ code: 'JSON_TOO_DEEP' }),
    );
    expect(() => parsePythonJson('[{"a":[1]}]', { maxDepth: 2 })).toThrow(
      expect.objectContaining({
        code: 'JSON_TOO_DEEP',
        details: expect.objectContaining({ path: '/0/a' }),
      }),
    );
    expect(() => parsePythonJson('"ééé"', { maxBytes: 7 })).toThrow(
      expect.objectContaining({ code: 'JSON_TOO_LARGE' }),
    );
    expect(() => parsePythonJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(
      expect.objectContaining({ code: 'JSON_INVALID' }),
    );
  });

  it('reads what JSON.parse reads, and refuses what it refuses', () => {
    const near = fc.oneof(
      fc.json(),
      fc.json().map((text) => text.slice(0, -1)),
      fc
        .tuple(fc.json(), fc.nat(), fc.constantFrom('"', ',', '0', '\\', '}', ' ', '-', '.'))
        .map(([text, at, mark]) => {
          const place = at % (text.length + 1);
          return text.slice(0, place) + mark + text.slice(place);
        }),
    );
    const plain = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (_, member) =>
          typeof member === 'bigint' ? Number(member) : member,
        ),
      );
    fc.assert(
      fc.property(near, (text) => {
        let expected: unknown;
        let isJson = true;
        try {
          expected = JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (!isJson) expect(() => parsePythonJson(text, { nonFinite: false })).toThrow();
        else expect(JSON.stringify(plain(parsePythonJson(text)))).toBe(JSON.stringify(expected));
      }),
      { numRuns: 1_000 },
    );
  });
});
