import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from './suggestion.js';

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

describe('suggest', () => {
  it.each([
    ['desribe', 'describe'],
    ['rnu', 'run'],
    ['docter', 'doctor'],
    ['des', 'describe'],
    ['RUN', 'run'],
  ])('understands %s as %s', (asked, meant) => {
    expect(suggest(asked, ['run', 'runs', 'describe', 'doctor', 'check'])).toBe(meant);
  });

  it('stays silent when nothing is near', () => {
    expect(suggest('xyzzy', ['run', 'describe'])).toBeUndefined();
    expect(suggest('', ['run'])).toBeUndefined();
  });
});

describe('editDistance', () => {
  it('is zero only for equal words, symmetric, and at most the longer length', () => {
    fc.assert(
      fc.property(word, word, (left, right) => {
        const distance = editDistance(left, right);
        expect(distance === 0).toBe(left === right);
        expect(editDistance(right, left)).toBe(distance);
        expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(left.length - right.length));
      }),
    );
  });

  it('counts a swap of neighbours once', () => {
    expect(editDistance('rnu', 'run')).toBe(1);
  });
});
