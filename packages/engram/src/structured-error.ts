import { describeThrown, EngramkitError, type RetryClass } from '@engramkit/core';
import { wireDetails } from './error-details.js';
import {
  type ExitClass,
  STRUCTURED_ERROR_VERSION,
  type StructuredErrorPayload,
  type StructuredErrorType,
} from './structured-error-payload.js';

/** Under this key any error of any package offers its structured form; see {@link structuredErrorFrom}. */
export const structuredErrorKey: unique symbol = Symbol.for('engramkit.structured-error');

/** What a {@link StructuredError} says besides type and message. */
export interface StructuredErrorOptions {
  /** Whether trying again can help; decides the exit class unless `exitClass` does. */
  readonly retryable?: boolean;
  /** `success` makes no sense for a failure and is ignored. */
  readonly exitClass?: ExitClass;
  /** Your own stable code, such as `QUOTA_EXCEEDED`. */
  readonly code?: string;
  /** Facts for the reader; what JSON cannot hold is summarised. Never put secrets here. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** One sentence: what to do now. Not part of the wire form. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * A failure whose type, retry class, code and details the surrounding system gets to see.
 *
 * Throw it from author code, or put it into a stream message with `errorMessage`. The text is the message, else the text of the
 * cause, else `engram failed`. Source: bobrapet-batch section 3.6.
 */
export class StructuredError extends EngramkitError {
  static override readonly brand: string = 'StructuredError';

  readonly type: StructuredErrorType;
  /** The wire form, before redaction; the message may be empty here. */
  readonly payload: StructuredErrorPayload;

  constructor(type: StructuredErrorType, message: string, options: StructuredErrorOptions = {}) {
    const { retryable, exitClass, code, hint } = options;
    const details = options.details === undefined ? undefined : wireDetails(options.details);
    const retry = retryClassOf(exitClass, retryable);
    super(textOf(message, options), {
      code: code ?? 'STRUCTURED_ERROR',
      retry,
      ...(details === undefined ? {} : { details }),
      ...(hint === undefined ? {} : { hint }),
      ...('cause' in options ? { cause: options.cause } : {}),
    });
    this.type = type;
    this.payload = Object.freeze({
      version: STRUCTURED_ERROR_VERSION,
      type,
      message,
      ...(retryable === undefined ? {} : { retryable }),
      ...(exitClass === undefined ? {} : { exitClass }),
      ...(code === undefined ? {} : { code }),
      ...(details === undefined ? {} : { details }),
    });
  }

  /** What every copy of the package looks for. */
  get [structuredErrorKey](): StructuredErrorPayload {
    return this.payload;
  }
}

function textOf(message: string, options: StructuredErrorOptions): string {
  if (message.trim() !== '') return message;
  return options.cause === undefined || options.cause === null
    ? 'engram failed'
    : describeThrown(options.cause);
}

function retryClassOf(
  exitClass: ExitClass | undefined,
  retryable: boolean | undefined,
): RetryClass {
  if (exitClass === 'rateLimited') return 'rate-limited';
  if (exitClass === 'retry') return 'safe';
  if (exitClass === 'terminal') return 'never';
  return retryable === true ? 'safe' : 'never';
}
