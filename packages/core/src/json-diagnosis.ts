import { InvalidInputError } from './error.js';
import type { JsonPolicy } from './json-limits.js';
import { detailPath, shownPath } from './json-pointer.js';
import type { JsonValue } from './json-types.js';

/**
 * The exact parser: slower than the platform's, but it knows where it is and enforces every policy.
 *
 * {@link parseJson} comes here only when its fast way found something odd, to say what, or to find that all is well.
 */
export function diagnoseJson(text: string, policy: JsonPolicy): JsonValue {
  return new ExactParser(text, policy).document();
}

type Container = Record<string, JsonValue>;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class ExactParser {
  readonly #text: string;
  readonly #policy: JsonPolicy;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string, policy: JsonPolicy) {
    this.#text = text;
    this.#policy = policy;
  }

  document(): JsonValue {
    this.#skipSpace();
    if (this.#at === this.#text.length) this.#invalid('it is empty');
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#invalid('there is more after the end of the value');
    return value;
  }

  #value(depth: number): JsonValue {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonValue {
    this.#checkDepth(depth);
    this.#at += 1;
    const object: Container = {};
    const keys = new Set<string>();
    this.#skipSpace();
    if (this.#take('}')) return object;
    for (;;) {
      if (this.#text[this.#at] !== '"') this.#expected('a key in double quotes');
      const keyAt = this.#at;
      const key = this.#string();
      this.#checkKey(key, keyAt, keys);
      this.#skipSpace();
      if (!this.#take(':')) this.#expected('":" after the key');
      this.#skipSpace();
      this.#path.push(key);
      const value = this.#value(depth);
      this.#path.pop();
      if (key === 'constructor' && hasPrototype(value)) this.#refuseKey(key, keyAt);
      putMember(object, key, value);
      this.#skipSpace();
      if (this.#take('}')) return object;
      if (!this.#take(',')) this.#expected('"," or "}"');
      this.#skipSpace();
    }
  }

  #array(depth: number): JsonValue {
    this.#checkDepth(depth);
    this.#at += 1;
    const items: JsonValue[] = [];
    this.#skipSpace();
    if (this.#take(']')) return items;
    for (;;) {
      this.#path.push(items.length);
      items.push(this.#value(depth));
      this.#path.pop();
      this.#skipSpace();
      if (this.#take(']')) return items;
      if (!this.#take(',')) this.#expected('"," or "]"');
      this.#skipSpace();
    }
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let result = '';
    let index = start + 1;
    let plainFrom = index;
    for (;;) {
      const unit = text.charCodeAt(index);
      if (Number.isNaN(unit)) {
        this.#at = start;
        this.#invalid('a string does not end');
      } else if (unit === 0x22) {
        this.#at = index + 1;
        return result + text.slice(plainFrom, index);
      } else if (unit < 0x20) {
        this.#at = index;
        this.#invalid('a control character stands in a string; write it as an escape');
      } else if (unit === 0x5c) {
        result += text.slice(plainFrom, index);
        this.#at = index;
        const [piece, length] = this.#escape();
        result += piece;
        index += length;
        plainFrom = index;
      } else {
        index += 1;
      }
    }
  }

  #escape(): readonly [piece: string, length: number] {
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (/^[0-9a-fA-F]{4}$/.test(digits)) {
        return [String.fromCharCode(Number.parseInt(digits, 16)), 6];
      }
    } else if (Object.hasOwn(ESCAPES, letter)) {
      return [ESCAPES[letter] as string, 2];
    }
    return this.#invalid('a backslash starts no known escape');
  }

  #word<Value extends JsonValue>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) this.#expected('a value');
    this.#at += word.length;
    return value;
  }

  #number(): JsonValue {
    NUMBER.lastIndex = this.#at;
    const literal = NUMBER.exec(this.#text)?.[0];
    if (literal === undefined) return this.#expected('a value');
    const value = Number(literal);
    const { largeIntegers } = this.#policy;
    if (largeIntegers !== 'round' && !Number.isSafeInteger(value) && /^-?[0-9]+$/.test(literal)) {
      if (largeIntegers === 'refuse') {
        this.#fail('JSON_LARGE_INTEGER', 'has an integer that a number cannot hold exactly', {
          hint: 'Send integers beyond 9007199254740991 as strings.',
        });
      }
      this.#at += literal.length;
      return literal;
    }
    this.#at += literal.length;
    return value;
  }

  #checkDepth(depth: number): void {
    if (depth <= this.#policy.maxDepth) return;
    this.#fail('JSON_TOO_DEEP', `is nested deeper than ${this.#policy.maxDepth} levels`, {
      hint: 'Flatten the data, or raise the limit if you trust the sender.',
    });
  }

  #checkKey(key: string, keyAt: number, keys: Set<string>): void {
    if (keys.has(key) && this.#policy.duplicateKeys === 'refuse') {
      this.#at = keyAt;
      this.#path.push(key);
      this.#fail('JSON_DUPLICATE_KEY', 'names a key twice in one object', {
        hint: 'Remove one of them: readers disagree on which one counts.',
      });
    }
    keys.add(key);
    if (key === '__proto__') this.#refuseKey(key, keyAt);
  }

  #refuseKey(key: string, keyAt: number): void {
    if (this.#policy.prototypeKeys === 'keep') return;
    this.#at = keyAt;
    this.#path.push(key);
    this.#fail('JSON_FORBIDDEN_KEY', 'has a key that reaches for a prototype', {
      hint: 'Rename the key: programs that copy it by assignment change unrelated objects.',
    });
  }

  #skipSpace(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at += 1;
    }
  }

  #take(mark: string): boolean {
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #expected(wanted: string): never {
    const end = this.#at >= this.#text.length ? ', but the text ends' : '';
    return this.#invalid(`expected ${wanted}${end}`);
  }

  #invalid(reason: string): never {
    return this.#fail('JSON_INVALID', `is not valid JSON: ${reason}`, {});
  }

  #fail(code: string, reason: string, options: { readonly hint?: string }): never {
    const { what, hideContent } = this.#policy;
    const offset = Math.min(this.#at, this.#text.length);
    const before = this.#text.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - before.lastIndexOf('\n');
    let message = `${what} ${reason}, at line ${line}, column ${column}`;
    if (!hideContent) {
      message += ` (${shownPath(this.#path)}), near ${excerpt(this.#text, offset)}`;
    }
    throw new InvalidInputError(message, {
      code,
      ...options,
      details: {
        line,
        column,
        offset,
        ...(hideContent ? {} : { path: detailPath(this.#path) }),
      },
    });
  }
}

/** Sets an own property whatever the key is; plain assignment to `__proto__` would change the prototype. */
export function putMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  } else {
    object[key] = value;
  }
}

function hasPrototype(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

/** Up to 20 characters on both sides, quoted, so that control characters cannot act in a terminal. */
function excerpt(text: string, offset: number): string {
  const from = Math.max(0, offset - 20);
  const to = Math.min(text.length, offset + 20);
  const piece = JSON.stringify(text.slice(from, to));
  const visible = piece.replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g,
    '\ufffd',
  );
  return `${from > 0 ? '…' : ''}${visible}${to < text.length ? '…' : ''}`;
}
