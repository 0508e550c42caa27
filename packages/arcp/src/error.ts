import { EngramkitError, type JsonObject, type JsonValue, type RetryClass } from '@engramkit/core';

/** The fifteen codes of the wire. Source: arcp section 6. */
export const arcpErrorCodes = [
  'PERMISSION_DENIED',
  'LEASE_SUBSET_VIOLATION',
  'JOB_NOT_FOUND',
  'DUPLICATE_KEY',
  'AGENT_NOT_AVAILABLE',
  'AGENT_VERSION_NOT_AVAILABLE',
  'CANCELLED',
  'TIMEOUT',
  'RESUME_WINDOW_EXPIRED',
  'HEARTBEAT_LOST',
  'LEASE_EXPIRED',
  'BUDGET_EXHAUSTED',
  'INVALID_REQUEST',
  'UNAUTHENTICATED',
  'INTERNAL_ERROR',
] as const;

/** One of the fifteen codes that may be sent. */
export type ArcpErrorCode = (typeof arcpErrorCodes)[number];

const SENDABLE: ReadonlySet<string> = new Set(arcpErrorCodes);

/** Codes that a repeat can cure; the last two are only ever read, never sent. Source: arcp section 6, X-2. */
const RETRYABLE: ReadonlySet<string> = new Set([
  'TIMEOUT',
  'HEARTBEAT_LOST',
  'INTERNAL_ERROR',
  'RATE_LIMITED',
  'BACKPRESSURE',
]);

/** The error object of the wire, in `session.error`, `job.error` and `tool_result.error`. */
export interface ArcpErrorPayload {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details?: JsonObject;
}

/** Options of {@link ArcpError}. */
export interface ArcpErrorOptions {
  readonly details?: JsonObject;
  readonly hint?: string;
  readonly cause?: unknown;
  /** Default: by code. Kept as read when a peer said something else. */
  readonly retryable?: boolean;
}

/**
 * A failure with an ARCP code.
 *
 * Sent, it is always one of the fifteen codes; read, an unknown code is kept verbatim and counts as not retryable.
 * Source: arcp section 6.
 */
export class ArcpError extends EngramkitError {
  static override readonly brand: string = 'ArcpError';

  readonly retryable: boolean;

  constructor(code: string, message: string, options: ArcpErrorOptions = {}) {
    const retryable = options.retryable ?? RETRYABLE.has(code);
    const retry: RetryClass = retryable ? 'safe' : 'never';
    super(message === '' ? code : message, {
      code,
      retry,
      ...(options.details === undefined ? {} : { details: options.details }),
      ...(options.hint === undefined ? {} : { hint: options.hint }),
      ...('cause' in options ? { cause: options.cause } : {}),
    });
    this.retryable = retryable;
  }

  /** The wire form: a code of the fifteen, a message that is not empty, the retryability that the code prescribes. */
  toPayload(): ArcpErrorPayload {
    const code = SENDABLE.has(this.code) ? this.code : 'INTERNAL_ERROR';
    const details = code === this.code ? this.details : { ...this.details, code: this.code };
    return {
      code,
      message: this.message,
      retryable: RETRYABLE.has(code),
      ...(details === undefined ? {} : { details }),
    };
  }

  /** Reads the error object of a peer; tolerant, never throws. Source: arcp section 6, X-2 and X-3. */
  static fromPayload(payload: JsonObject): ArcpError {
    const code =
      typeof payload.code === 'string' && payload.code !== '' ? payload.code : 'INTERNAL_ERROR';
    const message = typeof payload.message === 'string' ? payload.message : code;
    const details = asObject(payload.details);
    return new ArcpError(code, message, {
      ...(typeof payload.retryable === 'boolean' ? { retryable: payload.retryable } : {}),
      ...(details === undefined ? {} : { details }),
    });
  }
}

/** Whether the text is one of the fifteen codes. */
export function isArcpErrorCode(code: string): code is ArcpErrorCode {
  return SENDABLE.has(code);
}

/** The value if it is a JSON object, else nothing. */
export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
