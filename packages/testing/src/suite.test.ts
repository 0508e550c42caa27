import {
  defineBatch,
  defineStreaming,
  errorMessage,
  jsonMessage,
  type StreamMessage,
  StructuredError,
} from '@engramkit/engram';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  BatchSuite,
  ConformanceError,
  componentContract,
  StreamSuite,
  validateStreamErrorMessage,
  validateStreamMessage,
  validateStructuredError,
} from './index.js';

const returns = defineBatch({ name: 'ok', process: () => ({ n: 1 }) });
const throwing = (error: unknown) =>
  defineBatch({
    process: (): number => {
      throw error;
    },
  });
const plain = throwing(new Error('input is required'));
const structured = throwing(
  new Error('outer', { cause: new StructuredError('validation_error', 'input is required') }),
);
const invalid = throwing(
  Object.assign(new Error('x'), {
    [Symbol.for('engramkit.structured-error')]: { version: 'v1', type: 'oops', message: 'x' },
  }),
);
const no = (): never => {
  throw new Error('not this');
};
const returned = (): Error => new Error('returned');

async function verdictOf(suite: { run(): Promise<void> }): Promise<string> {
  try {
    await suite.run();
    return 'pass';
  } catch (error) {
    expect(error).toBeInstanceOf(ConformanceError);
    return (error as Error).message;
  }
}

describe('the verdict on a batch engram', () => {
  it.each([
    ['failure unexpected', { engram: plain }, 'batch run failed unexpectedly: input is required'],
    [
      'failure without structure',
      { engram: plain, requireStructuredError: true },
      'expected structured error, got input is required',
    ],
    [
      'failure with invalid structure',
      { engram: invalid, requireStructuredError: true },
      'invalid structured error: structured error type "oops" is not known',
    ],
    [
      'failure that the author refuses',
      { engram: plain, expectError: true, validateError: no },
      'error validation failed: not this',
    ],
    ['failure expected', { engram: plain, expectError: true, validateResult: no }, 'pass'],
    ['failure with structure', { engram: structured, requireStructuredError: true }, 'pass'],
    [
      'success, failure expected',
      { engram: returns, expectError: true },
      'expected error, but batch completed successfully',
    ],
    [
      'success, structure expected',
      { engram: returns, requireStructuredError: true },
      'expected structured error, but batch completed successfully',
    ],
    [
      'success that the author refuses',
      { engram: returns, validateResult: returned },
      'result validation failed: returned',
    ],
    [
      'success',
      {
        engram: returns,
        validateError: no,
        validateResult: (output: unknown) => expect(output).toEqual({ n: 1 }),
      },
      'pass',
    ],
  ])('of %s', async (_what, options, verdict) => {
    expect(await verdictOf(new BatchSuite(options))).toBe(verdict);
  });
});

describe('the verdict on a streaming engram', () => {
  const sends = (...messages: readonly StreamMessage[]) =>
    defineStreaming({
      async stream(inbound, out) {
        for (const message of messages) await out.send(message);
        for await (const message of inbound) if (message.kind === 'data') message.done();
      },
    });
  const fails = (error: Error, ...messages: readonly StreamMessage[]) =>
    defineStreaming({
      async stream(_inbound, out) {
        for (const message of messages) await out.send(message);
        throw error;
      },
    });
  const good = jsonMessage({ a: 1 });
  const failure = new Error('lost');
  const structuredFailure = new StructuredError('timeout', 'late');

  it.each([
    ['failure unexpected', { engram: fails(failure) }, 'stream run failed unexpectedly: lost'],
    [
      'failure without structure',
      { engram: fails(failure), requireStructuredError: true },
      'expected structured error, got lost',
    ],
    [
      'failure refused',
      { engram: fails(failure), expectError: true, validateError: no },
      'error validation failed: not this',
    ],
    [
      'failure, too few outputs',
      { engram: fails(failure), expectError: true, minOutputCount: 1 },
      'stream output contract failed: expected at least 1 stream output message(s), got 0',
    ],
    [
      'failure, bad output',
      { engram: fails(failure, { kind: 'a b' }), expectError: true, requireValidMessages: true },
      'output validation failed (expected error path): invalid stream message: stream message kind "a b" contains unsupported characters',
    ],
    [
      'failure, acknowledgements not counted',
      {
        engram: fails(structuredFailure, good),
        requireStructuredError: true,
        inputs: [good],
        requireAllInputsDone: true,
      },
      'pass',
    ],
    [
      'success, failure expected',
      { engram: sends(), expectError: true },
      'expected error, but stream completed successfully',
    ],
    [
      'success, structure expected',
      { engram: sends(), requireStructuredError: true },
      'expected structured error, but stream completed successfully',
    ],
    [
      'no outputs',
      { engram: sends(), requireNonEmptyOutput: true },
      'stream output contract failed: expected at least 1 stream output message(s), got 0',
    ],
    [
      'too few outputs',
      { engram: sends(good), requireNonEmptyOutput: true, minOutputCount: 2 },
      'stream output contract failed: expected at least 2 stream output message(s), got 1',
    ],
    [
      'missing acknowledgements',
      { engram: sends(), inputs: [good, { kind: 'other' }], requireAllInputsDone: true },
      'stream input completion contract failed: expected 2 input Done() call(s), got 1',
    ],
    [
      'empty messages',
      { engram: sends({ kind: 'tick' }), requireValidMessages: true },
      'invalid stream message: stream message missing payload, inputs, transports, or media',
    ],
    [
      'messages that the author refuses',
      { engram: sends(good), validateOutputMessage: no },
      'stream output validation failed: not this',
    ],
    [
      'everything right',
      {
        engram: sends(good),
        inputs: [good],
        requireValidMessages: true,
        requireNonEmptyOutput: true,
        requireAllInputsDone: true,
      },
      'pass',
    ],
    ['nothing demanded', { engram: sends({ kind: 'a b' }) }, 'pass'],
  ])('of %s', async (_what, options, verdict) => {
    expect(await verdictOf(new StreamSuite(options))).toBe(verdict);
  });
});

