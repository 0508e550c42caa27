import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import * as core from './index.js';
import {
  CancelledError,
  DeadlineError,
  describeThrown,
  EngramkitError,
  InvalidInputError,
} from './index.js';

const trap = (): never => {
  throw new Error('trapped');
};
const hostile = new Proxy(
  {},
  {
    get: trap,
    has: trap,
    ownKeys: trap,
    getOwnPropertyDescriptor: trap,
    getPrototypeOf: trap,
  },
);
const revoked = (() => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
})();

function cyclic(): Error {
  const error = new Error('outer');
  error.cause = new Error('inner', { cause: error });
  return error;
}

/** The module evaluated once more, as a second installed copy of the package would be. */
async function secondCopy(): Promise<typeof import('./error.js')> {
  vi.resetModules();
  return import('./error.js');
}

describe('from', () => {
  test.each([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a text', 'broken', 'broken'],
    ['the empty text', '', '(empty string)'],
    ['a number', 7, '7'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a BigInt', 5n, '5'],
    ['a function', trap, 'a function was thrown'],
    ['a plain object', {}, '[object Object] was thrown'],
    ['a frozen object', Object.freeze({ message: 'frozen' }), 'frozen'],
    ['a Proxy whose traps throw', hostile, 'an object that cannot be read'],
    ['a revoked Proxy', revoked, 'an object that cannot be read'],
    ['an error without message', new TypeError(), 'TypeError'],
    ['an error with a cyclic cause', cyclic(), 'outer'],
    [
      'an object with a hostile brand',
      { [Symbol.for('engramkit.error')]: revoked },
      '[object Object] was thrown',
    ],
  ])('makes an error of %s', (_name, thrown, message) => {
    const error = EngramkitError.from(thrown);
    expect(error).toBeInstanceOf(EngramkitError);
    expect(error.message).toBe(message);
    expect(error.code).toBe('UNEXPECTED');
    expect(error.cause).toBe(thrown);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'UNEXPECTED', message });
  });

  test('hands back what is an EngramkitError already', () => {
    const error = new InvalidInputError('no', { code: 'X' });
    expect(EngramkitError.from(error)).toBe(error);
  });

  test('recognises aborts and timeouts', () => {
    expect(EngramkitError.from(AbortSignal.abort().reason).code).toBe('ABORTED');
    expect(EngramkitError.from(new DOMException('late', 'TimeoutError')).code).toBe('TIMEOUT');
  });

  test('is total over anything', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
        (thrown) => {
          const error = EngramkitError.from(thrown);
          expect(typeof error.message).toBe('string');
          expect(() => JSON.stringify(error)).not.toThrow();
        },
      ),
    );
  });

  test('bounds the message', () => {
    expect(EngramkitError.from('x'.repeat(1_000_000)).message.length).toBeLessThan(2_100);
  });
});

describe('toJSON', () => {
  test('writes everything but the stack, and ends at a cyclic cause', () => {
    const error = new EngramkitError('top', {
      code: 'TOP',
      retry: 'rate-limited',
      retryAfterMs: 10,
      hint: 'wait',
      details: { a: 1 },
      cause: cyclic(),
    });
    expect(error.toJSON()).toEqual({
      name: 'EngramkitError',
      code: 'TOP',
      message: 'top',
      retry: 'rate-limited',
      retryAfterMs: 10,
      hint: 'wait',
      details: { a: 1 },
      causes: ['outer', 'inner'],
    });
  });

  test('shows at most eight causes', () => {
    let cause = new Error('deepest');
    for (let depth = 0; depth < 20; depth++) cause = new Error(`level ${depth}`, { cause });
    expect(new EngramkitError('top', { code: 'TOP', cause }).toJSON().causes).toHaveLength(8);
  });

  test('survives a hostile cause', () => {
    expect(new EngramkitError('top', { code: 'TOP', cause: hostile }).toJSON().causes).toEqual([
      'an object that cannot be read',
    ]);
  });
});

describe('the brand', () => {
  test('tells subclasses apart', () => {
    const invalid = new InvalidInputError('no', { code: 'X' });
    expect(invalid).toBeInstanceOf(EngramkitError);
    expect(invalid).toBeInstanceOf(InvalidInputError);
    expect(invalid).not.toBeInstanceOf(CancelledError);
    expect(new DeadlineError('late').code).toBe('DEADLINE_EXCEEDED');
    expect(new CancelledError('stopped')).toMatchObject({ code: 'CANCELLED', retry: 'safe' });
    expect(invalid.name).toBe('InvalidInputError');
  });

  test('works across two copies of the package', async () => {
    const other = await secondCopy();
    expect(other.EngramkitError).not.toBe(EngramkitError);
    const theirs = new other.DeadlineError('late');
    expect(theirs).toBeInstanceOf(DeadlineError);
    expect(theirs).toBeInstanceOf(EngramkitError);
    expect(theirs).not.toBeInstanceOf(InvalidInputError);
    expect(EngramkitError.from(theirs)).toBe(theirs);
    expect(new DeadlineError('late')).toBeInstanceOf(other.EngramkitError);
  });

  test('is not fooled by prototypes, names or hostile objects', () => {
    for (const value of [
      Object.create(EngramkitError.prototype),
      { name: 'EngramkitError' },
      hostile,
      revoked,
      null,
      'x',
    ]) {
      expect(value instanceof EngramkitError).toBe(false);
    }
  });

  test('is on every error class that the package exports', () => {
    const classes = Object.values(core).filter(
      (value): value is typeof EngramkitError =>
        typeof value === 'function' && value.prototype instanceof Error,
    );
    expect(classes.length).toBeGreaterThanOrEqual(4);
    for (const made of classes) {
      expect(Object.hasOwn(made, 'brand')).toBe(true);
      expect(new made('text', { code: 'X' }).name).toBe(made.name);
    }
  });
});

test('describeThrown never throws', () => {
  fc.assert(fc.property(fc.anything(), (thrown) => typeof describeThrown(thrown) === 'string'));
});
