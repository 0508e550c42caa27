import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFunction, EchoFunction, FunctionRegistry, functionsOf, governed } from './index.js';

const named = (function_id: string, trigger_events: readonly string[] = []) =>
  defineFunction({ function_id, trigger_events }, () => function_id);

describe('FunctionRegistry', () => {
  it('refuses a taken id, takes the same object again, replaces on request and in place', () => {
    const registry = new FunctionRegistry();
    const first = named('a', ['E']);
    registry.register(first);
    registry.register(first);
    registry.register(named('b', ['E']));
    expect(() => registry.register(named('a'))).toThrowError(
      expect.objectContaining({ code: 'FUNCTION_EXISTS' }),
    );
    const before = registry.entry('a')?.version;
    const second = named('a', ['E', 'F']);
    registry.register(second, { replace: true });
    expect(registry.get('a')).toBe(second);
    expect(registry.entry('a')?.version).not.toBe(before);
    expect(registry.triggerIndex()).toEqual({ E: ['a', 'b'], F: ['a'] });
    expect(registry.list()).toHaveLength(2);
  });

  it('keeps what it was told when the function changes afterwards', () => {
    class Changing extends EchoFunction {
      override trigger_events: readonly string[] = ['A'];
    }
    const changing = new Changing();
    const events = ['A'];
    changing.trigger_events = events;
    const registry = new FunctionRegistry();
    registry.register(changing);
    events.push('B');
    changing.trigger_events = ['C'];
    expect(registry.triggerIndex()).toEqual({ A: ['echo'] });
    expect(registry.entry('echo')?.descriptor.trigger_events).toEqual(['A']);
    expect(new EchoFunction().trigger_events).toEqual(['ECHO']);
  });

  it('refuses ids of routes, and things that are no functions', () => {
    const registry = new FunctionRegistry();
    expect(() => registry.register(named('health'))).toThrowError(/route of that name/);
    expect(() => registry.register({ function_id: 'x' } as never)).toThrowError(/lacks handle/);
    expect(() =>
      registry.register({ ...new EchoFunction(), function_id: 'A B' } as never),
    ).toThrow();
  });

  it('matches kinds exactly unless patterns are on; then exact functions come first', () => {
    const exact = new FunctionRegistry();
    exact.register(named('star', ['GSAP_*']));
    expect(exact.forEvent('GSAP_CR')).toEqual([]);
    expect(exact.forEvent('GSAP_*')).toHaveLength(1);
    const registry = new FunctionRegistry({ patterns: true });
    registry.register(named('star', ['GSAP_*']));
    registry.register(named('exact', ['GSAP_CR']));
    registry.register(named('middle', ['G*_C*']));
    const ids = (kind: string) =>
      registry.entriesFor(kind).map((one) => one.attributes.function_id);
    expect(ids('GSAP_CR')).toEqual(['exact', 'star', 'middle']);
    expect(ids('GSAP_CR')).toEqual(['exact', 'star', 'middle']);
    expect(ids('gsap_cr')).toEqual([]);
    registry.unregister('star');
    expect(ids('GSAP_CR')).toEqual(['exact', 'middle']);
    expect(registry.triggerIndex()).toEqual({ 'G*_C*': ['middle'], GSAP_CR: ['exact'] });
  });

  it('finds for a pattern what a regular expression finds', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    const texts = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    fc.assert(
      fc.property(
        letters.filter((one) => one.includes('*')),
        texts,
        (pattern, kind) => {
          const registry = new FunctionRegistry({ patterns: true });
          registry.register(named('f', [pattern]));
          const expression = new RegExp(`^${pattern.replace(/\*+/g, '.*')}$`);
          expect(registry.forEvent(kind).length === 1).toBe(expression.test(kind));
        },
      ),
    );
  });

  it('has the index of a model after any changes', () => {
    const kinds = fc.uniqueArray(fc.constantFrom('A', 'B', 'C', '__proto__', 'constructor'));
    const step = fc.record({ id: fc.constantFrom('f', 'g', 'h'), kinds, remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const registry = new FunctionRegistry();
        const model = new Map<string, readonly string[]>();
        for (const one of steps) {
          if (one.remove) {
            expect(registry.unregister(one.id)).toBe(model.delete(one.id));
          } else {
            registry.register(named(one.id, one.kinds), { replace: true });
            model.set(one.id, one.kinds);
          }
        }
        const expected: [string, string[]][] = [];
        for (const kind of ['A', 'B', 'C', '__proto__', 'constructor'].sort()) {
          const ids = [...model].filter(([, has]) => has.includes(kind)).map(([id]) => id);
          if (ids.length > 0) expected.push([kind, ids]);
          expect(registry.entriesFor(kind).map((entry) => entry.attributes.function_id)).toEqual(
            ids,
          );
        }
        expect(Object.entries(registry.triggerIndex())).toEqual(expected);
      }),
    );
  });
});

describe('governed', () => {
  it('wraps an existing function, which stays callable', async () => {
    const tax = governed({ function_id: 'sales-tax' })((event: { net: number }) => event.net / 5);
    expect(await tax({ net: 10 })).toBe(2);
    expect(tax.display_name).toBe('Sales Tax');
    expect(tax.healthCheck()).toBe(true);
  });

  it('marks methods of a class, bound to their instance', async () => {
    class Shop {
      #sold = 0;
      sell(event: { count: number }): number {
        this.#sold += event.count;
        return this.#sold;
      }
    }
    // What the compiler makes of `@governed({ function_id: 'sell' })` above the method.
    const initializers: ((this: unknown) => void)[] = [];
    const context = {
      kind: 'method',
      name: 'sell',
      static: false,
      addInitializer: (initialize: (this: unknown) => void) => initializers.push(initialize),
    } as unknown as ClassMethodDecoratorContext;
    Shop.prototype.sell = governed({ function_id: 'sell' })(Shop.prototype.sell, context);
    const shop = new Shop();
    for (const initialize of initializers) initialize.call(shop);
    const [sell] = functionsOf(shop);
    const call = { rawEvent: 0 } as never;
    expect(await sell?.handle({ count: 2 } as never, {} as never, call)).toMatchObject({ data: 2 });
    expect(shop.sell({ count: 1 })).toBe(3);
    expect(functionsOf(new Shop())).toEqual([]);
    const fixed = { ...context, static: true } as ClassMethodDecoratorContext;
    expect(() => governed({ function_id: 'x' })(() => 1, fixed)).toThrowError(/cannot be governed/);
  });
});
