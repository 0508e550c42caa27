import { describeThrown, EngramkitError } from '@engramkit/core';
import { wireDetails } from './error-details.js';
import { sanitizeMessage } from './sanitize-message.js';
import { structuredErrorKey } from './structured-error.js';
import {
  type ExitClass,
  isStructuredErrorType,
  STRUCTURED_ERROR_VERSION,
  type StructuredErrorPayload,
  type StructuredErrorType,
} from './structured-error-payload.js';

/** How many errors of a cause chain are looked at. */
const CHAIN_LIMIT = 64;

/** How a failure is described; see {@link structuredErrorFrom}. */
export interface StructuredErrorFromOptions {
  /** What the runtime was doing, with its colon, such as `engram initialization failed: `; takes part in the inference. */
  readonly prefix?: string;
  /** The step's time was up: forces type `timeout` and exit class `retry`. */
  readonly timedOut?: boolean;
  /** The exit code of the process; 0 is left out. */
  readonly exitCode: number;
}

/** What any part of the cause chain may say about a failure. */
interface Provided {
  readonly type?: StructuredErrorType;
  readonly message?: string;
  readonly retryable?: boolean;
  readonly exitClass?: ExitClass;
  readonly code?: string;
  readonly details?: unknown;
}

/**
 * The wire form of anything thrown; never throws.
 *
 * In this order: the text (`prefix` and what was thrown) decides the type; the first error of the cause chain that offers a
 * structured form overrides type, message, retryable, exit class, code and details with what it has; a timeout forces the type;
 * the message is redacted and cut; exit code, exit class and a default for `retryable` are stamped.
 *
 * An error offers a structured form under `Symbol.for('engramkit.structured-error')`, or as a member `structuredError` that
 * holds or returns an object with version `v1`. Without one, an `EngramkitError` of the chain gives its code, details and retry
 * class. Source: bobrapet-batch sections 3.5 to 3.8.
 */
export function structuredErrorFrom(
  thrown: unknown,
  options: StructuredErrorFromOptions,
): StructuredErrorPayload {
  const { prefix = '', timedOut = false, exitCode } = options;
  const text = prefix + textOfThrown(thrown);
  const provided = providedBy(thrown);
  const exitClass = timedOut ? 'retry' : exitClassFrom(provided);
  const message = sanitizeMessage(provided?.message ?? text);
  const details = wireDetails(provided?.details);
  return {
    version: STRUCTURED_ERROR_VERSION,
    type: timedOut ? 'timeout' : (provided?.type ?? inferErrorType(text)),
    message,
    retryable: provided?.retryable ?? (exitClass === 'retry' || exitClass === 'rateLimited'),
    ...(exitCode === 0 ? {} : { exitCode }),
    exitClass,
    ...(provided?.code === undefined ? {} : { code: provided.code }),
    ...(details === undefined ? {} : { details }),
  };
}

/**
 * The type that a failure text stands for; the first of these that it contains decides, case-sensitively.
 *
 * Source: bobrapet-batch section 3.6, table of inference.
 */
export function inferErrorType(text: string): StructuredErrorType {
  if (text.includes('dehydrat') || text.includes('storage')) return 'storage_error';
  if (text.includes('marshal')) return 'serialization_error'; // Every `unmarshal` contains it.
  if (text.includes('schema') || text.includes('validation')) return 'validation_error';
  if (text.includes('initialization') || text.includes('Init')) return 'initialization_error';
  return 'execution_error';
}

/** The structured form that the cause chain offers, complete and valid or not; `undefined` when it offers none. */
export function structuredFormOf(thrown: unknown): unknown {
  for (const error of chainOf(thrown)) {
    const form = read(() => formOf(error));
    if (form !== undefined) return form;
  }
  return undefined;
}

/**
 * The exit class of a failure that did not time out: explicit, else by `retryable`, else `terminal`.
 *
 * Compared without case and surrounding space. `success` is refused, as a failed step cannot have it; `unknown` decides nothing.
 * Source: bobrapet-batch section 3.7.
 */
