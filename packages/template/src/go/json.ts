import { joinStrayBytes } from './bytes.js';
import { entriesOf } from './format.js';
import { GoInt, GoObject, isList, itemsOf, NIL_LIST, putOwn } from './values.js';

const DEEPEST_ENCODED = 1_000;
/** The nesting that Go's decoder refuses. */
const DEEPEST_DECODED = 10_000;
const ESCAPED = /[\p{Cc}"\\<>&\u2028\u2029]/gu;
const RAW_ESCAPED = /[\p{Cc}"\\\u2028\u2029]/gu;
const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** How a value is written as JSON. */
export interface JsonStyle {
  /** Escape `<`, `>` and `&`; default yes. */
  readonly html?: boolean;
  /** Indentation of one level; default none. */
  readonly indent?: string;
}

/** A value that JSON cannot express. */
export class JsonTextError extends Error {}

/** `encoding/json`: sorted keys, numbers as JavaScript writes them, `<`, `>`, `&`, U+2028 and U+2029 escaped. */
export function encodeJson(value: unknown, style: JsonStyle = {}): string {
  return encode(value, style, '', 0);
}

function encode(value: unknown, style: JsonStyle, indent: string, depth: number): string {
  if (typeof value === 'string') return encodeText(value, style.html !== false);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      const shown = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
      throw new JsonTextError(`json: unsupported value: ${shown}`);
    }
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null || value === undefined || value === NIL_LIST) return 'null';
  if (value instanceof GoInt) return value.value.toString();
  if (value instanceof GoObject) return encodeText(value.toJsonText(), style.html !== false);
  if (depth > DEEPEST_ENCODED)
    throw new JsonTextError('json: unsupported value: encountered a cycle');
  const inner = style.indent === undefined ? '' : `${indent}${style.indent}`;
  const [open, gap, close] =
    style.indent === undefined ? ['', ',', ''] : [`\n${inner}`, `,\n${inner}`, `\n${indent}`];
  if (isList(value)) {
    const items = itemsOf(value);
    if (items.length === 0) return '[]';
    return `[${open}${items.map((item) => encode(item, style, inner, depth + 1)).join(gap)}${close}]`;
  }
  const colon = style.indent === undefined ? ':' : ': ';
  const members = entriesOf(value as object).map(
    ([key, entry]) =>
      encodeText(key, style.html !== false) + colon + encode(entry, style, inner, depth + 1),
  );
  return members.length === 0 ? '{}' : `{${open}${members.join(gap)}${close}}`;
}

