import { inspect } from 'node:util';
import { EngramkitError } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from './redactor.js';

const secret = 'p@ss/w0rd+"q" ä';
const redact = createRedactor([secret, 'tokentoken', 'abcdef', 'cdefgh', '1234', 'xy']);

describe('texts', () => {
  test.each<[string, string]>([
    ['nothing to hide', 'nothing to hide'],
    [secret, '[REDACTED]'],
    [`before ${secret} after ${secret}.`, 'before [REDACTED] after [REDACTED].'],
    [`?q=${encodeURIComponent(secret)}&x=1`, '?q=[REDACTED]&x=1'],
    [`?q=${encodeURIComponent(secret).toLowerCase()}&x=1`, '?q=[REDACTED]&x=1'],
    [`?${new URLSearchParams({ q: secret })}`, '?q=[REDACTED]'],
    [
      new URL(`https://example.org/${encodeURIComponent(secret)}/x`).href,
      'https://example.org/[REDACTED]/x',
    ],
    [JSON.stringify({ a: secret }), '{"a":"[REDACTED]"}'],
    [`{"a":"${'p@ss/w0rd+\\"q\\" \\u00e4'}"}`, '{"a":"[REDACTED]"}'],
    ['xtokentokenx', 'x[REDACTED]x'],
    ['abcdefgh', '[REDACTED]'],
    ['abcdefabcdef', '[REDACTED]'],
    ['pin 1234, not 12345 or a1234', 'pin [REDACTED], not 12345 or a1234'],
    ['1234', '[REDACTED]'],
    ['xy', 'xy'],
    ['', ''],
  ])('%j becomes %j', (text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });

  test('hide base64 of the value alone and inside of more', () => {
    for (const text of [secret, `user:${secret}`, `u:${secret}:x`, `us:${secret}y`]) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const encoded = Buffer.from(text).toString(encoding);
        const shown = redact(`Basic ${encoded}`);
        expect(shown).toContain('[REDACTED]');
        expect(
          Buffer.from(
            shown.replace('Basic ', '').split('[REDACTED]').join(''),
            encoding,
          ).toString(),
        ).not.toContain('w0rd');
      }
    }
  });

  test('hide the lines of a value of many lines, but not the frame of a key file', () => {
    const key =
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\r\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n';
    const hide = createRedactor([key]);
    expect(hide('line MIIEvQIBADANBgkq and hkiG9w0BAQEFAASC')).toBe(
      'line [REDACTED] and [REDACTED]',
    );
    expect(hide('-----BEGIN PRIVATE KEY-----')).toBe('-----BEGIN PRIVATE KEY-----');
    expect(hide(`x${key.trim()}x`)).toBe('x[REDACTED]x');
  });

  test('with no secrets stay as they are', () => {
    expect(createRedactor([])('text')).toBe('text');
    expect(createRedactor(['', ' '])('a b')).toBe('a b');
  });

  test('end soon however the text repeats the value', () => {
    const hide = createRedactor(['a'.repeat(10), `${'a'.repeat(10)}b`]);
    expect(hide('a'.repeat(200_000))).toBe('[REDACTED]');
  });
});

