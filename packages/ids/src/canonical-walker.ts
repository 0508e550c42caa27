import { InvalidInputError } from '@engramkit/core';
import { type ByteSink, ByteWriter } from './byte-sink.js';
import {
  CanonicalizationError,
  type PathSegment,
  PyRecursionError,
  PyTypeError,
  PyValueError,
} from './canonical-error.js';
import { isPyDict, isPyFloat, type PyDict, type PyFloat } from './py-values.js';

/** What the engine says when recursion has used up its stack. */
const STACK_OVERFLOW = /call stack/i;

/** How deep values may be nested unless the caller says otherwise. Source: function-descriptor section 3.6. */
export const DEFAULT_DEPTH = 990;

/** What differs from call to call. */
export interface WalkOptions {
  /** How deep containers may be nested, 1 to 990; default 990. */
  readonly maxDepth?: number | undefined;
  /** What to do with members that are `undefined`; default `refuse`. Elements of arrays are always refused. */
  readonly undefinedMembers?: 'refuse' | 'drop' | undefined;
  /** The text that stands for a value without a canonical form (dates, maps, class instances …); it becomes a string. */
  readonly default?: ((value: unknown) => string) | undefined;
}

/** Refuses a limit that would not protect the stack, or that makes no sense; throws `INVALID_DEPTH_LIMIT`. */
export function checkDepthLimit(maxDepth: number): void {
  if (Number.isInteger(maxDepth) && maxDepth >= 1 && maxDepth <= DEFAULT_DEPTH) return;
  throw new InvalidInputError(`maxDepth is ${maxDepth}, but must be from 1 to ${DEFAULT_DEPTH}.`, {
    code: 'INVALID_DEPTH_LIMIT',
    hint: 'Leave it out, or pass a whole number in that range.',
  });
}

/** A cycle is looked for at every sixteenth level: it comes around at each of them. */
const CYCLE_CHECK_MASK = 15;

/** Walks a value, refuses what has no canonical form, and says where it was. */
export abstract class CanonicalWalker extends ByteWriter {
  protected maxDepth = DEFAULT_DEPTH;
  protected dropUndefined = false;
  protected fallback: ((value: unknown) => string) | undefined;
  /** The member or index that is being written, per level. */
  protected readonly path: PathSegment[] = [];
  readonly #containers: object[] = [];

  /** The name of the format for messages. */
  protected abstract readonly formatName: string;

  /** Writes the outermost value. */
  protected abstract root(value: unknown): void;

  /** Writes one document into the sink. */
  write(value: unknown, sink: ByteSink, options: WalkOptions): void {
    this.configure(options);
    this.begin(sink);
    try {
      this.root(value);
      this.end();
    } catch (error) {
      if (error instanceof RangeError && STACK_OVERFLOW.test(error.message)) {
        throw this.tooDeep(this.path.length, error);
      }
      throw error;
    } finally {
      this.forget();
    }
  }

  protected configure(options: WalkOptions): void {
    const { maxDepth = DEFAULT_DEPTH, undefinedMembers = 'refuse' } = options;
    checkDepthLimit(maxDepth);
    this.maxDepth = maxDepth;
    this.dropUndefined = undefinedMembers === 'drop';
    this.fallback = options.default;
  }

  /** Lets go of everything that belongs to the value. */
  protected forget(): void {
    this.path.length = 0;
    this.#containers.length = 0;
    this.fallback = undefined;
  }

  /** Notes that a container is being entered. */
  protected enter(container: object, depth: number): void {
    this.#containers[depth] = container;
    if (depth >= this.maxDepth || (depth & CYCLE_CHECK_MASK) === CYCLE_CHECK_MASK) {
      this.#checkNesting(depth);
    }
  }

