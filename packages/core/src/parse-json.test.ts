import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from './error.js';
import { diagnoseJson } from './json-diagnosis.js';
import { jsonPolicy, type ParseJsonOptions } from './json-limits.js';
import { parseJson, utf8Length } from './parse-json.js';

function refusal(input: string | Uint8Array, options?: ParseJsonOptions): InvalidInputError {
  try {
    parseJson(input, options);
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
  throw new Error(`accepted ${String(input)}`);
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('parseJson takes', () => {
  test.each([
    'null',
    'true',
    ' false ',
    '0',
    '-0',
    '-1.5e+10',
    '"\\u00e9\\ud83d\\ude00\\n"',
    '[]',
    '{}',
    '[1,[2,[3,{}]]]',
    '{"a":{"b":[{"c":"}]:,{["}]}}',
    '{"":1," ":2,"a\\"b":3,"\\\\":4}',
    '{"constructor":"Ferrari","prototype":1,"toString":2,"hasOwnProperty":3}',
    '{"constructor":{"name":"x"}}',
    `{"long":"${'x'.repeat(100)}\\"${'y'.repeat(100)}\\\\"}`,
    `{"long":"${'\\\\'.repeat(50)}","b":"${'\\"'.repeat(50)}"}`,
  ])('%s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(parseJson(encode(text))).toEqual(JSON.parse(text));
  });

  test('every value, written in any way, as text and as bytes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(parseJson(text, { prototypeKeys: 'keep' })).toEqual(JSON.parse(text));
        expect(parseJson(encode(text), { prototypeKeys: 'keep' })).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });

  test('a byte order mark before the text', () => {
    expect(parseJson('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toBe(1);
  });

  test('exactly the deepest nesting that is allowed', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(() => parseJson(nested(256))).not.toThrow();
    expect(refusal(nested(257)).code).toBe('JSON_TOO_DEEP');
    expect(() => parseJson('1', { maxDepth: 1 })).not.toThrow();
    expect(() => parseJson('[{}]', { maxDepth: 2 })).not.toThrow();
    expect(refusal('[{}]', { maxDepth: 1 }).code).toBe('JSON_TOO_DEEP');
    expect(() => parseJson(nested(2_000), { maxDepth: 2_000 })).not.toThrow();
  });

  test('exactly as many bytes as are allowed', () => {
    expect(parseJson('"é"', { maxBytes: 4 })).toBe('é');
    expect(refusal('"é"', { maxBytes: 3 }).code).toBe('JSON_TOO_LARGE');
    expect(refusal(encode('"é"'), { maxBytes: 3 }).code).toBe('JSON_TOO_LARGE');
    expect(refusal('"abc"', { maxBytes: 4 }).details).toEqual({ bytes: 5, maxBytes: 4 });
  });
});

describe('parseJson refuses', () => {
  test.each<[string, number, number, string, string]>([
    ['', 1, 1, '', 'it is empty'],
    ['   ', 1, 4, '', 'it is empty'],
    ['{"a":1,}', 1, 8, '', 'expected a key in double quotes'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, '', 'expected "," or "}"'],
    ['{"a" 1}', 1, 6, '', 'expected ":" after the key'],
    ['{a:1}', 1, 2, '', 'expected a key in double quotes'],
    ['[1,]', 1, 4, '/1', 'expected a value'],
    ['[1 2]', 1, 4, '', 'expected "," or "]"'],
    ['[1,2', 1, 5, '', 'expected "," or "]", but the text ends'],
    ['{"a":[1,{"b":tru}]}', 1, 14, '/a/1/b', 'expected a value'],
    ['"\\x41"', 1, 2, '', 'a backslash starts no known escape'],
    ['"\\u12g4"', 1, 2, '', 'a backslash starts no known escape'],
    ['"abc', 1, 1, '', 'a string does not end'],
    ['"a\tb"', 1, 3, '', 'a control character stands in a string; write it as an escape'],
    ['01', 1, 2, '', 'there is more after the end of the value'],
    ['1 2', 1, 3, '', 'there is more after the end of the value'],
    ['+1', 1, 1, '', 'expected a value'],
    ['.5', 1, 1, '', 'expected a value'],
    ['1.', 1, 2, '', 'there is more after the end of the value'],
    ['NaN', 1, 1, '', 'expected a value'],
    ["{'a':1}", 1, 2, '', 'expected a key in double quotes'],
    ['{"a":1}//x', 1, 8, '', 'there is more after the end of the value'],
    ['\u00a01', 1, 1, '', 'expected a value'],
  ])('%j and says where', (text, line, column, path, reason) => {
    const error = refusal(text);
    expect(error.code).toBe('JSON_INVALID');
    expect(error.details).toMatchObject({ line, column, path });
    expect(error.message).toContain(
      `the JSON text is not valid JSON: ${reason}, at line ${line}, column ${column}`,
    );
  });

  test('text that is not UTF-8', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc3, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
    ]) {
      expect(refusal(Uint8Array.from(bytes)).message).toBe('the JSON text is not valid UTF-8');
    }
  });

  test('a key that occurs twice, also when spelled differently or deep inside', () => {
    for (const [text, path, column] of [
      ['{"a":1,"a":2}', '/a', 8],
      ['{"a":1,"\\u0061":2}', '/a', 8],
      ['[{"x":{"b/c":1,"d":2,"b/c":3}}]', '/0/x/b~1c', 22],
      ['{"a":{},"a":{"b":1}}', '/a', 9],
    ] as const) {
      expect(refusal(text)).toMatchObject({
        code: 'JSON_DUPLICATE_KEY',
        details: { path, column, line: 1 },
      });
    }
  });

  test('a duplicate even when somebody added members to Object.prototype', () => {
    const codes: (string | undefined)[] = [];
    Object.defineProperty(Object.prototype, 'polluted', {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      for (const text of ['{"a":1,"a":2}', '{"b":1,"c":[{}]}']) {
        try {
          parseJson(text);
          codes.push(undefined);
        } catch (error) {
          codes.push((error as InvalidInputError).code);
        }
      }
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted');
    }
    expect(codes).toEqual(['JSON_DUPLICATE_KEY', undefined]);
  });

  test('keys that reach for prototypes', () => {
    for (const text of [
      '{"__proto__":{"admin":true}}',
      '[[{"a":{"\\u005f_proto__":1}}]]',
      '{"constructor":{"prototype":{"admin":true}}}',
    ]) {
      expect(refusal(text).code).toBe('JSON_FORBIDDEN_KEY');
    }
  });

  test('nesting of any depth without overflowing the stack', () => {
    for (const piece of ['[', '{"a":', '[{"a":']) {
      const error = refusal(piece.repeat(1_000_000));
      expect(error.code).toBe('JSON_TOO_DEEP');
      expect(error.message.length).toBeLessThan(500);
      expect(JSON.stringify(error).length).toBeLessThan(3_000);
    }
  });

  test('limits that make no sense', () => {
    for (const options of [
      { maxDepth: 0 },
      { maxDepth: 2_001 },
      { maxBytes: Number.NaN },
      { maxBytes: 1.5 },
    ]) {
      expect(refusal('1', options).code).toBe('JSON_LIMIT_INVALID');
    }
  });
});

