import { EngramkitError, type JsonObject } from '@engramkit/core';
import type { Reply } from './exchange.js';

/** What went wrong with a request; thrown by routes, answered as `application/problem+json` (RFC 9457). */
export class HttpProblem extends EngramkitError {
  static override readonly brand: string = 'HttpProblem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    options: {
      readonly hint?: string;
      readonly details?: JsonObject;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    const { headers = {}, ...rest } = options;
    super(message, { code, ...rest });
    this.status = status;
    this.headers = headers;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** What became of a request that failed, without anything that only the server may know. */
export function problemReply(thrown: unknown): Reply {
  if (thrown instanceof HttpProblem) return reply(thrown, thrown.status, thrown.headers);
  const status = thrown instanceof EngramkitError ? STATUS_OF_CODE[thrown.code] : undefined;
  if (status !== undefined && thrown instanceof EngramkitError) return reply(thrown, status, {});
  // What a route did not expect may say things that callers must not see.
  const hidden = new HttpProblem(500, 'INTERNAL', 'The request could not be carried out.');
  return reply(hidden, 500, {});
}

/** Errors of other parts that are the fault of the request. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  JSON_INVALID: 400,
  JSON_TOO_DEEP: 400,
  JSON_DUPLICATE_KEY: 400,
  JSON_FORBIDDEN_KEY: 400,
  JSON_TOO_LARGE: 413,
  FUNCTION_CONTEXT_INVALID: 400,
  MANIFEST_INVALID: 400,
  INVALID_CONTENT_ID: 400,
};

function reply(
  error: EngramkitError,
  status: number,
  headers: Readonly<Record<string, string>>,
): Reply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({
      type: 'about:blank',
      title: TITLES[status] ?? 'Error',
      status,
      detail: error.message,
      code: error.code,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    }),
  };
}
