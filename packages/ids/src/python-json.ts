import { InvalidInputError, jsonPointer, utf8Length } from '@engramkit/core';
import { checkDepthLimit, DEFAULT_DEPTH } from './canonical-walker.js';
import { PyFloat } from './py-values.js';

/** Bounds and policies of {@link parsePythonJson}. */
export interface ParsePythonJsonOptions {
  /** The most bytes of UTF-8 text; default 67,108,864 (64 MiB). */
  readonly maxBytes?: number | undefined;
  /** The deepest nesting of arrays and objects, 1 to 990; default 990. */
  readonly maxDepth?: number | undefined;
  /** What a name that occurs twice in one object means; default `last`, as in Python. */
  readonly duplicateKeys?: 'last' | 'refuse' | undefined;
  /** Whether `NaN`, `Infinity` and `-Infinity` are numbers, as in Python; default `true`. */
  readonly nonFinite?: boolean | undefined;
  /** How errors call the input; default `the JSON text`. */
  readonly what?: string | undefined;
}

const DEFAULT_BYTES = 64 * 1024 * 1024;
/** CPython reads no longer integers. Source: function-descriptor section 3.6. */
const LONGEST_INTEGER_DIGITS = 4300;

/**
 * Parses JSON as Python's `json.loads` does, without losing what a JavaScript number cannot tell.
 *
 * `1.0` becomes a {@link PyFloat}, an integer beyond 2^53 − 1 a bigint, and `NaN` and infinities are numbers. `__proto__` is an
 * ordinary own member. The result has the same `python` content id as in Python.
 *
 * Throws an `InvalidInputError` with line, column and path: `JSON_INVALID`, `JSON_TOO_LARGE`, `JSON_TOO_DEEP`,
 * `JSON_DUPLICATE_KEY`. Source: function-descriptor section 3.7.
 */
export function parsePythonJson(
  input: string | Uint8Array,
  options: ParsePythonJsonOptions = {},
): unknown {
  return new PythonJsonParser(textOf(input, options), options).document();
}