describe('policies', () => {
  test('kept prototype keys are own properties and change nothing else', () => {
    const value = parseJson('{"__proto__":{"admin":true},"constructor":{"prototype":1}}', {
      prototypeKeys: 'keep',
    }) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value.admin).toBeUndefined();
  });

  test('the exact parser keeps them as well', () => {
    const value = parseJson('{"__proto__":9007199254740993}', {
      prototypeKeys: 'keep',
      largeIntegers: 'text',
    });
    expect(Object.entries(value as object)).toEqual([['__proto__', '9007199254740993']]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('the last of several duplicates can be taken, on both ways through', () => {
    expect(parseJson('{"a":1,"a":2}', { duplicateKeys: 'last' })).toEqual({ a: 2 });
    expect(
      parseJson('{"a":1,"a":9007199254740993}', { duplicateKeys: 'last', largeIntegers: 'text' }),
    ).toEqual({ a: '9007199254740993' });
  });

  test('large integers are rounded, refused or kept as text', () => {
    const text =
      '{"a":[9007199254740993,-9007199254740993,9007199254740991,1e300,1.5],"b":"9007199254740993"}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(parseJson(text, { largeIntegers: 'text' })).toEqual({
      a: ['9007199254740993', '-9007199254740993', 9007199254740991, 1e300, 1.5],
      b: '9007199254740993',
    });
    expect(refusal(text, { largeIntegers: 'refuse' })).toMatchObject({
      code: 'JSON_LARGE_INTEGER',
      details: { path: '/a/0', column: 7 },
    });
    expect(parseJson('[1e300,1.5,-3]', { largeIntegers: 'refuse' })).toEqual([1e300, 1.5, -3]);
  });

  test('the input is called what the caller calls it', () => {
    expect(refusal('{', { what: '--inputs' }).message).toMatch(/^--inputs is not valid JSON/);
    expect(refusal(encode('[1'), { what: 'BUBU_TRIGGER_DATA' }).message).toMatch(
      /^BUBU_TRIGGER_DATA /,
    );
  });

  test('excerpts are short and cannot act in a terminal', () => {
    const { message } = refusal(
      `["${'a'.repeat(500)}\u202e\u009b31m", oops, "${'b'.repeat(500)}"]`,
    );
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(message.length).toBeLessThan(200);
  });

  test('hidden content stays out of every part of the error', () => {
    const secret = 'hunter2-hunter2';
    const texts = [
      `{"${secret}":"${secret}","a":tru}`,
      `{"${secret}":1,"${secret}":2}`,
      `["${secret}", x]`,
      `{"__proto__":"${secret}"}`,
      `{"${secret}":${'['.repeat(300)}`,
      `"${secret}`,
    ];
    for (const text of texts) {
      const error = refusal(text, { hideContent: true });
      expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain('hunter2');
      expect(error.details).toMatchObject({ line: 1 });
      expect(error.cause).toBeUndefined();
    }
  });
});

