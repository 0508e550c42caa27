import {
  type Clock,
  EngramkitError,
  type JsonObject,
  type JsonValue,
  openDeadline,
  parseJson,
  type Random,
  sleep,
  stringifyJson,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import { Backoff } from './backoff.js';
import { FunctionsHttpError } from './functions-http-error.js';

/** What one function takes and yields. */
export interface FunctionTypes {
  readonly event: unknown;
  readonly data: unknown;
}

/** The functions of a host by id, for types: `{ greet: { event: { name: string }; data: { greeting: string } } }`. */
export type FunctionsContract = Readonly<Record<string, FunctionTypes>>;

/** What came of a call. Source: function-descriptor sections 1.3 and 11. */
export interface FunctionOutcome<Data = JsonValue> {
  readonly success: boolean;
  /** Null when there is none. */
  readonly data: Data | null;
  readonly error: string | null;
  readonly lineage_cid: string;
  /** Milliseconds, with fractions. */
  readonly duration_ms: number;
  readonly metadata: JsonObject;
  /** Content id of `data`. */
  readonly output_cid: string;
  readonly invocation_id: string;
}

/** What a host offers. Source: function-descriptor section 11. */
export interface FunctionCatalogue {
  /** Descriptors in JSON-LD. */
  readonly functions: readonly JsonObject[];
  readonly count: number;
  /** Function ids by kind of event. */
  readonly trigger_index: Readonly<Record<string, readonly string[]>>;
}

/** The events that led to an event, verified by the host. */
export interface LineageAnswer {
  readonly valid: boolean;
  readonly steps: readonly { readonly cid: string; readonly event: JsonObject }[];
  readonly origin?: string;
  readonly broken?: { readonly cid: string; readonly reason: string };
}

/** Options of {@link FunctionsClient}. */
export interface FunctionsClientOptions {
  /** Where the host is, such as `https://functions.example`. */
  readonly url: string;
  /** The bearer token, or what yields a fresh one for every request. */
  readonly token?: string | (() => string | Promise<string>);
  /** How long a call may take with all its tries, milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** How many further tries there are when trying again is safe; default 3. */
  readonly retries?: number;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Options of one call. */
export interface CallOptions {
  /** Members of the context, such as `gsap_context_id`. Source: function-descriptor section 1.2. */
  readonly context?: Readonly<Record<string, string>>;
  /** The host carries out calls of one key once; default: a fresh key per call, so that tries of one call count once. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** W3C trace context to continue. */
  readonly traceparent?: string;
}

interface Request extends CallOptions {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 3;
const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * Calls the functions of a host: catalogue, invoke, dispatch, lineage. Runs wherever there is `fetch`.
 *
 * Calls that got no answer, or 429, 502, 503 or 504, are tried again with full jitter; the idempotency key keeps the host from
 * carrying them out twice. Rejects with a `FunctionsHttpError`, a `DeadlineError` or a `CancelledError`.
 *
 * @example
 * ```ts
 * const client = new FunctionsClient<{ greet: { event: { name: string }; data: { greeting: string } } }>({ url });
 * const { data } = await client.invoke('greet', { name: 'Ada' });
 * ```
 */
export class FunctionsClient<Contract extends FunctionsContract = FunctionsContract> {
  readonly #options: FunctionsClientOptions;
  readonly #base: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: FunctionsClientOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
  }

  /** What the host offers. */
  async catalogue(options: CallOptions = {}): Promise<FunctionCatalogue> {
    // The shape is that of the contract; the host vouches for it.
    return (await this.#send({
      ...options,
      method: 'GET',
      path: '/functions/',
    })) as unknown as FunctionCatalogue;
  }

  /** Calls one function. A function that fails is an outcome with `success: false`, and no error. */
  async invoke<Id extends string & keyof Contract>(
    functionId: Id,
    event: Contract[Id]['event'],
    options: CallOptions = {},
  ): Promise<FunctionOutcome<Contract[Id]['data']>> {
    const { context, idempotencyKey = this.#random.uuid() } = options;
    const answer = await this.#send({
      ...options,
      method: 'POST',
      path: `/functions/${encodeURIComponent(functionId)}/invoke`,
      body: stringifyJson(
        { event, ...(context === undefined ? {} : { context }) },
        { what: 'the event' },
      ),
      headers: { 'idempotency-key': idempotencyKey },
    });
    return answer as unknown as FunctionOutcome<Contract[Id]['data']>; // As the contract of the caller says.
  }

  /**
   * Calls every function that a kind of event triggers.
   *
   * Tried again only when the host surely did not begin, unless `context.trigger_event_cid` names the event.
   */
  async dispatch(
    eventKind: string,
    event: unknown,
    options: CallOptions = {},
  ): Promise<readonly (FunctionOutcome & { readonly function_id: string })[]> {
    const { context } = options;
    const body = { event_kind: eventKind, event, ...(context === undefined ? {} : { context }) };
    const answer = await this.#send({
      ...options,
      method: 'POST',
      path: '/functions/dispatch',
      body: stringifyJson(body, { what: 'the event' }),
    });
    const { results } = answer;
    return results as unknown as readonly (FunctionOutcome & { readonly function_id: string })[];
  }

  /** The events that led to an event. */
  async lineage(cid: string, options: CallOptions = {}): Promise<LineageAnswer> {
    const path = `/lineage/${encodeURIComponent(cid)}`;
    return (await this.#send({ ...options, method: 'GET', path })) as unknown as LineageAnswer;
  }

  async #send(request: Request): Promise<JsonObject> {
    const { retries = RETRIES, timeoutMs = TIMEOUT_MS } = this.#options;
    const what = `${request.method} ${request.path}`;
    using deadline = openDeadline({
      clock: this.#clock,
      signal: request.signal,
      timeoutMs: request.timeoutMs ?? timeoutMs,
      what,
    });
    const backoff = new Backoff({}, this.#random);
    for (;;) {
      deadline.signal.throwIfAborted();
      try {
        return await this.#try(request, deadline.signal);
      } catch (thrown) {
        if (deadline.signal.aborted) throw deadline.signal.reason;
        if (!(thrown instanceof FunctionsHttpError)) throw thrown;
        const safe = thrown.retry === 'safe' || thrown.retry === 'rate-limited';
        const repeatable = safe || (thrown.retry === 'unknown' && isRepeatable(request));
        if (!repeatable || backoff.attempt >= retries) throw thrown;
        const waitMs = Math.max(backoff.next(), thrown.retryAfterMs ?? 0);
        await sleep(waitMs, { clock: this.#clock, signal: deadline.signal });
      }
    }
  }

  async #try(request: Request, signal: AbortSignal): Promise<JsonObject> {
    const { token, fetch: ask = fetch } = this.#options;
    const bearer = typeof token === 'function' ? await token() : token;
    const { method, path, body, traceparent } = request;
    let status: number;
    let text: string;
    let retryAfterMs: number | undefined;
    try {
      const response = await ask(`${this.#base}${path}`, {
        method,
        signal,
        redirect: 'error', // A token must not follow to another place.
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...(traceparent === undefined ? {} : { traceparent }),
          ...request.headers,
        },
        ...(body === undefined ? {} : { body }),
      });
      status = response.status;
      retryAfterMs = waitOf(response.headers.get('retry-after'));
      text = await response.text();
    } catch (cause) {
      throw new FunctionsHttpError(0, `${method} ${path} got no answer`, {
        code: 'NO_ANSWER',
        retry: 'unknown',
        hint: `Look whether a host of functions runs at ${this.#base}.`,
        cause,
      });
    }
    return read(status, text, retryAfterMs, `${method} ${path}`);
  }
}

