import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mediaTypeOf } from './media-type.js';

describe('a media type', () => {
  it.each([
    ['text/plain', 'text/plain'],
    ['Text/PLAIN; charset=utf-8', 'text/plain'],
    ['image', 'image'],
    ['text/plain;', 'text/plain'],
    ['text/plain ; ', 'text/plain'],
    ['a/b; x="quoted \\" ; text"; y=1', 'a/b'],
    ['a/b; x=""', 'a/b'],
    ['a/b; x="C:\\dev\\go"', 'a/b'],
    ['a/b; x=1; X=1', 'a/b'],
    ['a/b ;x = 1', 'a/b'],
    ["a/b; filename*0*=UTF-8''x; filename*1=y", 'a/b'],
    ['application/vnd.bubu.packet+json', 'application/vnd.bubu.packet+json'],
  ])('is read from %j', (text, type) => {
    expect(mediaTypeOf(text)).toBe(type);
  });

  it.each([
    'not a mime type',
    '',
    ';',
    '/plain',
    'text/',
    'text/plain/more',
    'text/pl ain',
    'text/plain; charset',
    'text/plain; charset=',
    'text/plain; =utf-8',
    'text/plain; x=1; x=2',
    'text/plain; x="open',
    'text/plain; x="line\nbreak"',
    'text/plain; x=1 y=2',
    'text/plain;;',
    'größe/plain',
    'text/plain; x=ä',
  ])('is not found in %j', (text) => {
    expect(mediaTypeOf(text)).toBe(undefined);
  });

  it('survives any quoting of a parameter', () => {
    const value = fc.string({ unit: 'binary' }).filter((text) => !/[\r\n]/.test(text));
    const name = fc.string({ unit: fc.constantFrom(...'abz09!#-'), minLength: 1 });
    fc.assert(
      fc.property(name, value, (key, text) => {
        const quoted = text.replaceAll(/["\\]/g, '\\$&');
        expect(mediaTypeOf(`A/b; ${key}="${quoted}"`)).toBe('a/b');
      }),
    );
  });

  it('is total and in lower case', () => {
    const pieces = fc.array(fc.constantFrom('a', 'B', '/', ';', '=', '"', '\\', ' ', '*', 'x=1'));
    fc.assert(
      fc.property(
        pieces.map((parts) => parts.join('')),
        (text) => {
          const type = mediaTypeOf(text);
          expect(type).toBe(type?.toLowerCase());
        },
      ),
    );
  });
});
