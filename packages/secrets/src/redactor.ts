import { describeThrown, type JsonValue } from '@engramkit/core';
import { type SecretForm, SHORTEST_SUBSTRING, secretForms } from './secret-forms.js';
import { REDACTED } from './secret-store.js';

/** Replaces every occurrence of the secrets in texts, and in everything that contains texts. */
export interface Redactor {
  (text: string): string;
  (value: JsonValue): JsonValue;
  (value: unknown): unknown;
}

const MAX_DEPTH = 64;

/**
 * Makes a function that takes secret values out of texts, JSON, errors and log fields.
 *
 * Found are the value itself, anywhere in a text, its URL-encoded, JSON-escaped and base64 forms (also inside a longer base64
 * text), and the single lines of a value of many lines. Values of 4 and 5 characters are replaced only where they stand as a
 * word of their own, and shorter ones not at all: they occur in any text. Keys of objects are redacted as well. What is returned
 * for objects is a plain copy, unless nothing had to be replaced in a plain one; errors become objects with `name`, `message`,
 * `stack`, `cause` and their own members. Cycles become `[Circular]`. Never throws.
 */
export function createRedactor(values: readonly string[]): Redactor {
  const forms = secretForms(values);
  const redactText = (text: string): string => replaceForms(text, forms);
  const redactValue = (value: unknown): unknown => new Redaction(redactText).of(value);
  const redact = (value: unknown): unknown =>
    typeof value === 'string' ? redactText(value) : redactValue(value);
  return redact as Redactor; // One implementation for the overloads: text stays text, JSON stays JSON.
}

type Range = [from: number, to: number];

/** All matches are found before any is replaced, so that overlapping secrets leave no rest. */
function replaceForms(text: string, forms: readonly SecretForm[]): string {
  const ranges: Range[] = [];
  for (const { text: form, wholeWord } of forms) {
    if (form.length > text.length) continue;
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
      if (wholeWord && !standsAlone(text, at, at + form.length)) continue;
      const last = ranges.at(-1);
      if (last !== undefined && at >= last[0] && at <= last[1]) {
        last[1] = Math.max(last[1], at + form.length);
      } else {
        ranges.push([at, at + form.length]);
      }
    }
  }
  if (ranges.length === 0) return text;
  ranges.sort((left, right) => left[0] - right[0]);
  let result = '';
  let done = 0;
  for (const [from, to] of ranges) {
    // Ranges that overlap or touch share one replacement.
    if (from > done || done === 0) result += text.slice(done, from) + REDACTED;
    done = Math.max(done, to);
  }
  return result + text.slice(done);
}

const WORD = /[\p{L}\p{N}]/u;

function standsAlone(text: string, from: number, to: number): boolean {
  return !WORD.test(text[from - 1] ?? '') && !WORD.test(text[to] ?? '');
}

/** One pass over one value. */
class Redaction {
  readonly #text: (text: string) => string;
  readonly #open = new Set<object>();

  constructor(text: (text: string) => string) {
    this.#text = text;
  }

  of(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
      case 'bigint':
        return this.#number(value);
      case 'symbol':
        return this.#text(value.toString());
      case 'function':
        return '[Function]';
      case 'object':
        return value === null ? null : this.#object(value);
      default:
        return value;
    }
  }

  /** A numeric secret may have become a number on its way. */
  #number(value: number | bigint): unknown {
    const text = String(value);
    if (text.length < SHORTEST_SUBSTRING) return value;
    const redacted = this.#text(text);
    return redacted === text ? value : redacted;
  }

  #object(value: object): unknown {
    if (this.#open.has(value)) return '[Circular]';
    if (this.#open.size >= MAX_DEPTH) return '[Too deep]';
    this.#open.add(value);
    try {
      return this.#members(value);
    } catch (thrown) {
      // Getters and proxies of others may throw; a log line must not fail for that.
      return this.#text(`[Unreadable: ${describeThrown(thrown)}]`);
    } finally {
      this.#open.delete(value);
    }
  }

  #members(value: object): unknown {
    if (value instanceof Error) return this.#error(value);
    if (Array.isArray(value)) return this.#array(value);
    if (value instanceof Map) {
      return new Map([...value].map(([key, member]) => [this.of(key), this.of(member)]));
    }
    if (value instanceof Set) return new Set([...value].map((member) => this.of(member)));
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return this.#bytes(value);
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === 'function') return this.of(toJSON.call(value, ''));
    return this.#plain(value, isPlain(value));
  }

  #array(array: readonly unknown[]): unknown {
    const redacted = array.map((item) => this.of(item));
    return redacted.every((item, index) => Object.is(item, array[index])) ? array : redacted;
  }

  #plain(object: object, mayKeep: boolean): unknown {
    let changed = !mayKeep;
    const redacted: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(object)) {
      const safeKey = this.#key(key, redacted);
      const safeMember = this.of(member);
      if (safeKey !== key || !Object.is(safeMember, member)) changed = true;
      Object.defineProperty(redacted, safeKey, {
        value: safeMember,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return changed ? redacted : object;
  }

  /** Two keys that become the same text both stay. */
  #key(key: string, taken: Readonly<Record<string, unknown>>): string {
    const safe = this.#text(key);
    if (safe === key) return key;
    let unique = safe;
    for (let count = 2; Object.hasOwn(taken, unique); count++) unique = `${safe} (${count})`;
    return unique;
  }

  #error(error: Error): unknown {
    const { toJSON } = error as { readonly toJSON?: unknown };
    const own = typeof toJSON === 'function' ? this.of(toJSON.call(error, '')) : undefined;
    return {
      name: this.of(error.name),
      message: this.of(error.message),
      ...(error.stack === undefined ? {} : { stack: this.of(error.stack) }),
      ...(error.cause === undefined ? {} : { cause: this.of(error.cause) }),
      ...(error instanceof AggregateError ? { errors: this.of(error.errors) } : {}),
      ...(typeof own === 'object' ? own : (this.#plain(error, false) as object)),
    };
  }

  /** Bytes are kept unless they spell a secret. */
  #bytes(bytes: ArrayBufferView | ArrayBuffer): unknown {
    const view =
      bytes instanceof ArrayBuffer
        ? Buffer.from(bytes)
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const text = view.toString('utf8');
    return this.#text(text) === text ? bytes : REDACTED;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
