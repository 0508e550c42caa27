/** One HTTP request, whatever server it came through. */
export interface Exchange {
  /** In capitals. */
  readonly method: string;
  /** The path of the URL, still encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined;
  /** The names of all headers, in lower case. */
  headerNames(): Iterable<string>;
  /** The whole body; rejects with `BODY_TOO_LARGE` above the limit, in bytes, and `BODY_TOO_SLOW` when it does not come. */
  body(limitBytes: number): Promise<Uint8Array>;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** One HTTP answer. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A JSON answer. */
export function jsonReply(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}
