import { EngramkitError, InvalidInputError } from './error.js';
import { putMember } from './json-diagnosis.js';
import { detailPath, shownPath } from './json-pointer.js';
import type { JsonObject, JsonValue } from './json-types.js';
import { utf8Length } from './parse-json.js';

/** Bounds and policies of {@link toJsonValue} and {@link stringifyJson}. */
export interface JsonOutputOptions {
  /** The most bytes of UTF-8 that the JSON text may take; default: no limit. */
  readonly maxBytes?: number;
  /** The deepest nesting of arrays and objects; default 256. */
  readonly maxDepth?: number;
  /** How errors call the value, such as `the output`; default `the value`. */
  readonly what?: string;
}

/**
 * A plain JSON copy of a value, or an error that names the place where it is not one.
 *
 * `toJSON` methods are called and members that are `undefined` are left out, as JSON texts have it. Refused is what JSON would
 * lose or cannot say, with an `InvalidInputError`: cycles (`JSON_CYCLIC`), nesting above `maxDepth` (`JSON_TOO_DEEP`), text above
 * `maxBytes` (`JSON_TOO_LARGE`), the key `__proto__` (`JSON_FORBIDDEN_KEY`), and with `JSON_UNSERIALIZABLE`: BigInt, functions,
 * symbols, `undefined` in arrays, NaN and infinities, maps, sets, bytes, errors, promises, regular expressions, and whatever
 * throws while it is read. `details.path` is a JSON Pointer.
 */
export function toJsonValue(value: unknown, options: JsonOutputOptions = {}): JsonValue {
  const copier = new Copier(options);
  const copy = copier.copy(value);
  if (options.maxBytes !== undefined) copier.checkSize(JSON.stringify(copy), options.maxBytes);
  return copy;
}

/**
 * The compact JSON text of a value, under the rules of {@link toJsonValue}.
 *
 * Members keep their order; nothing is escaped beyond what JSON demands.
 */
export function stringifyJson(value: unknown, options: JsonOutputOptions = {}): string {
  const copier = new Copier(options);
  const text = JSON.stringify(copier.copy(value));
  if (options.maxBytes !== undefined) copier.checkSize(text, options.maxBytes);
  return text;
}

class Copier {
  readonly #what: string;
  readonly #maxDepth: number;
  readonly #maxBytes: number;
  readonly #path: (string | number)[] = [];
  readonly #open = new Set<object>();
  /** A lower bound of the text's length, so that shared parts cannot blow up the copy. */
  #length = 0;

  constructor(options: JsonOutputOptions) {
    this.#what = options.what ?? 'the value';
    this.#maxDepth = options.maxDepth ?? 256;
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
  }

  copy(value: unknown): JsonValue {
    const copy = this.#copy(value, '');
    return copy === undefined ? this.#refuse('is undefined') : copy;
  }

  checkSize(text: string, maxBytes: number): void {
    const bytes = utf8Length(text);
    if (bytes > maxBytes) this.#refuseSize(bytes);
  }