test('the fast and the exact way agree about every text, damaged or hostile', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('', '__proto__', 'constructor', 'prototype'));
  const { value: hostile } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(Object.fromEntries),
    ),
  }));
  const damaged = fc
    .tuple(hostile, fc.nat(), fc.constantFrom('', '"', '{', ']', ',', '\\', 'x', '1'))
    .map(([value, at, piece]) => {
      const text = JSON.stringify(value);
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + piece + text.slice(cut + 1);
    });
  const texts = fc.oneof(
    hostile.map((value) => JSON.stringify(value)),
    damaged,
  );
  const outcome = (parse: () => unknown): unknown => {
    try {
      // As text: matchers read a member called "constructor" or "__proto__" as something else.
      return { value: JSON.stringify(parse()) };
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInputError);
      const { code, details } = error as InvalidInputError;
      return { code, details };
    }
  };
  const policies: readonly ParseJsonOptions[] = [{}, { prototypeKeys: 'keep' }];
  fc.assert(
    fc.property(texts, fc.constantFrom(...policies), (text, options) => {
      const parsed = outcome(() => parseJson(text, options));
      expect(parsed).toStrictEqual(outcome(() => diagnoseJson(text, jsonPolicy(options))));
      let native: unknown;
      try {
        native = JSON.stringify(JSON.parse(text));
      } catch {
        expect(parsed).toHaveProperty('code');
        return;
      }
      // What is valid may still name a key twice, or reach for a prototype.
      if (Object.hasOwn(parsed as object, 'value')) expect(parsed).toStrictEqual({ value: native });
      else expect(parsed).toHaveProperty('code', expect.stringMatching(/DUPLICATE|FORBIDDEN/));
    }),
    { numRuns: 3_000, examples: [['{"":{},"__proto__":[]}', {}]] },
  );
});

test('duplicates are found wherever they are put', () => {
  const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 });
  fc.assert(
    fc.property(keys, keys, (outer, inner) => {
      const object = (names: readonly string[], value: string): string =>
        `{${names.map((name) => `"${name}":${value}`).join()}}`;
      const text = object(outer, `[${object(inner, '1')}]`);
      const hasTwins =
        new Set(outer).size < outer.length ||
        (outer.length > 0 && new Set(inner).size < inner.length);
      if (hasTwins) expect(refusal(text).code).toBe('JSON_DUPLICATE_KEY');
      else expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test('utf8Length counts what an encoder writes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (left, right) => {
      const text = `${left}\ud800${right}\udc00${left}`;
      expect(utf8Length(text)).toBe(encode(text).byteLength);
    }),
  );
});