function exitClassFrom(provided: Provided | undefined): ExitClass {
  const { exitClass, retryable } = provided ?? {};
  if (exitClass === 'retry' || exitClass === 'terminal' || exitClass === 'rateLimited') {
    return exitClass;
  }
  return retryable === true ? 'retry' : 'terminal';
}

function providedBy(thrown: unknown): Provided | undefined {
  const form = structuredFormOf(thrown);
  if (typeof form === 'object' && form !== null) return readProvided(form);
  for (const error of chainOf(thrown)) {
    if (error instanceof EngramkitError) return providedByRetryClass(error);
  }
  return undefined;
}

/** Our own errors say with their retry class what others say with an exit class. */
function providedByRetryClass(error: EngramkitError): Provided {
  return {
    // `UNEXPECTED` marks a foreign error that was wrapped; nobody chose it.
    ...(error.code === 'UNEXPECTED' ? {} : { code: error.code }),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retry === 'safe' ? { retryable: true } : {}),
    ...(error.retry === 'rate-limited' ? { exitClass: 'rateLimited' } : {}),
  };
}

function readProvided(form: object): Provided {
  const members = form as Readonly<Record<string, unknown>>;
  const at = (name: string): unknown => read(() => members[name]);
  const type = at('type');
  const message = at('message');
  const retryable = at('retryable');
  const exitClass = normalExitClass(at('exitClass'));
  const code = at('code');
  return {
    ...(isStructuredErrorType(type) ? { type } : {}),
    ...(typeof message === 'string' && message.trim() !== '' ? { message } : {}),
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(exitClass === undefined ? {} : { exitClass }),
    ...(typeof code === 'string' && code !== '' ? { code } : {}),
    details: at('details'),
  };
}

function normalExitClass(value: unknown): ExitClass | undefined {
  if (typeof value !== 'string') return undefined;
  const lower = value.trim().toLowerCase();
  if (lower === 'ratelimited') return 'rateLimited';
  return lower === 'retry' || lower === 'terminal' || lower === 'success' || lower === 'unknown'
    ? lower
    : undefined;
}

function formOf(error: object): unknown {
  const marked = (error as { readonly [structuredErrorKey]?: unknown })[structuredErrorKey];
  if (typeof marked === 'object' && marked !== null) return marked;
  const { structuredError } = error as { readonly structuredError?: unknown };
  const form: unknown =
    typeof structuredError === 'function' ? structuredError.call(error) : structuredError;
  if (typeof form !== 'object' || form === null) return undefined;
  // Without our mark only the version tells that this is meant.
  return (form as { readonly version?: unknown }).version === STRUCTURED_ERROR_VERSION
    ? form
    : undefined;
}

/** The error, its causes and the parts of aggregates, outer first, each once, at most {@link CHAIN_LIMIT}. */
function chainOf(thrown: unknown): readonly object[] {
  const chain = new Set<object>();
  const pending: unknown[] = [thrown];
  while (pending.length > 0 && chain.size < CHAIN_LIMIT) {
    const error = pending.shift();
    if (typeof error !== 'object' || error === null || chain.has(error)) continue;
    chain.add(error);
    const parts: unknown = read(() => (error as { readonly errors?: unknown }).errors);
    const cause: unknown = read(() => (error as { readonly cause?: unknown }).cause);
    const joined: unknown = read(() => (Array.isArray(parts) ? parts.slice(0, CHAIN_LIMIT) : []));
    pending.unshift(cause, ...(Array.isArray(joined) ? joined : []));
  }
  return [...chain];
}

/** The whole text of an error or a string; the limit of the wire cuts it later. */
function textOfThrown(thrown: unknown): string {
  if (typeof thrown === 'string' && thrown !== '') return thrown;
  const message =
    typeof thrown === 'object' && thrown !== null
      ? read(() => (thrown as { readonly message?: unknown }).message)
      : undefined;
  return typeof message === 'string' && message !== '' ? message : describeThrown(thrown);
}

function read<Value>(access: () => Value): Value | undefined {
  try {
    return access();
  } catch {
    return undefined; // A throwing getter or trap means: there is nothing to read here.
  }
}
