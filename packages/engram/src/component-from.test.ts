import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Component,
  componentFrom,
  defineBatch,
  defineEngram,
  defineStreaming,
  inspectExport,
} from './index.js';

class Batch {
  static readonly spec = { name: 'classy', inputs: z.object({}), secrets: ['token'] };
  process() {
    return 1;
  }
}
class Streaming {
  async stream() {}
}
class Impulse {
  async run() {}
}
class Both {
  static readonly spec = { name: 'both' };
  process() {
    return 1;
  }
  async stream() {}
}
class WithFields {
  static readonly spec = { name: 'fields' };
  process = () => 1;
}
class Derived extends Batch {}

function only(exported: unknown): Component {
  const found = componentFrom(exported);
  if (!('kind' in found)) throw new Error('expected one component');
  return found;
}

describe('recognising an export', () => {
  it('takes a definition as it is', () => {
    const component = defineBatch({ process: () => 1 });
    expect(componentFrom(component)).toBe(component);
  });

  it('takes a definition of another copy of the package', () => {
    const foreign = Object.defineProperty(
      { kind: 'batch', spec: {}, create: () => new Batch() },
      Symbol.for('engramkit.component'),
      { value: 1 },
    );
    expect(componentFrom(foreign)).toBe(foreign);
  });

  it.each([
    [Batch, 'batch', 'classy'],
    [Derived, 'batch', 'classy'],
    [Streaming, 'streaming', undefined],
    [Impulse, 'impulse', undefined],
    [WithFields, 'batch', 'fields'],
  ])('takes the class %s as %s', (exported, kind, name) => {
    const component = only(exported);
    expect([component.kind, component.spec.name]).toEqual([kind, name]);
    expect(component.create()).toBeInstanceOf(exported);
    expect(component.create()).not.toBe(component.create());
  });

  it('takes an instance, with the spec of its class, and gives that instance', () => {
    const instance = new Batch();
    expect(only(instance).create()).toBe(instance);
    expect(only(instance).spec).toEqual(Batch.spec);
    expect(only({ process: () => 1 }).kind).toBe('batch');
  });

  it('finds both modes in one class, in a pair of classes, and in defineEngram', () => {
    const pair = defineEngram({
      batch: defineBatch({ process: () => 1 }),
      streaming: defineStreaming({ stream: async () => {} }),
    });
    for (const exported of [Both, { batch: Batch, streaming: Streaming }, pair]) {
      expect(componentFrom(exported)).toMatchObject({
        batch: { kind: 'batch' },
        streaming: { kind: 'streaming' },
      });
    }
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [7, 'a number'],
    ['text', 'a string'],
    [() => 1, 'the plain function'],
    [
      async function greet() {
        await 1;
      },
      'the plain function greet; pass it to defineBatch as process',
    ],
    [class Nothing {}, 'the class Nothing without a process, stream or run method'],
    [{}, 'an object without a process, stream or run method'],
    [
      { config: 1, inputs: 2 },
      'an object without a process, stream or run method (it has config, inputs)',
    ],
    [Promise.resolve(1), 'a promise; export the component itself'],
    [
      { process() {}, run() {} },
      'an instance with process and run, so it could be an impulse or an engram; rename one method',
    ],
    [{ process() {}, spec: 'text' }, 'an instance whose spec is not an object'],
    [
      { process() {}, spec: { version: 'one' } },
      'an instance whose spec is not valid: version must be a semantic version such as 1.2.3',
    ],
    [{ batch: Streaming, streaming: Streaming }, 'a pair whose batch is of another kind'],
    [{ batch: Batch, streaming: 1 }, 'a pair whose streaming is a number'],
  ])('refuses %o with the reason', (exported, reason) => {
    expect(inspectExport(exported)).toEqual({ refusal: expect.stringContaining(reason) });
    expect(() => componentFrom(exported)).toThrow(
      expect.objectContaining({
        code: 'EXPORT_NOT_FOUND',
        hint: expect.stringContaining('defineBatch'),
      }),
    );
  });

  it('survives values that fight back', () => {
    const trap = (): never => {
      throw new Error('boo');
    };
    const hostile = new Proxy(
      {},
      { get: trap, has: trap, ownKeys: trap, getOwnPropertyDescriptor: trap },
    );
    const hostileFunction = new Proxy(() => {}, { get: trap });
    class Explodes {
      static readonly spec = {};
      constructor() {
        throw new Error('not today');
      }
    }
    const getter = Object.defineProperty({}, 'process', { get: trap });
    for (const exported of [hostile, hostileFunction, Explodes, getter]) {
      expect(inspectExport(exported).refusal).toContain('a value that cannot be read');
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(inspectExport(proxy).refusal).toContain('a value that cannot be read');
  });
});