  #checkNesting(depth: number): void {
    const first = new Map<object, number>();
    for (let level = 0; level <= depth; level++) {
      const container = this.#containers[level]!;
      const earlier = first.get(container);
      if (earlier !== undefined) throw this.cycle(this.path.slice(0, level), earlier);
      first.set(container, level);
    }
    if (depth >= this.maxDepth) throw this.tooDeep(depth);
  }

  protected cycle(path: readonly PathSegment[], upLevel: number): CanonicalizationError {
    return new PyValueError('Circular reference detected', path, {
      code: 'CANONICAL_CYCLE',
      details: { repeatsLevel: upLevel },
      hint: 'Replace the reference by an identifier of what it points to.',
    });
  }

  protected tooDeep(depth: number, cause?: unknown): CanonicalizationError {
    return new PyRecursionError(
      'maximum recursion depth exceeded while encoding a JSON object',
      this.path.slice(0, depth),
      {
        code: 'CANONICAL_TOO_DEEP',
        details: { maxDepth: this.maxDepth },
        hint: `Nest at most ${this.maxDepth} levels; flatten the value.`,
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }

  /** The members to write, without those that are dropped. */
  protected memberNames(value: Record<string, unknown>): string[] {
    const names = Object.keys(value);
    return this.dropUndefined ? names.filter((name) => value[name] !== undefined) : names;
  }

  /** Whether an object is nothing but a bag of members. */
  protected isPlain(value: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return true;
    // The `Object.prototype` of another realm looks like this.
    return (
      typeof prototype === 'object' &&
      Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype as object, 'isPrototypeOf')
    );
  }

  /** Tells the wrappers of this package from everything else that is no plain object. */
  protected wrapperOf(value: object): PyFloat | PyDict | undefined {
    return isPyFloat(value) || isPyDict(value) ? value : undefined;
  }

  protected unsupported(value: unknown, depth: number): CanonicalizationError {
    const path = this.path.slice(0, depth);
    if (value === undefined) {
      return new CanonicalizationError(`undefined has no ${this.formatName} form`, path, {
        code: 'CANONICAL_UNDEFINED',
        hint: 'Leave the member out, use null, or drop such members with undefinedMembers: "drop".',
      });
    }
    const kind = kindOf(value);
    return new CanonicalizationError(`${kind} has no ${this.formatName} form`, path, {
      code: 'CANONICAL_UNSUPPORTED_TYPE',
      details: { kind },
      hint: hintFor(kind),
    });
  }

  protected loneSurrogate(depth: number): CanonicalizationError {
    return new CanonicalizationError(
      `a string holds half of a surrogate pair, which ${this.formatName} cannot carry`,
      this.path.slice(0, depth),
      {
        code: 'CANONICAL_LONE_SURROGATE',
        hint: 'Repair the text with toWellFormed(), or use the scheme "python", which carries it.',
      },
    );
  }

  protected nonFinite(value: number, depth: number): CanonicalizationError {
    return new CanonicalizationError(
      `${value} has no ${this.formatName} form`,
      this.path.slice(0, depth),
      {
        code: 'CANONICAL_NON_FINITE',
        hint: 'Use null or a string, or the scheme "python", which carries it.',
      },
    );
  }

  protected integerRange(value: bigint, range: string, depth: number): CanonicalizationError {
    const digits = value.toString(16).length;
    return new CanonicalizationError(
      `the integer ${digits > 32 ? 'of more than 128 bits' : value} is outside ${range} of ${this.formatName}`,
      this.path.slice(0, depth),
      {
        code: 'CANONICAL_INTEGER_RANGE',
        hint: 'Write it as a string, or use the scheme "python", which carries it.',
      },
    );
  }

  protected keyType(kind: string, depth: number): CanonicalizationError {
    return new PyTypeError(
      `keys must be str, int, float, bool or None, not ${kind}`,
      this.path.slice(0, depth),
      { code: 'CANONICAL_KEY_TYPE', hint: 'Use string keys.' },
    );
  }
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `a ${name}`
    : 'an object with inherited members';
}

function hintFor(kind: string): string {
  switch (kind) {
    case 'a Date':
      return 'Convert it first: toISOString(), or pyDatetime() for the text that Python writes.';
    case 'a Map':
      return 'Convert it first: Object.fromEntries(), or PyDict when keys are no strings.';
    case 'a Set':
      return 'Convert it first: a sorted array; the order of a set means nothing.';
    case 'a Uint8Array':
    case 'a Buffer':
      return 'Convert it first: base64, pyBytes(), or a scheme of raw bytes or DAG.';
    default:
      return 'Convert it to plain data first, or pass a default function that yields its text.';
  }
}
