import type { JsonObject } from './json-types.js';

/**
 * Whether trying again can help.
 *
 * - `never`: the same call fails again.
 * - `safe`: trying again may succeed.
 * - `rate-limited`: trying again may succeed, later; `retryAfterMs` says when, if known.
 * - `unknown`: nobody knows whether the effect happened.
 */
export type RetryClass = 'never' | 'safe' | 'rate-limited' | 'unknown';

/** What an {@link EngramkitError} is made of. */
export interface EngramkitErrorOptions {
  /** Stable text in `UPPER_SNAKE_CASE`; part of the API. */
  readonly code: string;
  /** Default `never`. */
  readonly retry?: RetryClass;
  /** Milliseconds to wait before the next try. */
  readonly retryAfterMs?: number;
  /** Facts that are safe to log and to send; never secrets. */
  readonly details?: JsonObject;
  /** One sentence: what to do now. */
  readonly hint?: string;
  /** What led to this error; any value. */
  readonly cause?: unknown;
}

/** The JSON form of an {@link EngramkitError}: without stack, causes as a chain of messages. */
export interface SerializedError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly retry: RetryClass;
  readonly retryAfterMs?: number;
  readonly hint?: string;
  readonly details?: JsonObject;
  readonly causes?: readonly string[];
}

const BRAND = Symbol.for('engramkit.error');
const CAUSES_SHOWN = 8;
const TEXT_SHOWN = 2_000;

/**
 * The base of every error that Engramkit throws on purpose.
 *
 * `instanceof` works across copies and versions of the package: it looks at a brand, not at the prototype. Subclasses exist by
 * meaning and are told apart by their own brand names, given as static `brand`.
 */
export class EngramkitError extends Error {
  /** The name that marks instances of this class in every copy of the package. */
  static readonly brand: string = 'EngramkitError';

  readonly code: string;
  readonly retry: RetryClass;
  readonly retryAfterMs: number | undefined;
  readonly details: JsonObject | undefined;
  readonly hint: string | undefined;

  constructor(message: string, options: EngramkitErrorOptions) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code;
    this.retry = options.retry ?? 'never';
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
    this.hint = options.hint;
    Object.defineProperty(this, 'name', {
      value: new.target.brand,
      configurable: true,
      writable: true,
    });
    Object.defineProperty(this, BRAND, { value: brandsOf(new.target) });
  }

  /** Whether the value was made by this class or a subclass, in any copy of the package; never throws. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return brandsIn(value).includes(this.brand);
  }

  /**
   * Turns anything thrown into an `EngramkitError`; never throws itself.
   *
   * An `EngramkitError` comes back as it is. Aborts get code `ABORTED`, timeouts `TIMEOUT`, everything else `UNEXPECTED`; the
   * original is the `cause`.
   */
  static from(
    thrown: unknown,
    options: { readonly code?: string; readonly retry?: RetryClass; readonly hint?: string } = {},
  ): EngramkitError {
    if (brandsIn(thrown).includes('EngramkitError')) return thrown as EngramkitError;
    const name = textOf(() => (thrown as { readonly name?: unknown }).name);
    const code =
      options.code ??
      (name === 'AbortError' ? 'ABORTED' : name === 'TimeoutError' ? 'TIMEOUT' : 'UNEXPECTED');
    return new EngramkitError(describeThrown(thrown), { ...options, code, cause: thrown });
  }

  /** The form that is safe to log and to send. */
  toJSON(): SerializedError {
    const causes: string[] = [];
    const seen = new Set<unknown>([this]);
    let cause: unknown = this.cause;
    while (cause !== undefined && !seen.has(cause) && causes.length < CAUSES_SHOWN) {
      seen.add(cause);
      causes.push(describeThrown(cause));
      const holder = cause;
      cause = attempt(() => (holder as { readonly cause?: unknown }).cause);
    }
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      retry: this.retry,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(causes.length === 0 ? {} : { causes }),
    };
  }
}

/** A value from outside was refused: wrong shape, wrong type, out of bounds. */
export class InvalidInputError extends EngramkitError {
  static override readonly brand: string = 'InvalidInputError';
}

/** Work was stopped from outside before it was done. */
export class CancelledError extends EngramkitError {
  static override readonly brand: string = 'CancelledError';

  constructor(message: string, options: Partial<EngramkitErrorOptions> = {}) {
    super(message, { code: 'CANCELLED', retry: 'safe', ...options });
  }
}

/** A deadline passed before the work was done. */
export class DeadlineError extends EngramkitError {
  static override readonly brand: string = 'DeadlineError';

  constructor(message: string, options: Partial<EngramkitErrorOptions> = {}) {
    super(message, { code: 'DEADLINE_EXCEEDED', retry: 'safe', ...options });
  }
}

/**
 * One line that says what was thrown: the message of an error, the text of a string, the kind of anything else.
 *
 * Total: hostile proxies, frozen objects and throwing getters yield a text as well. At most 2,000 characters.
 */
export function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'string') return bounded(thrown === '' ? '(empty string)' : thrown);
  if (typeof thrown !== 'object' || thrown === null) {
    return bounded(typeof thrown === 'function' ? 'a function was thrown' : String(thrown));
  }
  const message = textOf(() => (thrown as { readonly message?: unknown }).message);
  if (message !== undefined && message !== '') return bounded(message);
  const name = textOf(() => (thrown as { readonly name?: unknown }).name);
  if (name !== undefined && name !== '') return bounded(name);
  const kind = textOf(() => Object.prototype.toString.call(thrown));
  return kind === undefined ? 'an object that cannot be read' : `${kind} was thrown`;
}

function brandsOf(made: typeof EngramkitError): readonly string[] {
  const brands: string[] = [];
  for (let at: unknown = made; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, 'brand')?.value;
    if (typeof own === 'string') brands.push(own);
  }
  return Object.freeze(brands);
}

function brandsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const brands = attempt(() => {
    const marked: unknown = Object.getOwnPropertyDescriptor(value, BRAND)?.value;
    return Array.isArray(marked) ? marked.filter((brand) => typeof brand === 'string') : [];
  });
  return brands ?? [];
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined; // A throwing getter or trap means: there is nothing to read here.
  }
}

function textOf(read: () => unknown): string | undefined {
  const value = attempt(read);
  return typeof value === 'string' ? value : undefined;
}

function bounded(text: string): string {
  return text.length <= TEXT_SHOWN ? text : `${text.slice(0, TEXT_SHOWN)}…`;
}
