import { systemClock, systemRandom } from '@engramkit/core';
import { describe, expect, it } from 'vitest';
import {
  literalPaths,
  type TemplateResolverOptions,
  templateResolver,
} from './template-resolver.js';

const { signal } = new AbortController();
const resolve = (value: unknown, context = {}, options: Partial<TemplateResolverOptions> = {}) =>
  templateResolver({
    limits: { templateMaxInputBytes: 500, templateMaxOutputBytes: 100, templateTimeoutMs: 1_000 },
    clock: systemClock,
    random: systemRandom,
    ...options,
  }).resolve(value, { inputs: {}, context }, { signal });

describe('the template resolver', () => {
  it('resolves over the inputs and steps of the context', async () => {
    const context = { inputs: { who: 'Ada' }, steps: { a: { output: { n: [1, 2] } } } };
    expect(
      await resolve(
        { a: 'Hi {{ inputs.who }}', b: '{{ steps.a.output.n }}', c: '{{' + '"x"}}' },
        context,
      ),
    ).toEqual({ a: 'Hi Ada', b: [1, 2], c: 'x' });
  });

  it('loads the context before it looks into it, also when there is no expression', async () => {
    const loaded: unknown[] = [];
    const payloads = {
      hydrate: async (value: unknown) => {
        loaded.push(value);
        return { steps: { a: { output: 'loaded' } } };
      },
      dehydrate: async (value: never) => value,
    };
    expect(await resolve('{{ steps.a.output }}', { x: 1 }, { payloads })).toBe('loaded');
    expect(await resolve('plain', { x: 1 }, { payloads })).toBe('plain');
    expect(loaded).toEqual([{ x: 1 }, { x: 1 }]);
  });

  it('leaves what came out of storage alone, the whole document included', async () => {
    const before = { a: { $bubuStorageRef: 'x' }, b: '{{ 1 }}', c: [{ $bubuSecretRef: 's:k' }] };
    const after = { a: { deep: '{{ fail }}' }, b: '{{ 1 }}', c: ['{{ fail }}'] };
    expect(await resolve(after, {}, { isLiteral: literalPaths(before) })).toEqual({
      ...after,
      b: 1,
    });
    const whole = literalPaths({ $bubuStorageRef: 'x' });
    expect(await resolve({ a: '{{ fail }}' }, {}, { isLiteral: whole })).toEqual({
      a: '{{ fail }}',
    });
  });

  it('refuses documents and contexts above the limit', async () => {
    const code = { code: 'TEMPLATE_INPUT_TOO_LARGE' };
    await expect(resolve('x'.repeat(600))).rejects.toMatchObject(code);
    await expect(resolve('x', { a: 'x'.repeat(600) })).rejects.toMatchObject(code);
  });
});