function textOf(input: string | Uint8Array, options: ParsePythonJsonOptions): string {
  const { maxBytes = DEFAULT_BYTES, what = 'the JSON text' } = options;
  const bytes = typeof input === 'string' ? utf8Length(input) : input.byteLength;
  if (bytes > maxBytes) {
    throw new InvalidInputError(`${what} has ${bytes} bytes, but at most ${maxBytes} are taken`, {
      code: 'JSON_TOO_LARGE',
      details: { bytes, maxBytes },
      hint: 'Raise the limit if you trust the sender.',
    });
  }
  if (typeof input === 'string') return input;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(input);
  } catch {
    throw new InvalidInputError(`${what} is not valid UTF-8`, {
      code: 'JSON_INVALID',
      hint: 'Save the text as UTF-8.',
    });
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON refuses exactly these.
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class PythonJsonParser {
  readonly #text: string;
  readonly #what: string;
  readonly #maxDepth: number;
  readonly #refuseDuplicates: boolean;
  readonly #nonFinite: boolean;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string, options: ParsePythonJsonOptions) {
    const { maxDepth = DEFAULT_DEPTH } = options;
    checkDepthLimit(maxDepth);
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#what = options.what ?? 'the JSON text';
    this.#refuseDuplicates = options.duplicateKeys === 'refuse';
    this.#nonFinite = options.nonFinite ?? true;
  }

  document(): unknown {
    this.#match(SPACE);
    const value = this.#value(0);
    this.#match(SPACE);
    if (this.#at < this.#text.length) this.#invalid('there is more after the end of the value');
    return value;
  }

  #value(depth: number): unknown {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      case 'N':
        return this.#nonFiniteWord('NaN', Number.NaN);
      case 'I':
        return this.#nonFiniteWord('Infinity', Number.POSITIVE_INFINITY);
      default:
        return this.#number();
    }
  }

  #object(depth: number): Record<string, unknown> {
    this.#open(depth);
    const object: Record<string, unknown> = {};
    if (this.#take('}')) return object;
    for (;;) {
      if (this.#text[this.#at] !== '"') this.#invalid('a member name in double quotes is missing');
      const name = this.#string();
      if (this.#refuseDuplicates && Object.hasOwn(object, name)) this.#duplicate(name);
      this.#match(SPACE);
      if (!this.#take(':')) this.#invalid('a colon is missing after a member name');
      this.#path[depth] = name;
      setMember(object, name, this.#value(depth + 1));
      this.#path.length = depth;
      this.#match(SPACE);
      if (this.#take('}')) return object;
      if (!this.#take(',')) this.#invalid('a comma or "}" is missing');
    }
  }

  #array(depth: number): unknown[] {
    this.#open(depth);
    const items: unknown[] = [];
    if (this.#take(']')) return items;
    for (;;) {
      this.#path[depth] = items.length;
      items.push(this.#value(depth + 1));
      this.#path.length = depth;
      this.#match(SPACE);
      if (this.#take(']')) return items;
      if (!this.#take(',')) this.#invalid('a comma or "]" is missing');
    }
  }

  #open(depth: number): void {
    if (depth >= this.#maxDepth) {
      this.#fail('JSON_TOO_DEEP', `it is nested more than ${this.#maxDepth} levels deep`);
    }
    this.#at++;
    this.#match(SPACE);
  }

  #string(): string {
    this.#at++;
    let text = this.#match(PLAIN_CHARACTERS);
    for (;;) {
      const mark = this.#text[this.#at];
      if (mark === '"') break;
      if (mark === undefined) this.#invalid('a string does not end');
      if (mark !== '\\') this.#invalid('a control character stands in a string; escape it');
      text += this.#escape() + this.#match(PLAIN_CHARACTERS);
    }
    this.#at++;
    return text;
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    const short = SHORT_ESCAPES[letter];
    if (short !== undefined) {
      this.#at += 2;
      return short;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) {
      this.#invalid('a backslash starts no known escape');
    }
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): unknown {
    const start = this.#at;
    if (this.#text.startsWith('-Infinity', start)) {
      return this.#nonFiniteWord('-Infinity', Number.NEGATIVE_INFINITY);
    }
    NUMBER.lastIndex = start;
    const found = NUMBER.exec(this.#text);
    if (found === null) return this.#invalid('a value is missing');
    const [literal, fraction, exponent] = found;
    const value = Number(literal);
    this.#at += literal.length;
    if (fraction !== undefined || exponent !== undefined) {
      return Number.isInteger(value) ? new PyFloat(value) : value;
    }
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    if (literal.length > LONGEST_INTEGER_DIGITS + (literal.startsWith('-') ? 1 : 0)) {
      this.#at = start;
      this.#invalid(`an integer has more than ${LONGEST_INTEGER_DIGITS} digits`);
    }
    return BigInt(literal);
  }

  #word<Value>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) this.#invalid('a value is missing');
    this.#at += word.length;
    return value;
  }

  #nonFiniteWord(word: string, value: number): number {
    if (!this.#nonFinite) this.#invalid(`${word} is no JSON`);
    return this.#word(word, value);
  }

  /** Takes the mark and the white space after it. */
  #take(mark: string): boolean {
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    this.#match(SPACE);
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #duplicate(name: string): never {
    this.#path.push(name);
    return this.#fail('JSON_DUPLICATE_KEY', 'it names a member twice in one object');
  }

  #invalid(reason: string): never {
    return this.#fail('JSON_INVALID', reason);
  }

  #fail(code: string, reason: string): never {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = this.#at - before.lastIndexOf('\n');
    throw new InvalidInputError(
      `${this.#what} cannot be read: ${reason} (line ${line}, column ${column})`,
      {
        code,
        details: { line, column, offset: this.#at, path: jsonPointer(this.#path) },
        hint: 'Check the text at that place.',
      },
    );
  }
}

function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    object[name] = value;
  }
}
