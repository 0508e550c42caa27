import { type JsonObject, parseJson } from '@engramkit/core';
import { KubernetesError } from './kubernetes-error.js';

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const HINTS: Readonly<Record<number, string>> = {
  401: 'The token or certificate is not accepted; check the service account or the kubeconfig.',
  403: 'Grant the verb to the service account of the pod.',
};

const TEXT_SHOWN = 1_000;

/** The error that an answer with a failure status means. */
export function responseError(
  what: string,
  answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly body: string;
  },
  now: number,
): KubernetesError {
  const { status } = answer;
  const said = statusObject(answer.body);
  const reason = said.reason || REASONS[status] || `Status${status}`;
  const retryAfterMs = retryAfter(answer.headers['retry-after'], now) ?? said.retryAfterMs;
  const message = said.message || `the server answered ${status}`;
  return new KubernetesError(`${what}: ${message.slice(0, TEXT_SHOWN)}`, {
    status,
    reason,
    retryAfterMs,
    // A gateway or a deadline of the server says nothing about the write behind it.
    effectUnknown:
      !what.startsWith('GET') && (status === 502 || status === 504 || reason === 'InternalError'),
    hint: HINTS[status],
  });
}

/** The error that a failed connection means. */
export function connectionError(
  error: unknown,
  facts: {
    readonly method: string;
    readonly server: string;
    readonly late: boolean;
    readonly timeoutMs: number;
  },
): unknown {
  if (error instanceof KubernetesError) return error;
  const { method, server, late, timeoutMs } = facts;
  const code = String((error as { readonly code?: unknown } | null)?.code ?? '');
  const write = method !== 'GET';
  if (late) {
    return new KubernetesError(`${server} did not answer within ${timeoutMs} ms`, {
      status: 0,
      reason: 'RequestTimeout',
      effectUnknown: write,
      hint: 'Check the network, or raise BUBU_K8S_TIMEOUT.',
      cause: error,
    });
  }
  if (TLS_CODE.test(code)) {
    return new KubernetesError(`the certificate of ${server} is not trusted: ${code}`, {
      status: 0,
      reason: 'InvalidCertificate',
      hint: 'Check the certificate authority and the name in the address.',
      cause: error,
    });
  }
  const refused = UNREACHED.has(code);
  return new KubernetesError(
    refused
      ? `${server} cannot be reached: ${code}`
      : `the connection to ${server} was lost: ${code}`,
    {
      status: 0,
      reason: refused ? 'ConnectionFailed' : 'ConnectionLost',
      effectUnknown: write && !refused,
      hint: 'Check the network and the address of the API server.',
      cause: error,
    },
  );
}

/** Codes of connections that never stood, so that nothing was sent. */
const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const TLS_CODE =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/;

/** The milliseconds of a `Retry-After` header: seconds, or an HTTP date. */
export function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  if (/^\s*[0-9]{1,9}\s*$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function statusObject(body: string): {
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
} {
  const nothing = { reason: '', message: '', retryAfterMs: undefined };
  try {
    const value = parseJson(body);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return nothing;
    const { kind, reason, message, details } = value as JsonObject;
    if (kind !== 'Status') return nothing;
    const seconds =
      typeof details === 'object' && details !== null && !Array.isArray(details)
        ? (details as JsonObject).retryAfterSeconds
        : undefined;
    return {
      reason: typeof reason === 'string' ? reason : '',
      message: typeof message === 'string' ? message : '',
      retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined,
    };
  } catch {
    return nothing; // Proxies answer with pages; the status says enough.
  }
}
