import { compareText, fromBytes, isAscii, toBytes } from './bytes.js';

const NOT_PRINTABLE = /[\p{C}\p{Z}]/u;
const SHORT: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u000b': '\\v',
};
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\u000b',
  '\\': '\\',
};
const PLAIN = /^[\u0020-\u0021\u0023-\u005b\u005d-\u007e]*$/;

/** Whether Go prints the character as it is: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export function isPrintable(character: string): boolean {
  return character === ' ' || !NOT_PRINTABLE.test(character);
}

/** Go's `strconv.Quote` and its relatives. */
export function quoteText(
  text: string,
  options: { readonly quote?: '"' | "'"; readonly ascii?: boolean } = {},
): string {
  const { quote = '"', ascii = false } = options;
  if (quote === '"' && PLAIN.test(text)) return `"${text}"`;
  let out = quote;
  for (const character of text) out += quoteCharacter(character, quote, ascii);
  return out + quote;
}

function quoteCharacter(character: string, quote: string, ascii: boolean): string {
  if (character === quote || character === '\\') return `\\${character}`;
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  if (code >= 0xd800 && code <= 0xdfff) return ascii ? '\\ufffd' : '\ufffd';
  if (code < 0x80 ? code >= 0x20 && code < 0x7f : !ascii && isPrintable(character))
    return character;
  const short = SHORT[character];
  if (short !== undefined) return short;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** The quoting of Go's time package: every byte outside of printable ASCII as `\\xNN`. */
export function quoteTimeText(text: string): string {
  let out = '';
  for (const byte of toBytes(text)) {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte >= 0x80) out += `\\x${byte.toString(16).padStart(2, '0')}`;
    else out += character === '"' || character === '\\' ? `\\${character}` : character;
  }
  return `"${out}"`;
}

/** Whether Go would write the text between backquotes: no control character but the tab, no backquote, no byte order mark. */
export function canBackquote(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0xfeff || code === 0x60 || code === 0x7f || (code < 0x20 && code !== 9))
      return false;
    if (code >= 0xd800 && code <= 0xdfff) return false;
  }
  return true;
}

/** Undoes Go quoting (double quotes or backquotes); `undefined` when the text is not a Go literal. */
export function unquoteText(literal: string): string | undefined {
  const quote = literal[0];
  if (literal.length < 2 || quote === undefined || literal[literal.length - 1] !== quote)
    return undefined;
  const body = literal.slice(1, -1);
  if (quote === '`') return body.includes('`') ? undefined : body.replaceAll('\r', '');
  if (quote !== '"') return undefined;
  if (body.includes('\n')) return undefined;
  if (!body.includes('\\')) return body.includes('"') ? undefined : body;
  return unquoteBody(body, quote);
}

/** Undoes the escapes between quotes of the given kind; accepts `\'` in single and `\"` in double quotes. */
export function unquoteBody(body: string, quote: string): string | undefined {
  let out = '';
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) out += fromBytes(Uint8Array.from(bytes));
    bytes = [];
  };
  for (let at = 0; at < body.length; ) {
    const read = readCharacter(body, at, quote);
    if (read === undefined) return undefined;
    if (read.byte) bytes.push(read.code);
    else {
      flush();
      out += read.text ?? String.fromCodePoint(read.code);
    }
    at = read.next;
  }
  flush();
  return out;
}

/** One character of a Go literal: its code, where the next one starts, and whether it stands for one raw byte. */
export interface LiteralCharacter {
  readonly code: number;
  readonly next: number;
  readonly byte: boolean;
  readonly text?: string;
}

/** Reads one possibly escaped character; `undefined` when it is not valid inside the quotes. */
export function readCharacter(
  body: string,
  at: number,
  quote: string,
): LiteralCharacter | undefined {
  const code = body.codePointAt(at);
  if (code === undefined) return undefined;
  const character = String.fromCodePoint(code);
  if (character !== '\\') {
    if (character === quote) return undefined;
    return { code, next: at + character.length, byte: false, text: character };
  }
  const kind = body[at + 1];
  if (kind === undefined) return undefined;
  const simple = ESCAPES[kind];
  if (simple !== undefined) return { code: simple.charCodeAt(0), next: at + 2, byte: false };
  if (kind === "'" || kind === '"') {
    return kind === quote ? { code: kind.charCodeAt(0), next: at + 2, byte: false } : undefined;
  }
  if (kind === 'x' || kind === 'u' || kind === 'U') {
    const size = kind === 'x' ? 2 : kind === 'u' ? 4 : 8;
    const digits = body.slice(at + 2, at + 2 + size);
    if (digits.length < size || !/^[0-9a-fA-F]+$/.test(digits)) return undefined;
    const value = Number.parseInt(digits, 16);
    if (kind === 'x') return { code: value, next: at + 2 + size, byte: true };
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return undefined;
    return { code: value, next: at + 2 + size, byte: false };
  }
  const octal = body.slice(at + 1, at + 4);
  if (!/^[0-7]{3}$/.test(octal)) return undefined;
  const value = Number.parseInt(octal, 8);
  return value > 255 ? undefined : { code: value, next: at + 4, byte: true };
}

/** Own keys of an object in Go's print order. */
export function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  return keys.every(isAscii) ? keys.sort() : keys.sort(compareText);
}
