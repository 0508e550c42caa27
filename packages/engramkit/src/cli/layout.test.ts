import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bar, bytesText, durationText, printable, wrap } from './layout.js';

describe('wrap', () => {
  it('keeps every word in order and no line too long unless it is one word', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 60 }), (text, width) => {
        const lines = wrap(text, width);
        const words = text.split(/\s+/).filter(Boolean);
        expect(lines.flatMap((line) => line.split(/\s+/)).filter(Boolean)).toEqual(words);
        for (const line of lines) {
          expect(line.length <= width || !/\s/.test(line.trim())).toBe(true);
        }
      }),
    );
  });
});

describe('bar', () => {
  it('never exceeds its width, grows with the share, and shows any share above zero', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('blocks' as const, 'ascii' as const),
        (share, width, style) => {
          const drawn = bar(share, width, style);
          expect(drawn.length).toBeLessThanOrEqual(width);
          expect(drawn.length > 0).toBe(share > 0);
        },
      ),
    );
    expect(bar(Number.NaN, 10, 'ascii')).toBe('');
    expect(bar(1, 4, 'blocks')).toBe('████');
    expect(bar(0.5, 4, 'ascii')).toBe('##');
  });
});

describe('printable', () => {
  it('makes control characters and direction overrides visible', () => {
    expect(printable('a\u001b[31mb\u202e\u0007\nc\td')).toBe('a\\u001b[31mb\\u202e\\u0007\nc\td');
  });
});

describe('durationText and bytesText', () => {
  it.each([
    [0.4213, '0.42 ms'],
    [12.34, '12.3 ms'],
    [1_240, '1.24 s'],
    [125_000, '2 min 5 s'],
  ])('writes %d milliseconds as %s', (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });

  it.each([
    [812, '812 B'],
    [4_096, '4.0 KiB'],
    [1_258_291, '1.2 MiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});
