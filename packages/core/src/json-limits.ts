import { InvalidInputError } from './error.js';

/** Bounds and policies of {@link parseJson}. */
export interface ParseJsonOptions {
  /** The most bytes of UTF-8 text; default 67,108,864 (64 MiB). */
  readonly maxBytes?: number;
  /** The deepest nesting of arrays and objects, from 1 to 2,000; default 256. A scalar has depth 0. */
  readonly maxDepth?: number;
  /**
   * What happens to keys that reach for prototypes: `__proto__`, and `constructor` with a `prototype` inside.
   *
   * `refuse` (default) throws; `keep` makes them own properties, which is safe until somebody copies them by assignment.
   */
  readonly prototypeKeys?: 'refuse' | 'keep';
  /**
   * What happens to an object that names a key twice.
   *
   * `refuse` (default) throws; `last` takes the last value, for protocols that say so.
   */
  readonly duplicateKeys?: 'refuse' | 'last';
  /**
   * What happens to integers beyond ±(2^53 − 1), which a number cannot hold exactly.
   *
   * `round` (default) takes the nearest number, `refuse` throws, `text` yields the digits as a string. Numbers written with a
   * fraction or an exponent are not integers here.
   */
  readonly largeIntegers?: 'round' | 'refuse' | 'text';
  /** How errors call the input, such as `--inputs` or `BUBU_TRIGGER_DATA`; default `the JSON text`. */
  readonly what?: string;
  /** Keeps excerpts, keys and paths of the input out of errors, for text that bears secrets; default `false`. */
  readonly hideContent?: boolean;
}

/** 64 MiB: more than any payload that travels inline, less than what hurts a small container. */
export const DEFAULT_MAX_JSON_BYTES = 64 * 1024 * 1024;
/** Deeper than any document people write, shallower than what overflows a stack. */
export const DEFAULT_MAX_JSON_DEPTH = 256;
const HIGHEST_MAX_DEPTH = 2_000;

/** {@link ParseJsonOptions} with every default filled in. */
export type JsonPolicy = Required<ParseJsonOptions>;

/** Fills in the defaults; throws `JSON_LIMIT_INVALID` for limits that make no sense. */
export function jsonPolicy(options: ParseJsonOptions): JsonPolicy {
  const {
    maxBytes = DEFAULT_MAX_JSON_BYTES,
    maxDepth = DEFAULT_MAX_JSON_DEPTH,
    prototypeKeys = 'refuse',
    duplicateKeys = 'refuse',
    largeIntegers = 'round',
    what = 'the JSON text',
    hideContent = false,
  } = options;
  checkLimit('maxBytes', maxBytes, Number.MAX_SAFE_INTEGER);
  checkLimit('maxDepth', maxDepth, HIGHEST_MAX_DEPTH);
  return { maxBytes, maxDepth, prototypeKeys, duplicateKeys, largeIntegers, what, hideContent };
}

function checkLimit(name: string, limit: number, highest: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= highest) return;
  throw new InvalidInputError(`${name} is ${limit}, but must be an integer from 1 to ${highest}`, {
    code: 'JSON_LIMIT_INVALID',
  });
}
