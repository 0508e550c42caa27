import { EngramkitError } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EXIT_CLASSES,
  inferErrorType,
  STRUCTURED_ERROR_TYPES,
  StructuredError,
  structuredErrorFrom,
  structuredErrorProblem,
  structuredFormOf,
} from './index.js';

const failed = { exitCode: 1 };

describe('a StructuredError', () => {
  it('is an EngramkitError with the wire form as payload', () => {
    const error = new StructuredError('validation_error', 'bad url', {
      code: 'BAD_URL',
      retryable: false,
      details: { url: 'x' },
      hint: 'Use https.',
    });
    expect(error).toBeInstanceOf(EngramkitError);
    expect(error).toMatchObject({
      name: 'StructuredError',
      code: 'BAD_URL',
      retry: 'never',
      hint: 'Use https.',
    });
    expect(error.payload).toEqual({
      version: 'v1',
      type: 'validation_error',
      message: 'bad url',
      retryable: false,
      code: 'BAD_URL',
      details: { url: 'x' },
    });
  });

  it('speaks with its message, else that of its cause, else with fixed words', () => {
    expect(new StructuredError('unknown', 'text').message).toBe('text');
    expect(new StructuredError('unknown', '', { cause: new Error('inner') }).message).toBe('inner');
    expect(new StructuredError('unknown', ' ').message).toBe('engram failed');
  });

  it.each([
    [{ exitClass: 'rateLimited' }, 'rate-limited'],
    [{ exitClass: 'retry' }, 'safe'],
    [{ exitClass: 'terminal', retryable: true }, 'never'],
    [{ retryable: true }, 'safe'],
    [{}, 'never'],
  ] as const)('with %j has the retry class %s', (options, retry) => {
    expect(new StructuredError('execution_error', 'x', options).retry).toBe(retry);
  });

  it('summarises details that JSON cannot hold', () => {
    const cyclic: Record<string, unknown> = { a: 1 };
    cyclic.self = cyclic;
    expect(new StructuredError('unknown', 'x', { details: cyclic }).payload.details).toEqual({
      unserializable: true,
      marshalError: expect.stringContaining('contains itself'),
      type: 'map',
      details: { len: 2 },
    });
    expect(
      structuredErrorProblem(new StructuredError('unknown', 'x', { details: cyclic }).payload),
    ).toBe(undefined);
  });
});

