import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trimSpace } from './go-space.js';

describe('trimming as Go does', () => {
  it('removes U+0085, which JavaScript keeps, and keeps U+FEFF, which JavaScript removes', () => {
    expect(trimSpace('\u0085 \t a b\u3000\u0085')).toBe('a b');
    expect(trimSpace('\ufeffa\ufeff')).toBe('\ufeffa\ufeff');
    expect(trimSpace(' \n ')).toBe('');
  });

  it('agrees with JavaScript on text without those two, and settles at once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = trimSpace(text);
        expect(trimSpace(once)).toBe(once);
        const shared = text.replaceAll(/[\u0085\ufeff]/g, '');
        expect(trimSpace(shared)).toBe(shared.trim());
      }),
    );
  });
});
