import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecretStore, secretsFromValues, secretValues } from './secret-store.js';

const store = secretsFromValues({ b: 'bee-value', a: 'ay-value', empty: '' });

describe('reading', () => {
  test('by name', () => {
    expect(store.get('a')).toBe('ay-value');
    expect(store.require('b')).toBe('bee-value');
    expect(store.has('empty')).toBe(true);
    expect(store.get('empty')).toBe('');
    expect(store.names()).toEqual(['a', 'b', 'empty']);
    expect(store.select('b', 'a')).toEqual({ b: 'bee-value', a: 'ay-value' });
    expect(store.getAll()).toEqual({ a: '[REDACTED]', b: '[REDACTED]', empty: '[REDACTED]' });
    expect(secretValues(store)).toEqual(['ay-value', 'bee-value', '']);
  });

  test('of names that nobody delivered', () => {
    const any: SecretStore = new SecretStore([['b', 'x']]);
    expect(any.get('nope')).toBeUndefined();
    expect(any.has('nope')).toBe(false);
    expect(any.select('nope', 'b')).toEqual({ b: 'x' });
    expect(any.get('constructor')).toBeUndefined();
    expect(any.get('__proto__')).toBeUndefined();
    expect(() => any.require('nope')).toThrow(
      'the secret "nope" was not delivered (delivered are b)',
    );
    expect(() => any.require('nope')).toThrow(
      expect.objectContaining({
        code: 'SECRET_NOT_FOUND',
        hint: expect.stringContaining('--secret nope=env:'),
      }),
    );
  });

  test('of an empty value that is required', () => {
    expect(() => store.require('empty')).toThrow(expect.objectContaining({ code: 'SECRET_EMPTY' }));
  });

  test('is limited to the declared names', () => {
    const limited = store.declare(['a', 'missing']);
    expect(limited.get('a')).toBe('ay-value');
    expect(limited.get('missing')).toBeUndefined();
    expect(limited.names()).toEqual(['a']);
    expect(limited.getAll()).toEqual({ a: '[REDACTED]' });
    const loose: SecretStore = limited as SecretStore;
    for (const ask of [
      () => loose.get('b'),
      () => loose.has('b'),
      () => loose.require('b'),
      () => loose.select('a', 'b'),
    ]) {
      expect(ask).toThrow(expect.objectContaining({ code: 'SECRET_NOT_DECLARED' }));
    }
  });

  test('names sort by code points', () => {
    const names = ['\uffff', '\u{10000}', 'a', 'B', 'aa', ''];
    expect(new SecretStore(names.map((name) => [name, 'x'])).names()).toEqual([
      '',
      'B',
      'a',
      'aa',
      '\uffff',
      '\u{10000}',
    ]);
  });
});

/** Every way in which an object turns into something that can be shown. */
const renderings: readonly (readonly [name: string, render: (secrets: SecretStore) => unknown])[] =
  [
    ['String', (secrets) => String(secrets)],
    ['a template', (secrets) => `${secrets}`],
    ['concatenation', (secrets) => `${'x: '}${secrets as unknown as string}`],
    ['toLocaleString', (secrets) => secrets.toLocaleString()],
    ['JSON', (secrets) => JSON.stringify({ secrets })],
    ['inspect', (secrets) => inspect(secrets, { depth: null, showHidden: true, getters: true })],
    [
      'inspect inside',
      (secrets) =>
        inspect(
          { a: [secrets], map: new Map([[secrets, secrets]]) },
          { depth: null, showHidden: true },
        ),
    ],
    [
      'inspect without customisation',
      (secrets) => inspect(secrets, { customInspect: false, showHidden: true, depth: null }),
    ],
    [
      'showProxy',
      (secrets) =>
        inspect(new Proxy(secrets, {}), { showProxy: true, depth: null, customInspect: false }),
    ],
    [
      'entries',
      (secrets) => JSON.stringify([Object.entries(secrets), Reflect.ownKeys(secrets).map(String)]),
    ],
    ['spread', (secrets) => JSON.stringify({ ...secrets })],
    [
      'structured clone',
      (secrets) => inspect(structuredClone(secrets), { depth: null, showHidden: true }),
    ],
    [
      'an error',
      (secrets) =>
        inspect(new Error(`failed with ${secrets}`, { cause: secrets }), {
          depth: null,
          showHidden: true,
        }),
    ],
    ['getAll', (secrets) => JSON.stringify(secrets.getAll())],
    ['property access', (secrets) => String((secrets as unknown as Record<string, unknown>).key)],
    [
      'a refusal',
      (secrets) => {
        try {
          return secrets.require('no such key');
        } catch (error) {
          return inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
        }
      },
    ],
  ];

describe('no rendering shows a value', () => {
  test.each(renderings)('%s', (_name, render) => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40 }), (random) => {
        const value = `hush-${random}`;
        const shown = String(render(new SecretStore([['key', value]])));
        expect(shown).not.toContain('hush-');
      }),
      { numRuns: 30 },
    );
  });

  test('but the constant text', () => {
    for (const text of [String(store), `${store}`, inspect(store), store.toJSON()]) {
      expect(text).toBe('[redacted secrets]');
    }
    expect(JSON.stringify({ store })).toBe('{"store":"[redacted secrets]"}');
  });
});
