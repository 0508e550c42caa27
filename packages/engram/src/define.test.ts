import { EngramkitError } from '@engramkit/core';
import { secretsFromValues } from '@engramkit/secrets';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bareContext } from '../test/bare-context.js';
import {
  defineBatch,
  defineEngram,
  defineImpulse,
  defineStreaming,
  isComponent,
  isEngramModes,
  isResult,
  result,
} from './index.js';

describe('a defined batch engram', () => {
  it('hands config, secrets and the state of init to process, and the state to close', async () => {
    const seen: unknown[] = [];
    const component = defineBatch({
      config: z.object({ greeting: z.string() }),
      inputs: z.object({ name: z.string() }),
      secrets: ['token'],
      init: async (context) => ({
        prefix: `${context.config.greeting} ${context.secrets.get('token')}`,
      }),
      process: ({ name }, context) => ({ text: `${context.state.prefix} ${name}` }),
      close: (state) => void seen.push(state),
    });
    const engram = component.create();
    const context = bareContext();
    await engram.init?.({ greeting: 'Hello' }, secretsFromValues<string>({ token: 't1' }), context);
    expect(await engram.process({ name: 'Ada' }, context)).toEqual({ text: 'Hello t1 Ada' });
    await engram.close?.();
    expect(seen).toEqual([{ prefix: 'Hello t1' }]);
  });

  it('keeps the state of one run away from the next', async () => {
    let made = 0;
    const component = defineBatch({
      init: () => ({ number: ++made }),
      process: (_inputs, { state }) => state.number,
    });
    const [first, second] = [component.create(), component.create()];
    for (const engram of [first, second])
      await engram.init?.({}, secretsFromValues({}), bareContext());
    expect(await first.process({}, bareContext())).toBe(1);
    expect(await second.process({}, bareContext())).toBe(2);
  });

  it('refuses undeclared secrets at run time too', async () => {
    const component = defineBatch({
      secrets: ['token'],
      process: (_inputs, { secrets }) => (secrets as { get(name: string): unknown }).get('other'),
    });
    const engram = component.create();
    await engram.init?.({}, secretsFromValues<string>({ token: 'a', other: 'b' }), bareContext());
    expect(() => engram.process({}, bareContext())).toThrow(
      expect.objectContaining({ code: 'SECRET_NOT_DECLARED' }),
    );
  });

  it('reads the parts of the host context only when they are used', async () => {
    const component = defineBatch({ process: (_inputs, { story }) => story.stepName });
    const engram = component.create();
    await engram.init?.({}, secretsFromValues({}), bareContext());
    // The tracer of this context throws when it is read.
    expect(await engram.process({}, bareContext())).toBe('');
  });

  it('says so when process is called before init', () => {
    const engram = defineBatch({ process: () => 1 }).create();
    expect(() => engram.process({}, bareContext())).toThrow(
      expect.objectContaining({ code: 'NOT_INITIALIZED' }),
    );
  });

  it('closes with no state when init failed', async () => {
    const seen: unknown[] = [];
    const component = defineBatch({
      init(): { open: true } {
        throw new Error('no');
      },
      process: () => 1,
      close: (state) => void seen.push(state),
    });
    const engram = component.create();
    await expect(engram.init?.({}, secretsFromValues({}), bareContext())).rejects.toThrow('no');
    await engram.close?.();
    expect(seen).toEqual([undefined]);
  });
});

describe('a defined streaming engram', () => {
  it('has a control handler only when the author wrote one', () => {
    const without = defineStreaming({ stream: async () => {} }).create();
    const withOne = defineStreaming({
      stream: async () => {},
      handleControl: ({ type }) => ({ type: `seen ${type}` }),
    }).create();
    expect('handleControl' in without).toBe(false);
    expect(typeof withOne.handleControl).toBe('function');
  });

  it('turns a synchronous throw of stream into a rejection', async () => {
    const engram = defineStreaming({
      stream(): Promise<void> {
        throw new Error('at once');
      },
    }).create();
    await engram.init?.({}, secretsFromValues({}), bareContext());
    const nothing = (async function* () {})();
    await expect(engram.stream(nothing, { send: async () => {} }, bareContext())).rejects.toThrow(
      'at once',
    );
  });
});

describe('definitions', () => {
  it('are frozen, branded, and carry their spec', () => {
    const component = defineImpulse({
      name: 'cron',
      version: '1.2.3-rc.1+5',
      secrets: ['token'],
      run: async () => {},
    });
    expect(component.kind).toBe('impulse');
    expect(component.spec).toEqual({ name: 'cron', version: '1.2.3-rc.1+5', secrets: ['token'] });
    expect(Object.isFrozen(component) && Object.isFrozen(component.spec)).toBe(true);
    expect(isComponent(component)).toBe(true);
    expect(isComponent({ ...component })).toBe(false);
  });

  it('list every problem at once, with the name that was meant', () => {
    const wrong = {
      name: 'Not A Name',
      version: '1',
      input: z.object({}),
      config: { url: 'text' },
      secrets: ['a', 'a'],
    };
    let thrown: unknown;
    try {
      // A caller without a type checker.
      Reflect.apply(defineBatch, undefined, [wrong]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(EngramkitError);
    expect(thrown).toMatchObject({
      code: 'INVALID_DEFINITION',
      details: {
        problems: [
          'name must be lower-case letters, digits and inner dashes, at most 63 characters',
          'version must be a semantic version such as 1.2.3',
          'config must be a Standard Schema, for example a zod, valibot or arktype schema',
          'secrets must not name a secret twice',
          'process must be a function',
          'unknown member "input"; did you mean inputs?',
        ],
      },
    });
  });

  it.each([undefined, null, 'text', []])('refuse %j', (value) => {
    expect(() => Reflect.apply(defineBatch, undefined, [value])).toThrow(/defineBatch: /);
  });

  it('pair up to one engram with two modes, but not under two names', () => {
    const batch = defineBatch({ name: 'twin', process: () => 1 });
    const streaming = defineStreaming({ name: 'twin', stream: async () => {} });
    expect(isEngramModes(defineEngram({ batch, streaming }))).toBe(true);
    const other = defineStreaming({ name: 'other', stream: async () => {} });
    expect(() => defineEngram({ batch, streaming: other })).toThrow('twin and other');
    expect(() => Reflect.apply(defineEngram, undefined, [{ batch, streaming: batch }])).toThrow(
      'streaming must be',
    );
  });
});

describe('a result', () => {
  it('is told apart from a value that looks like one', () => {
    expect(isResult(result({ a: 1 }))).toBe(true);
    expect(isResult({ data: 1 })).toBe(false);
    expect(result(undefined)).toEqual({ data: undefined });
  });
});