  /** `undefined` stands for what JSON leaves out. */
  #copy(given: unknown, key: string): JsonValue | undefined {
    const value =
      typeof given === 'object' || typeof given === 'bigint' ? this.#converted(given, key) : given;
    switch (typeof value) {
      case 'string':
        this.#grow(value.length + 2);
        return value;
      case 'boolean':
        this.#grow(4);
        return value;
      case 'number':
        if (!Number.isFinite(value)) {
          return this.#refuse(`is ${value}`, 'Use null or a string for numbers that JSON lacks.');
        }
        this.#grow(1);
        return value === 0 ? 0 : value; // JSON texts lose the sign of zero; the copy says so already.
      case 'undefined':
        return undefined;
      case 'bigint':
        return this.#refuse('is a BigInt', 'Convert it with String(value) or Number(value).');
      case 'object':
        return value === null ? null : this.#container(value);
      default:
        return this.#refuse(`is a ${typeof value}`, 'Return data only.');
    }
  }

  #converted(value: object | bigint | null, key: string): unknown {
    if (value === null) return null;
    if (typeof value === 'object') this.#checkKind(value);
    const toJson = this.#read(() => (value as { readonly toJSON?: unknown }).toJSON);
    if (typeof toJson === 'function') return this.#read(() => toJson.call(value, key));
    if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      return this.#read(() => value.valueOf());
    }
    return value;
  }

  #container(value: object): JsonValue {
    this.#checkKind(value);
    if (this.#open.has(value)) {
      return this.#fail('JSON_CYCLIC', 'contains itself', 'Return identifiers instead of links.');
    }
    if (this.#open.size >= this.#maxDepth) {
      return this.#fail('JSON_TOO_DEEP', `is nested deeper than ${this.#maxDepth} levels`);
    }
    this.#open.add(value);
    this.#grow(2);
    const copy = this.#read(() => Array.isArray(value)) ? this.#array(value) : this.#object(value);
    this.#open.delete(value);
    return copy;
  }

  #array(array: object): JsonValue {
    const { length } = array as readonly unknown[];
    const copy: JsonValue[] = [];
    for (let index = 0; index < length; index++) {
      this.#path.push(index);
      const item = this.#read(() => (array as readonly unknown[])[index]);
      const value = this.#copy(item, String(index));
      if (value === undefined) {
        return this.#refuse('is undefined', 'Use null for an empty place in a list.');
      }
      copy.push(value);
      this.#path.pop();
    }
    return copy;
  }

  #object(object: object): JsonObject {
    const copy: Record<string, JsonValue> = {};
    for (const key of this.#read(() => Object.keys(object))) {
      this.#path.push(key);
      if (key === '__proto__') {
        this.#fail(
          'JSON_FORBIDDEN_KEY',
          'is a key that reaches for a prototype',
          'Rename the key.',
        );
      }
      const member = this.#read(() => (object as Readonly<Record<string, unknown>>)[key]);
      const value = this.#copy(member, key);
      this.#path.pop();
      if (value === undefined) continue;
      this.#grow(key.length + 3);
      putMember(copy, key, value);
    }
    return copy;
  }

  #checkKind(value: object): void {
    const lossy = this.#read(() => LOSSY.find(([isKind]) => isKind(value)));
    if (lossy !== undefined) this.#refuse(`is ${lossy[1]}`, lossy[2]);
  }

  /** Getters, proxies and `toJSON` are code of others and may throw anything. */
  #read<Value>(read: () => Value): Value {
    try {
      return read();
    } catch (thrown) {
      if (thrown instanceof EngramkitError) throw thrown;
      return this.#refuse('threw while it was read', undefined, thrown);
    }
  }

  #grow(bytes: number): void {
    this.#length += bytes;
    if (this.#length > this.#maxBytes) this.#refuseSize(this.#length);
  }

  #refuseSize(bytes: number): never {
    throw new InvalidInputError(
      `${this.#what} takes at least ${bytes} bytes as JSON, but at most ${this.#maxBytes} are allowed`,
      {
        code: 'JSON_TOO_LARGE',
        details: { bytes, maxBytes: this.#maxBytes },
        hint: 'Return less, or store the data elsewhere and return where it is.',
      },
    );
  }

  #refuse(reason: string, hint?: string, ...cause: readonly unknown[]): never {
    return this.#fail('JSON_UNSERIALIZABLE', reason, hint, ...cause);
  }

  #fail(code: string, reason: string, hint?: string, ...cause: readonly unknown[]): never {
    throw new InvalidInputError(
      `${this.#what} cannot be written as JSON: ${shownPath(this.#path)} ${reason}`,
      {
        code,
        details: { path: detailPath(this.#path) },
        ...(hint === undefined ? {} : { hint }),
        ...(cause.length === 0 ? {} : { cause: cause[0] }),
      },
    );
  }
}

/** Kinds that JSON would turn into `{}` or into something nobody meant. */
const LOSSY: readonly (readonly [is: (value: object) => boolean, kind: string, hint: string])[] = [
  [(value) => value instanceof Promise, 'a promise', 'Await it.'],
  [
    (value) => value instanceof Map,
    'a Map',
    'Convert it with Object.fromEntries(map) or [...map].',
  ],
  [(value) => value instanceof Set, 'a Set', 'Convert it with [...set].'],
  [
    (value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer,
    'bytes',
    'Encode them as base64 text.',
  ],
  [
    (value) => value instanceof WeakMap || value instanceof WeakSet,
    'a weak collection',
    'Leave it out.',
  ],
  [(value) => value instanceof RegExp, 'a regular expression', 'Convert it with String(value).'],
  [
    (value) => value instanceof Error && !('toJSON' in value),
    'an error',
    'Throw it, or return its message.',
  ],
];