describe('values', () => {
  test('are redacted deep inside, keys as well', () => {
    expect(redact({ a: ['x', { tokentoken: secret }], n: 5, b: true, z: null })).toEqual({
      a: ['x', { '[REDACTED]': '[REDACTED]' }],
      n: 5,
      b: true,
      z: null,
    });
    expect(redact({ 'a tokentoken': 1, 'a abcdef': 2 })).toEqual({
      'a [REDACTED]': 1,
      'a [REDACTED] (2)': 2,
    });
  });

  test('without secrets are handed back themselves', () => {
    const value = { a: [1, 'x', { b: null }] };
    expect(redact(value)).toBe(value);
  });

  test('do not change the original', () => {
    const value = { a: [secret] };
    redact(value);
    expect(value).toEqual({ a: [secret] });
  });

  test('that became numbers are hidden', () => {
    const hide = createRedactor(['12345678']);
    expect(hide({ pin: 12345678, big: 12345678n, other: 1234 })).toEqual({
      pin: '[REDACTED]',
      big: '[REDACTED]',
      other: 1234,
    });
  });

  test('of every kind are searched', () => {
    const error = new EngramkitError(`cannot log in with ${secret}`, {
      code: 'LOGIN',
      details: { token: 'tokentoken' },
      cause: new AggregateError([new Error(secret)], 'tokentoken'),
    });
    const foreign = Object.assign(new TypeError(secret), {
      config: { headers: { authorization: `Bearer ${secret}` } },
    });
    const values = [
      error,
      foreign,
      new Map([[secret, new Set([secret])]]),
      Buffer.from(`x${secret}`),
      new Uint8Array(Buffer.from(secret)).buffer,
      new URL('https://tokentoken@example.org/'),
      Object.assign(Object.create({}), { inherited: secret }),
      Symbol(secret),
      { toJSON: () => ({ secret }) },
      {
        get secret() {
          return secret;
        },
      },
    ];
    for (const value of values) {
      const shown = inspect(redact(value), { depth: null, showHidden: true });
      expect(shown).not.toContain('w0rd');
      expect(shown).not.toContain('tokentoken');
      expect(shown).toContain('[REDACTED]');
    }
    expect(redact(error)).toMatchObject({
      name: 'EngramkitError',
      code: 'LOGIN',
      message: 'cannot log in with [REDACTED]',
    });
    expect(redact(Buffer.from('harmless'))).toEqual(Buffer.from('harmless'));
  });

  test('that are hostile end in a text', () => {
    const fail = (): never => {
      throw new Error(secret);
    };
    const cyclic: Record<string, unknown> = { secret };
    cyclic.self = cyclic;
    let deep: unknown = secret;
    for (let depth = 0; depth < 10_000; depth++) deep = [deep];
    expect(redact(cyclic)).toEqual({ secret: '[REDACTED]', self: '[Circular]' });
    expect(JSON.stringify(redact(deep))).toContain('[Too deep]');
    for (const value of [
      new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail }),
      { toJSON: fail },
      fail,
      Object.freeze({ a: fail }),
    ]) {
      expect(inspect(redact(value))).not.toContain('w0rd');
    }
  });

  test('called __proto__ stay own members', () => {
    const redacted = redact(JSON.parse(`{"__proto__":{"a":"tokentoken"}}`)) as object;
    expect(Object.keys(redacted)).toEqual(['__proto__']);
    expect(JSON.stringify(redacted)).toBe('{"__proto__":{"a":"[REDACTED]"}}');
  });
});

describe('for any secret', () => {
  const anySecret = fc
    .string({ minLength: 6, maxLength: 60, unit: 'grapheme' })
    .filter((value) => value.trim().length >= 6 && !'[REDACTED]'.includes(value.trim()));
  const forms: readonly ((value: string) => string)[] = [
    (value) => value,
    (value) => encodeURIComponent(value),
    (value) => new URLSearchParams([['', value]]).toString().slice(1),
    (value) => JSON.stringify(value).slice(1, -1),
    (value) => Buffer.from(value).toString('base64'),
    (value) => Buffer.from(value).toString('base64url'),
  ];

  test('no form of it survives anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(anySecret, { minLength: 1, maxLength: 4 }),
        fc.string(),
        fc.string(),
        fc.nat(forms.length - 1),
        (secrets, before, after, form) => {
          const hide = createRedactor(secrets);
          for (const value of secrets) {
            const written = (forms[form] as (value: string) => string)(value);
            const text = `${before}${written}${after}`;
            expect(hide(text)).not.toContain(written);
            const shown = JSON.stringify(hide({ [text]: [text], error: new Error(text) }));
            expect(JSON.parse(shown).error.message).not.toContain(written);
            expect(shown).not.toContain(JSON.stringify(written).slice(1, -1));
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test('redacting twice is as good as once', () => {
    fc.assert(
      fc.property(anySecret, fc.string(), (value, text) => {
        fc.pre(!'[REDACTED]'.includes(value) && !value.includes('REDACTED'));
        const hide = createRedactor([value]);
        const once = hide(`${text}${value}${text}`);
        expect(hide(once)).toBe(once);
      }),
    );
  });
});
