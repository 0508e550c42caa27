import type { KeepLiterals } from './keep-literals.js';

const BRAND = Symbol.for('engramkit.result');

/**
 * What `process` hands back: one JSON-able value under `data`.
 *
 * Returning the bare value means the same. `undefined` and `null` data become an empty object on the wire.
 */
export interface Result<Output> {
  readonly data: Output;
}

/** Wraps an output, so that a value that itself looks like a result is not mistaken for one. */
export function result<Output>(data: Output | KeepLiterals): Result<Output> {
  const wrapped = { data: data as Output }; // No value is a `KeepLiterals`.
  return Object.freeze(Object.defineProperty(wrapped, BRAND, { value: true }));
}

/** Whether the value was made by {@link result}, in any copy of the package. */
export function isResult(value: unknown): value is Result<unknown> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, BRAND);
}
