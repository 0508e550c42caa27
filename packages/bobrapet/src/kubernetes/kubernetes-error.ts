import { EngramkitError, type RetryClass } from '@engramkit/core';

/** What a {@link KubernetesError} is made of. */
export interface KubernetesErrorOptions {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** `reason` of the API's Status object (`NotFound`, `Conflict` …), or of the connection (`ConnectionLost` …). */
  readonly reason: string;
  /** What the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the request may have taken effect although it failed. */
  readonly effectUnknown?: boolean | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A call to the Kubernetes API failed.
 *
 * `code` is `KUBERNETES_` and the reason in upper snake case. `retry` is `unknown` when a write may have happened.
 */
export class KubernetesError extends EngramkitError {
  static override readonly brand: string = 'KubernetesError';

  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The reason as the API names it. */
  readonly reason: string;

  constructor(message: string, options: KubernetesErrorOptions) {
    super(message, {
      code: `KUBERNETES_${upperSnake(options.reason)}`,
      retry: retryOf(options),
      ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
      ...(options.hint === undefined ? {} : { hint: options.hint }),
      ...(options.cause === undefined ? {} : { cause: options.cause }),
      details: { status: options.status, reason: options.reason },
    });
    this.status = options.status;
    this.reason = options.reason;
  }
}

/**
 * Whether a call that failed this way may be sent again without thought.
 *
 * Source: bobrapet-batch section 3.1 ("GET errors").
 */
export function isRetryable(error: unknown): boolean {
  return error instanceof KubernetesError && error.retry !== 'never';
}

/** Whether the API said that the object is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 404;
}

/** Whether the object was changed by somebody else, or exists already. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 409;
}

function retryOf(options: KubernetesErrorOptions): RetryClass {
  const { status, reason } = options;
  if (status === 429) return 'rate-limited';
  const passing =
    status === 0 ||
    status === 502 ||
    status === 503 ||
    status === 504 ||
    reason === 'ServerTimeout';
  if (!passing && !(status === 500 && reason === 'InternalError')) return 'never';
  if (status === 0 && NEVER.has(reason)) return 'never';
  return options.effectUnknown === true ? 'unknown' : 'safe';
}

/** Reasons without an answer that another try does not cure. */
const NEVER: ReadonlySet<string> = new Set([
  'InvalidCertificate',
  'InvalidConfiguration',
  'InvalidCredential',
  'InvalidResponse',
  'TooLarge',
]);

function upperSnake(reason: string): string {
  return reason
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}
