import { byteLength } from './go/bytes.js';
import { quoteText } from './go/quote.js';

/** The kinds of tokens between and around action delimiters. */
export type TokenKind =
  | 'error'
  | 'eof'
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'pipe'
  | 'assign'
  | 'declare'
  | 'char'
  | 'bool'
  | 'character'
  | 'complex'
  | 'number'
  | 'string'
  | 'raw'
  | 'identifier'
  | 'field'
  | 'variable'
  | 'leftParen'
  | 'rightParen'
  | 'keyword'
  | 'dot'
  | 'nil';

/** One token with its offset in the text (UTF-16 units) and its line. */
export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  readonly at: number;
  readonly line: number;
}

/** How a token is named in an error. */
export function tokenText(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (token.kind === 'error') return token.value;
  if (token.kind === 'keyword' || token.kind === 'nil' || token.kind === 'dot')
    return `<${token.value}>`;
  if (byteLength(token.value) > 10)
    return `${quoteText([...token.value].slice(0, 10).join(''))}...`;
  return quoteText(token.value);
}

/** A character as Go names it: `U+005B '['`. */
export function unicodeName(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const shown = /[\p{C}\p{Z}]/u.test(character) && character !== ' ' ? '' : ` '${character}'`;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}${shown}`;
}