describe('the validators', () => {
  it('take what is right', () => {
    validateStructuredError(new StructuredError('timeout', 'x').payload);
    validateStreamMessage(errorMessage(new Error('x')));
    validateStreamErrorMessage(errorMessage(new Error('x')));
    validateStreamMessage({ transports: [{ name: 't' }] });
  });

  it('refuse what is not, in words', () => {
    expect(() => validateStructuredError({ version: 'v1' })).toThrow(
      'structured error type is required',
    );
    expect(() => validateStreamErrorMessage(jsonMessage({}))).toThrow('kind must be "error"');
    expect(() => validateStreamErrorMessage({ kind: 'error' })).toThrow(
      'stream error message missing payload',
    );
    expect(() =>
      validateStreamMessage({ kind: 'error', payload: new TextEncoder().encode('{}') }),
    ).toThrow('stream error payload invalid');
    expect(() => validateStreamMessage({ kind: 'data', metadata: { a: 'b' } })).toThrow(
      'stream message missing payload',
    );
  });
});

describe('the contract of a component', () => {
  const greet = defineBatch({
    name: 'greet',
    version: '1.0.0',
    config: z.object({ greeting: z.string().default('Hello') }),
    inputs: z.object({
      name: z.string({ error: 'name is required' }),
      times: z.number().default(1),
    }),
    output: z.object({ text: z.string() }),
    secrets: ['token'],
    process: ({ name, times }, { config, secrets }) => ({
      text: `${config.greeting} ${name} x${times} ${secrets.get('token') ?? ''}`.trim(),
    }),
  });

  it('is kept by a component whose cases go through the whole lifecycle', async () => {
    await componentContract(greet, {
      cases: [
        { name: 'defaults', inputs: { name: 'Ada' }, output: { text: 'Hello Ada x1' } },
        {
          name: 'weak numbers',
          inputs: { name: 'Ada', times: '3' },
          output: { text: 'Hello Ada x3' },
        },
        {
          name: 'secrets',
          inputs: { name: 'Ada' },
          secrets: { s: 'env:S_' },
          env: { S_token: 'k' },
          output: { text: 'Hello Ada x1 k' },
        },
        { name: 'refuses', inputs: {}, error: 'name is required' },
        { name: 'refuses by pattern', inputs: {}, error: /^failed to unmarshal inputs/ },
      ],
    });
  });

  it('lists everything that a component misses', async () => {
    const sloppy = defineBatch({
      inputs: { '~standard': { version: 1, vendor: 'own', validate: no } },
      process: () => 1,
    });
    const failure = await componentContract(sloppy, {
      cases: [
        { name: 'one', output: 2 },
        { name: 'two', error: 'nothing of the kind' },
      ],
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConformanceError);
    const lines = (failure as Error).message.split('\n');
    expect(lines[0]).toBe('the component breaks its contract:');
    expect(lines).toContain('- batch: the component has no name');
    expect(lines).toContain('- batch: the component has no version');
    expect(lines).toContain('- batch: the inputs schema threw: not this');
    expect(lines.some((line) => line.startsWith('- case "one": it failed: '))).toBe(true);
    expect(
      lines.some((line) => line.startsWith('- case "two": it failed with another error: ')),
    ).toBe(true);
  });

  it('refuses shared instances, wrong outputs, and exports that are nothing', async () => {
    const instance = { spec: { name: 'one', version: '1.0.0' }, process: () => ({ n: 1 }) };
    await expect(componentContract(instance)).rejects.toThrow(
      'create gave the same instance twice',
    );
    await expect(componentContract(() => 1)).rejects.toThrow('the export is the plain function');
    await expect(
      componentContract(greet, { cases: [{ name: 'wrong', inputs: { name: 'A' }, output: {} }] }),
    ).rejects.toThrow('case "wrong": the output is {"text":"Hello A x1"}, expected {}');
    await expect(
      componentContract(greet, { cases: [{ name: 'fine', inputs: { name: 'A' }, error: 'x' }] }),
    ).rejects.toThrow('it succeeded, but was to fail');
    const stream = defineStreaming({ name: 's', version: '1.0.0', stream: async () => {} });
    await componentContract(stream);
    await expect(componentContract(stream, { cases: [{ name: 'a' }] })).rejects.toThrow(
      'cases run the batch mode',
    );
  });
});
