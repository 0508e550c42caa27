import type { JsonValue } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewValue, visibleLength } from './value-view.js';

const plain = { columns: 80, paint: (_style: unknown, text: string) => text };
const view = (value: JsonValue, limits = {}): string => viewValue(value, plain, limits).join('\n');

describe('viewValue', () => {
  it('shows short values in one line and an object without braces around it', () => {
    expect(view({ text: 'Hello', tags: ['a', 'b'], size: { width: 1 }, none: null })).toBe(
      'text: "Hello"\ntags: ["a", "b"]\nsize: { width: 1 }\nnone: null',
    );
    expect(view({})).toBe('{}');
    expect(view(['x', 1, true])).toBe('["x", 1, true]');
    expect(view('text')).toBe('"text"');
  });

  it('shows lists of alike objects as tables', () => {
    const list = [
      { magnitude: 6.4, place: 'Hualian', tsunami: true },
      { magnitude: 10, place: 'Jarm', tsunami: null },
    ];
    expect(view({ list })).toBe(
      [
        'list:',
        '  magnitude  place    tsunami',
        '        6.4  Hualian  true',
        '         10  Jarm     –',
      ].join('\n'),
    );
    expect(view({ list: [...list, { other: 1 }] })).toContain('list: [');
  });

  it('cuts texts to make a table fit, and gives up when that is not enough', () => {
    const long = { place: 'x'.repeat(100), other: 'y' };
    expect(view([long, long])).toMatch(/^ {2}place +other\n {2}x+… {2}y\n/);
    const names = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`column${at}`, at]));
    expect(view([names, names])).toContain('[');
  });

  it('says how much is missing', () => {
    expect(
      view({ list: Array.from({ length: 100 }, (_, at) => [at, [at]]) }, { entries: 3 }),
    ).toContain('… 97 more');
    expect(view('x'.repeat(5_000))).toContain('… (4.9 KiB)');
    expect(
      viewValue(
        Array.from({ length: 90 }, () => ({ a: [[1]] })),
        plain,
        { entries: 90, lines: 5 },
      ).at(-1),
    ).toMatch(/… \d+ more lines/);
  });

  it('is bounded and free of control characters, whatever the value is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 20, max: 200 }), (value, columns) => {
        const lines = viewValue(value as JsonValue, { ...plain, columns });
        expect(lines.length).toBeLessThanOrEqual(61);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
        expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });

  it('lays out the same with and without colours', () => {
    const coloured = {
      columns: 80,
      paint: (_: unknown, text: string) => `\u001b[31m${text}\u001b[39m`,
    };
    const value = {
      a: [
        { b: 1, c: 'x' },
        { b: 2, c: 'y' },
      ],
      d: { e: ['f'.repeat(70)] },
    };
    expect(viewValue(value, coloured).map(visibleLength)).toEqual(
      viewValue(value, plain).map((line) => line.length),
    );
  });
});