function encodeText(text: string, html: boolean): string {
  const body = joinStrayBytes(text).replace(html ? ESCAPED : RAW_ESCAPED, (character) => {
    // The control characters above ASCII are printed as they are.
    if (character >= '\u007f' && character <= '\u009f') return character;
    return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  // A byte that is no character is written as an escape, unlike the character U+FFFD itself.
  return `"${body.replace(/\p{Surrogate}/gu, '\\ufffd')}"`;
}

/** `json.Unmarshal` into an untyped value: duplicates keep the last, lone surrogates become U+FFFD. */
export function decodeJson(text: string): unknown {
  const reader = new Reader(text);
  // Go checks the whole text before it builds anything, so the first error in the text wins.
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #numberProblem: JsonTextError | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#invalid('after top-level value');
    if (this.#numberProblem !== undefined) throw this.#numberProblem;
  }

  value(depth: number): unknown {
    this.#space();
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return this.#string();
    if (next === 't') return this.#word('true', true);
    if (next === 'f') return this.#word('false', false);
    if (next === 'n') return this.#word('null', null);
    if (next === '-' || (next !== undefined && next >= '0' && next <= '9')) return this.#number();
    throw this.#invalid('looking for beginning of value');
  }

  #object(depth: number): unknown {
    if (depth >= DEEPEST_DECODED) throw new JsonTextError('exceeded max depth');
    const map: Record<string, unknown> = {};

    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return map;
    }
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') {
        throw this.#invalid('looking for beginning of object key string');
      }
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ':') throw this.#invalid('after object key');
      this.#at += 1;
      putOwn(map, key, this.value(depth + 1));
      this.#space();
      const next = this.#text[this.#at];
      if (next !== ',' && next !== '}') throw this.#invalid('after object key:value pair');
      this.#at += 1;
      if (next === '}') return map;
    }
  }

  #array(depth: number): unknown {
    if (depth >= DEEPEST_DECODED) throw new JsonTextError('exceeded max depth');
    const items: unknown[] = [];
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === ']') {
      this.#at += 1;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      this.#space();
      const next = this.#text[this.#at];
      if (next !== ',' && next !== ']') throw this.#invalid('after array element');
      this.#at += 1;
      if (next === ']') return items;
    }
  }

  #string(): string {
    let out = '';
    this.#at += 1;
    for (;;) {
      const unit = this.#text[this.#at];
      if (unit === undefined) throw this.#invalid('in string literal');
      if (unit === '"') {
        this.#at += 1;
        return out;
      }
      if (unit < ' ') throw this.#invalid('in string literal');
      if (unit === '\\') out += this.#escape();
      else {
        out += unit;
        this.#at += 1;
      }
    }
  }

  #escape(): string {
    this.#at += 1;
    const kind = this.#text[this.#at];
    const at = kind === undefined ? -1 : '"\\/bfnrt'.indexOf(kind);
    if (at >= 0) {
      this.#at += 1;
      return '"\\/\b\f\n\r\t'[at] ?? '';
    }
    if (kind !== 'u') throw this.#invalid('in string escape code');
    const high = this.#hex();
    if (high < 0xd800 || high > 0xdfff) return String.fromCharCode(high);
    if (high <= 0xdbff && this.#text[this.#at] === '\\' && this.#text[this.#at + 1] === 'u') {
      const back = this.#at;
      this.#at += 1;
      const low = this.#hex();
      if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(high, low);
      this.#at = back;
    }
    return '\ufffd';
  }

  #hex(): number {
    this.#at += 1;
    for (let count = 0; count < 4; count += 1) {
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at + count] ?? '')) {
        this.#at += count;
        throw this.#invalid('in \\u hexadecimal character escape');
      }
    }
    const code = Number.parseInt(this.#text.slice(this.#at, this.#at + 4), 16);
    this.#at += 4;
    return code;
  }

  #word<Value>(word: string, value: Value): Value {
    for (let at = 1; at < word.length; at += 1) {
      this.#at += 1;
      if (this.#text[this.#at] !== word[at])
        throw this.#invalid(`in literal ${word} (expecting '${word[at]}')`);
    }
    this.#at += 1;
    return value;
  }

  #number(): number {
    const start = this.#at;
    if (this.#text[this.#at] === '-') this.#at += 1;
    if (this.#text[this.#at] === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      this.#at += 1;
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at += 1;
      this.#digits('in exponent of numeric literal');
    }
    const literal = this.#text.slice(start, this.#at);
    const value = Number(literal);
    if (!Number.isFinite(value)) {
      // Go looks at the whole text before it looks at numbers.
      this.#numberProblem ??= new JsonTextError(
        `json: cannot unmarshal number ${literal} into Go value of type float64`,
      );
    }
    return value;
  }

  #digits(where: string): void {
    const start = this.#at;
    while (/^\d$/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    if (this.#at === start) throw this.#invalid(where);
  }

  #space(): void {
    for (;;) {
      const unit = this.#text[this.#at];
      if (unit !== ' ' && unit !== '\t' && unit !== '\n' && unit !== '\r') return;
      this.#at += 1;
    }
  }

  #invalid(where: string): JsonTextError {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) {
      // Go ends a text with a blank to see whether it was complete; where a blank may stand, the end itself is the problem.
      return new JsonTextError(
        /literal \w|numeric|decimal|escape/.test(where)
          ? `invalid character ' ' ${where}`
          : 'unexpected end of JSON input',
      );
    }
    const character = String.fromCodePoint(code);
    // Go quotes one byte at a time; for other alphabets the first byte of the character is what it names.
    const shown =
      character === "'"
        ? `'\\''`
        : character === '"'
          ? `'"'`
          : character < ' '
            ? `'${JSON_CONTROL[character] ?? `\\x${code.toString(16).padStart(2, '0')}`}'`
            : code < 0x80
              ? `'${character === '\\' ? '\\\\' : character}'`
              : `'${firstByte(code)}'`;
    return new JsonTextError(`invalid character ${shown} ${where}`);
  }
}

const JSON_CONTROL: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/** The first UTF-8 byte of a character, shown as the Latin-1 character that Go prints for it. */
function firstByte(code: number): string {
  const byte =
    code < 0x800 ? 0xc0 | (code >> 6) : code < 0x10000 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18);
  return String.fromCharCode(byte);
}
