import type { JsonObject, JsonValue } from '@engramkit/core';
import { SandboxError } from './sandbox-error.js';

const U16 = 0xffff;
const U32 = 0xffff_ffff;

/** Reads the members of one JSON object; unknown members are ignored, absent optionals take their default. Source: sandbox 1. */
export class WireReader {
  readonly #members: JsonObject;
  readonly #path: string;

  constructor(value: JsonValue | undefined, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw problem(path, 'must be an object');
    }
    this.#members = value as JsonObject;
    this.#path = path;
  }

  at(name: string): string {
    return `${this.#path}/${name}`;
  }

  /** The member, `undefined` when it is absent. */
  raw(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
  }

  text(name: string, fallback?: string): string {
    const value = this.raw(name) ?? fallback;
    if (typeof value !== 'string') throw problem(this.at(name), 'must be a string');
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)) {
      throw problem(this.at(name), 'must be well-formed text, without lone surrogates');
    }
    return value;
  }

  optionalText(name: string): string | null {
    return (this.raw(name) ?? null) === null ? null : this.text(name);
  }

  flag(name: string, fallback?: boolean): boolean {
    const value = this.raw(name) ?? fallback;
    if (typeof value !== 'boolean') throw problem(this.at(name), 'must be true or false');
    return value;
  }

  u16(name: string): number {
    return this.#integer(name, U16);
  }

  u32(name: string, fallback?: number): number {
    return this.#integer(name, U32, fallback);
  }

  optionalU32(name: string): number | null {
    return (this.raw(name) ?? null) === null ? null : this.u32(name);
  }

  /** A 64-bit count as far as a number holds it exactly. */
  u64(name: string, fallback?: number): number {
    return this.#integer(name, Number.MAX_SAFE_INTEGER, fallback);
  }

  word<Word extends string>(name: string, words: readonly Word[], fallback?: Word): Word {
    const value = this.raw(name) ?? fallback;
    const found = words.find((word) => word === value);
    if (found === undefined) throw problem(this.at(name), `must be one of ${words.join(', ')}`);
    return found;
  }

  list<Item>(name: string, read: (item: JsonValue, path: string) => Item): readonly Item[] {
    const value = this.raw(name);
    if (!Array.isArray(value)) throw problem(this.at(name), 'must be an array');
    return (value as readonly JsonValue[]).map((item, index) =>
      read(item, `${this.at(name)}/${index}`),
    );
  }

  optional<Value>(name: string, read: (value: JsonValue, path: string) => Value): Value | null {
    const value = this.raw(name) ?? null;
    return value === null ? null : read(value, this.at(name));
  }

  #integer(name: string, most: number, fallback?: number): number {
    const value = this.raw(name) ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) {
      return value;
    }
    throw problem(this.at(name), `must be a whole number from 0 to ${most}`);
  }
}

/** The error for a member that is not what the wire says. */
export function problem(path: string, what: string): SandboxError {
  return new SandboxError('INVALID_ARGUMENT', `${path === '' ? 'the value' : path} ${what}`, {
    details: { path },
    hint: 'See the wire types of the sandbox for the shape.',
  });
}
