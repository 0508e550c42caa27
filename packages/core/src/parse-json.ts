import { InvalidInputError } from './error.js';
import { diagnoseJson } from './json-diagnosis.js';
import { type JsonPolicy, jsonPolicy, type ParseJsonOptions } from './json-limits.js';
import type { JsonValue } from './json-types.js';

/**
 * Parses JSON from outside: RFC 8259 with bounds, and without the traps.
 *
 * Refused with an `InvalidInputError`: what is not JSON or not UTF-8 (`JSON_INVALID`), text above `maxBytes`
 * (`JSON_TOO_LARGE`), nesting above `maxDepth` (`JSON_TOO_DEEP`), an object that names a key twice (`JSON_DUPLICATE_KEY`), keys
 * that reach for prototypes (`JSON_FORBIDDEN_KEY`), and, if asked for, integers that a number cannot hold
 * (`JSON_LARGE_INTEGER`). `details` has `line` and `column` (from 1), `offset` (UTF-16 code units from 0) and `path` (a JSON
 * Pointer). A leading byte order mark is ignored.
 *
 * Well-formed text costs one linear scan, the platform's own parser, and one walk over the objects.
 */
export function parseJson(input: string | Uint8Array, options: ParseJsonOptions = {}): JsonValue {
  const policy = jsonPolicy(options);
  const text = textOf(input, policy);
  const members = countMembers(text, policy.maxDepth);
  if (members === TOO_DEEP) return diagnoseJson(text, policy);
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return diagnoseJson(text, policy); // Says where and why; the platform's message would show content.
  }
  const countsMatter = policy.duplicateKeys === 'refuse';
  if (!countsMatter && policy.prototypeKeys === 'keep' && policy.largeIntegers === 'round') {
    return value;
  }
  const walk = new Walk(policy);
  walk.visit(value);
  const odd = walk.suspicious || (countsMatter && (walk.members !== members || inheritsMembers()));
  return odd ? diagnoseJson(text, policy) : value;
}

/** Whether somebody put enumerable members on Object.prototype, which makes the walk's count worthless. */
function inheritsMembers(): boolean {
  for (const _key in {}) return true;
  return false;
}

function textOf(input: string | Uint8Array, policy: JsonPolicy): string {
  const { what, maxBytes } = policy;
  if (typeof input !== 'string') {
    if (input.byteLength > maxBytes) throw tooLarge(what, input.byteLength, maxBytes);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(input);
    } catch {
      throw new InvalidInputError(`${what} is not valid UTF-8`, {
        code: 'JSON_INVALID',
        hint: 'Save the text as UTF-8; other encodings and binary data are not JSON.',
      });
    }
  }
  // A UTF-16 code unit takes one to three bytes of UTF-8, so that most inputs need no exact count.
  if (input.length > maxBytes) throw tooLarge(what, input.length, maxBytes);
  if (input.length * 3 > maxBytes) {
    const bytes = utf8Length(input);
    if (bytes > maxBytes) throw tooLarge(what, bytes, maxBytes);
  }
  return input.charCodeAt(0) === 0xfeff ? input.slice(1) : input;
}

function tooLarge(what: string, bytes: number, maxBytes: number): InvalidInputError {
  return new InvalidInputError(
    `${what} has at least ${bytes} bytes, but at most ${maxBytes} are taken`,
    {
      code: 'JSON_TOO_LARGE',
      details: { bytes, maxBytes },
      hint: 'Pass large data by reference, or raise the limit if you trust the sender.',
    },
  );
}

/** The number of bytes of the text in UTF-8; a lone surrogate counts three, as its replacement does. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += 1;
    if (unit < 0x800) continue;
    bytes += 1;
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(index + 1);
    if (next >= 0xdc00 && next <= 0xdfff) index += 1; // Two units and two more bytes so far: the four of the pair.
  }
  return bytes;
}

const TOO_DEEP = -1;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Counts the members of all objects by their colons, without looking at grammar; `TOO_DEEP` as soon as nesting exceeds.
 *
 * The count is right for every valid text; invalid text is refused by the parser anyway.
 */
function countMembers(text: string, maxDepth: number): number {
  let depth = 0;
  let members = 0;
  const length = text.length;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < COLON) {
      // Digits, signs, commas and space, the most of what stands outside of strings, need one comparison more.
      if (unit === QUOTE) index = closingQuote(text, index + 1, length);
    } else if (unit === COLON) {
      members += 1;
    } else if ((unit | 0x20) === 0x7b) {
      // "[" or "{"
      depth += 1;
      if (depth > maxDepth) return TOO_DEEP;
    } else if ((unit | 0x20) === 0x7d) {
      // "]" or "}"
      depth -= 1;
    }
  }
  return members;
}

/** Short strings are scanned in place; from here on, the platform's search is faster than its call is dear. */
const SEARCH_FROM = 24;

function closingQuote(text: string, from: number, length: number): number {
  let index = from;
  const near = Math.min(length, from + SEARCH_FROM);
  while (index < near) {
    const unit = text.charCodeAt(index);
    if (unit === QUOTE) return index;
    index += unit === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    if (index >= length) return length;
    const quote = text.indexOf('"', index);
    if (quote === -1) return length;
    let backslashes = 0;
    for (let at = quote - 1; at >= index && text.charCodeAt(at) === BACKSLASH; at--) {
      backslashes += 1;
    }
    if (backslashes % 2 === 0) return quote;
    index = quote + 1;
  }
}

/** Counts what the parser made; fewer members than colons means that a key occurred twice. */
class Walk {
  members = 0;
  suspicious = false;
  readonly #refuseKeys: boolean;
  readonly #checkIntegers: boolean;

  constructor(policy: JsonPolicy) {
    this.#refuseKeys = policy.prototypeKeys === 'refuse';
    this.#checkIntegers = policy.largeIntegers !== 'round';
  }

  /** Recursion is bounded by `maxDepth`, which the scan before has checked. */
  visit(value: JsonValue): void {
    if (typeof value !== 'object') {
      if (this.#checkIntegers) this.#checkInteger(value);
    } else if (Array.isArray(value)) {
      this.#visitItems(value);
    } else if (value !== null) {
      this.#visitMembers(value as { readonly [key: string]: JsonValue });
    }
  }

  #visitItems(items: readonly JsonValue[]): void {
    for (let index = 0; index < items.length; index++) {
      const item = items[index] as JsonValue;
      if (typeof item === 'object') this.visit(item);
      else if (this.#checkIntegers) this.#checkInteger(item);
    }
  }

  #visitMembers(object: { readonly [key: string]: JsonValue }): void {
    // `for…in` reuses the engine's list of keys per shape, which `Object.keys` copies.
    for (const key in object) {
      this.members += 1;
      if (this.#refuseKeys && (key === '__proto__' || key === 'constructor')) {
        this.suspicious = true;
      }
      const value = object[key] as JsonValue;
      if (typeof value === 'object') this.visit(value);
      else if (this.#checkIntegers) this.#checkInteger(value);
    }
  }

  #checkInteger(value: JsonValue): void {
    if (typeof value !== 'number') return;
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) this.suspicious = true;
  }
}