/** Reads change nothing; calls with a key, and events with an id, are carried out once however often they come. */
function isRepeatable({ method, headers = {}, context = {} }: Request): boolean {
  return (
    method === 'GET' || 'idempotency-key' in headers || (context.trigger_event_cid ?? '') !== ''
  );
}

function read(
  status: number,
  text: string,
  retryAfterMs: number | undefined,
  what: string,
): JsonObject {
  const answer = objectOf(text, `the answer to ${what}`);
  if (status >= 200 && status < 300 && answer !== undefined) return answer;
  const { detail, code, hint } = answer ?? {};
  const retry =
    status === 429 ? 'rate-limited' : status === 503 ? 'safe' : status >= 502 ? 'unknown' : 'never';
  const said = typeof detail === 'string' ? detail : 'the answer is no JSON object';
  throw new FunctionsHttpError(status, `${what} answered ${status}: ${said}`, {
    code: typeof code === 'string' ? code : 'HTTP_ERROR',
    retry,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(typeof hint === 'string' ? { hint } : {}),
  });
}

function objectOf(text: string, what: string): JsonObject | undefined {
  try {
    const value = parseJson(text, { what });
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return value as JsonObject; // An object, as was just seen.
  } catch (error) {
    if (error instanceof EngramkitError) return undefined; // Said with the status.
    throw error;
  }
}

/** Seconds only: hosts of functions send no dates. */
function waitOf(header: string | null): number | undefined {
  if (header === null || !/^\d{1,6}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1000, LONGEST_RETRY_AFTER_MS);
}