describe('the wire form of a failure', () => {
  it.each([
    ['failed to dehydrate output: schema', 'storage_error'],
    ['storage is off', 'storage_error'],
    ['cannot unmarshal validation', 'serialization_error'],
    ['json: marshal', 'serialization_error'],
    ['schema initialization', 'validation_error'],
    ['validation', 'validation_error'],
    ['engram initialization failed: x', 'initialization_error'],
    ['Init panicked', 'initialization_error'],
    ['init failed', 'execution_error'],
    ['Storage Schema Validation', 'execution_error'],
    ['', 'execution_error'],
  ])('infers from %j the type %s', (text, type) => {
    expect(inferErrorType(text)).toBe(type);
  });

  it('takes the prefix into the text and into the inference', () => {
    expect(
      structuredErrorFrom(new Error('boom'), {
        ...failed,
        prefix: 'engram initialization failed: ',
      }),
    ).toEqual({
      version: 'v1',
      type: 'initialization_error',
      message: 'engram initialization failed: boom',
      retryable: false,
      exitCode: 1,
      exitClass: 'terminal',
    });
  });

  it('lets a structured error anywhere in the chain override what was inferred', () => {
    const inner = new StructuredError('validation_error', 'bad input', {
      retryable: true,
      code: 'BAD',
      details: { field: 'url' },
    });
    const joined = new AggregateError(
      [new Error('other'), new Error('wrapped', { cause: inner })],
      'both failed',
    );
    expect(structuredErrorFrom(new Error('outer storage', { cause: joined }), failed)).toEqual({
      version: 'v1',
      type: 'validation_error',
      message: 'bad input',
      retryable: true,
      exitCode: 1,
      exitClass: 'retry',
      code: 'BAD',
      details: { field: 'url' },
    });
  });

  it('overrides only with what is there: an empty message keeps the inferred one', () => {
    const error = new StructuredError('unknown', '', { cause: new Error('disk full') });
    expect(structuredErrorFrom(error, { ...failed, prefix: 'failed: ' })).toMatchObject({
      type: 'unknown',
      message: 'failed: disk full',
    });
  });

  it('recognises the form of other copies and of foreign errors', () => {
    const marked = Object.assign(new Error('x'), {
      [Symbol.for('engramkit.structured-error')]: { exitClass: 'RETRY' },
    });
    const method = Object.assign(new Error('x'), {
      structuredError: () => ({ version: 'v1', type: 'timeout', message: 'late' }),
    });
    const accident = Object.assign(new Error('x'), { structuredError: { type: 'timeout' } });
    expect(structuredErrorFrom(marked, failed)).toMatchObject({
      exitClass: 'retry',
      retryable: true,
    });
    expect(structuredErrorFrom(method, failed)).toMatchObject({ type: 'timeout', message: 'late' });
    expect(structuredErrorFrom(accident, failed)).toMatchObject({
      type: 'execution_error',
      message: 'x',
    });
  });

  it.each([
    [' Terminal ', true, 'terminal'],
    ['ratelimited', undefined, 'rateLimited'],
    ['rateLimited', undefined, 'rateLimited'],
    ['success', undefined, 'terminal'],
    ['SUCCESS', true, 'retry'],
    ['unknown', true, 'retry'],
    ['nonsense', false, 'terminal'],
    [undefined, true, 'retry'],
    [undefined, undefined, 'terminal'],
  ])('gives exit class %j with retryable %j as %s', (exitClass, retryable, expected) => {
    const error = Object.assign(new Error('x'), {
      [Symbol.for('engramkit.structured-error')]: { exitClass, retryable },
    });
    expect(structuredErrorFrom(error, failed).exitClass).toBe(expected);
  });

  it('forces type and exit class of a timeout, whatever the error says', () => {
    const error = new StructuredError('validation_error', 'x', { exitClass: 'terminal' });
    expect(structuredErrorFrom(error, { timedOut: true, exitCode: 124 })).toMatchObject({
      type: 'timeout',
      exitClass: 'retry',
      exitCode: 124,
      retryable: true,
    });
  });

  it('redacts and cuts the message that won, and leaves out exit code 0', () => {
    const error = new StructuredError('unknown', `token=abc ${'é'.repeat(9_000)}`);
    const form = structuredErrorFrom(error, { exitCode: 0 });
    expect(form.message.startsWith('token=[REDACTED] é')).toBe(true);
    expect(Buffer.byteLength(form.message)).toBeLessThanOrEqual(8_192);
    expect('exitCode' in form).toBe(false);
  });

  it('reads retry class, code and details of our own errors', () => {
    const limited = new EngramkitError('slow down', {
      code: 'LIMIT',
      retry: 'rate-limited',
      details: { perMinute: 5 },
    });
    expect(structuredErrorFrom(new Error('x', { cause: limited }), failed)).toMatchObject({
      exitClass: 'rateLimited',
      retryable: true,
      code: 'LIMIT',
      details: { perMinute: 5 },
    });
    expect(structuredErrorFrom(EngramkitError.from(new Error('x')), failed)).not.toHaveProperty(
      'code',
    );
  });

  it('exists for anything that can be thrown', () => {
    const trap = (): never => {
      throw new Error('boo');
    };
    const cyclic = new Error('round');
    cyclic.cause = cyclic;
    const hostile = new Proxy(
      {},
      { get: trap, getOwnPropertyDescriptor: trap, ownKeys: trap, has: trap },
    );
    const hostileForm = Object.assign(new Error('x'), {
      [Symbol.for('engramkit.structured-error')]: hostile,
    });
    const endless = new Proxy(new Error('deep'), {
      get: (target, key) =>
        key === 'cause' ? new Error('deeper', { cause: endless }) : Reflect.get(target, key),
    });
    for (const thrown of [
      undefined,
      null,
      '',
      'text',
      7,
      1n,
      Symbol('s'),
      {},
      [],
      Object.freeze(new Error('f')),
      cyclic,
      hostile,
      hostileForm,
      endless,
    ]) {
      expect(structuredErrorProblem(structuredErrorFrom(thrown, failed))).toBe(undefined);
    }
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withProxy: true } as fc.ObjectConstraints),
        (thrown) => {
          expect(structuredErrorProblem(structuredErrorFrom(thrown, failed))).toBe(undefined);
        },
      ),
    );
  });

  it('keeps the order of the inference for any mix of words', () => {
    const rules = [
      ['dehydrat', 'storage_error'],
      ['storage', 'storage_error'],
      ['unmarshal', 'serialization_error'],
      ['marshal', 'serialization_error'],
      ['schema', 'validation_error'],
      ['validation', 'validation_error'],
      ['initialization', 'initialization_error'],
      ['Init', 'initialization_error'],
    ] as const;
    const words = fc.constantFrom(...rules.map(([word]) => word), 'disk', 'init', 'STORAGE');
    fc.assert(
      fc.property(fc.array(words), (mix) => {
        const expected = rules.find(([word]) => mix.some((one) => one.includes(word)))?.[1];
        expect(inferErrorType(mix.join(' '))).toBe(expected ?? 'execution_error');
      }),
    );
  });

  it('says what the chain offers', () => {
    expect(structuredFormOf(new Error('plain'))).toBe(undefined);
    expect(structuredFormOf(new StructuredError('timeout', 'x'))).toMatchObject({
      type: 'timeout',
    });
  });
});

describe('checking a structured error', () => {
  const valid = { version: 'v1', type: 'unknown', message: 'x' };
  it.each([
    [null, 'must be an object'],
    [[], 'must be an object'],
    [{}, 'version is required'],
    [{ ...valid, version: ' ' }, 'version is required'],
    [{ ...valid, version: 'v2' }, 'version "v2" is not supported'],
    [{ ...valid, type: '' }, 'type is required'],
    [{ ...valid, type: 'Timeout' }, 'type "Timeout" is not known'],
    [{ ...valid, message: ' \n' }, 'message is required'],
    [{ ...valid, exitClass: 'ratelimited' }, 'exitClass "ratelimited" is not known'],
    [{ ...valid, retryable: 'yes' }, 'retryable must be a boolean'],
    [{ ...valid, exitCode: 1.5 }, 'exitCode must be an integer'],
    [{ ...valid, code: 5 }, 'code must be a text'],
    [{ ...valid, details: [] }, 'details must be an object'],
  ])('refuses %j because %s', (value, problem) => {
    expect(structuredErrorProblem(value)).toContain(problem);
  });

  it('takes every type with every exit class, or with an empty one', () => {
    for (const type of STRUCTURED_ERROR_TYPES) {
      for (const exitClass of [...EXIT_CLASSES, '']) {
        expect(structuredErrorProblem({ ...valid, type, exitClass })).toBe(undefined);
      }
    }
    expect([STRUCTURED_ERROR_TYPES.length, EXIT_CLASSES.length]).toEqual([7, 5]);
  });
});
