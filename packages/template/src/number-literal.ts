import { parseFloatText, parseIntText, unsignedText } from './go/float.js';
import { quoteText, readCharacter } from './go/quote.js';
import { GoInt } from './go/values.js';
import type { NumberNode } from './nodes.js';
import type { Token } from './token.js';

/** Reads a number or character literal; a text says what is wrong with it. */
export function numberNode(token: Token): NumberNode | string {
  const { value: text, at } = token;
  const make = (
    int: bigint | undefined,
    float: number | undefined,
    ideal: unknown,
  ): NumberNode => ({
    kind: 'number',
    at,
    text,
    int,
    float,
    ideal,
  });
  if (token.kind === 'character') {
    const read = readCharacter(text, 1, "'");
    if (read === undefined) return 'invalid syntax';
    if (text.slice(read.next) !== "'") return `malformed character constant: ${text}`;
    const int = BigInt(read.code);
    return make(int, read.code, new GoInt('int', int));
  }
  if (token.kind === 'complex' || text.endsWith('i'))
    return `complex numbers are not part of the dialect: ${quoteText(text)}`;
  const unsigned = unsignedText(text, 0);
  const int = parseIntText(text, 0);
  if (int !== undefined)
    return make(int, Number(int), isFloatText(text) ? Number(int) : new GoInt('int', int));
  if (unsigned !== undefined && unsigned < 1n << 64n)
    return make(undefined, Number(unsigned), undefined);
  const float = parseFloatText(text);
  if (float === undefined) return `illegal number syntax: ${quoteText(text)}`;
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${quoteText(text)}`;
  const whole =
    Number.isInteger(float) && float >= -(2 ** 63) && float < 2 ** 63 ? BigInt(float) : undefined;
  return make(whole, float, float);
}

function isFloatText(text: string): boolean {
  const hexInt = /^0[xX]/.test(text) && text.length > 2 && !/[pP]/.test(text);
  return !hexInt && /[.eEpP]/.test(text);
}
