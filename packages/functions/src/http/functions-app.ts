import { InvalidInputError, systemClock, systemRandom } from '@engramkit/core';
import type { ChronicleSource } from '../chronicle/chronicle-event.js';
import type { FunctionRuntime } from '../function-runtime.js';
import type { FunctionsAppOptions } from './app-options.js';
import { authenticate } from './authentication.js';
import type { Exchange, Reply } from './exchange.js';
import { fetchExchange } from './fetch-exchange.js';
import { CallMetrics } from './metrics.js';
import { HttpProblem, problemReply } from './problem.js';
import { RecentCalls } from './recent-calls.js';
import { type Host, type Route, routes } from './routes.js';

const MAX_BODY_BYTES = 1_048_576;
const MAX_BATCH_EVENTS = 100;
const RECENT_CALLS = 50;
const HEALTH_TIMEOUT_MS = 2_000;

/** The functions of a runtime over HTTP, in the shape of the Fetch standard. */
export interface FunctionsApp {
  /** Answers a request; never rejects. Fits Hono's `mount`, `Bun.serve`, `Deno.serve` and workers. */
  fetch(request: Request): Promise<Response>;
  /** {@link fetch} without its objects, for servers that have others. */
  handle(exchange: Exchange): Promise<Reply>;
  /** Says from now on that it is not ready; requests are answered as before. */
  drain(): void;
  /** Stops watching the runtime. */
  close(): void;
}

/**
 * Serves the functions of a runtime to Fetch-shaped servers.
 *
 * Throws `AUTHENTICATION_REQUIRED` unless there is an authenticator or `anonymous` is set: such a server may be open to
 * everybody. Source: function-descriptor section 11.
 */
export async function createFunctionsApp(
  runtime: FunctionRuntime,
  options: FunctionsAppOptions = {},
): Promise<FunctionsApp> {
  if (options.authenticate === undefined && options.anonymous !== true) {
    throw new InvalidInputError('the functions would be open to everybody', {
      code: 'AUTHENTICATION_REQUIRED',
      hint: 'Pass authenticate, such as bearerAuthenticator(verify), or anonymous: true when that is meant.',
    });
  }
  const { clock = systemClock, random = systemRandom } = options;
  const metrics = new CallMetrics();
  const recent = new RecentCalls(options.recentCalls ?? RECENT_CALLS);
  const stops = [runtime.observe(metrics), runtime.observe(recent)];
  let ready = true;
  const host: Host = {
    runtime,
    clock,
    random,
    metrics,
    recent,
    maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
    maxBatchEvents: options.maxBatchEvents ?? MAX_BATCH_EVENTS,
    healthTimeoutMs: options.healthTimeoutMs ?? HEALTH_TIMEOUT_MS,
    events: options.events ?? sourceOf(runtime.chronicle),
    isReady: () => ready,
  };
  const find = await routeFinder(routes({ page: options.page !== false }));
  const handle = async (exchange: Exchange): Promise<Reply> => {
    try {
      const { route, id } = find(exchange.method, exchange.path);
      const principal =
        route.open === true ? undefined : await authenticate(options.authenticate, exchange);
      return await route.handle({ host, exchange, principal, id });
    } catch (thrown) {
      return problemReply(thrown);
    }
  };
  return {
    handle,
    async fetch(request) {
      const { status, headers, body } = await handle(fetchExchange(request));
      const bare = request.method === 'HEAD' || status === 304;
      return new Response(bare ? null : body, { status, headers: { ...headers } });
    },
    drain() {
      ready = false;
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}

function sourceOf(chronicle: object | undefined): ChronicleSource | undefined {
  const found = chronicle as Partial<ChronicleSource> | undefined;
  // Any client may find events as well; there is no other way to see it.
  return typeof found?.find === 'function' ? (found as ChronicleSource) : undefined;
}

/** Hono's routers find routes in a time that does not depend on their number. */
async function routeFinder(
  table: readonly Route[],
): Promise<(method: string, path: string) => { readonly route: Route; readonly id: string }> {
  const [{ SmartRouter }, { RegExpRouter }, { TrieRouter }] = await Promise.all([
    import('hono/router/smart-router'),
    import('hono/router/reg-exp-router'),
    import('hono/router/trie-router'),
  ]);
  const router = new SmartRouter<Route>({ routers: [new RegExpRouter(), new TrieRouter()] });
  for (const route of table) router.add(route.method, route.path, route);
  const match = (method: string, path: string): { route: Route; id: string } | undefined => {
    const [handlers, stash] = router.match(method, path);
    const [route, params] = handlers[0] ?? [];
    if (route === undefined) return undefined;
    const id: unknown = (params as Readonly<Record<string, unknown>> | undefined)?.id;
    // The router keeps either the text of a variable or its place in the match.
    const raw = typeof id === 'number' ? stash?.[id] : id;
    return { route, id: typeof raw === 'string' ? decoded(raw) : '' };
  };
  return (method, path) => {
    const found = match(method === 'HEAD' ? 'GET' : method, path);
    if (found !== undefined) return found;
    const other = (['GET', 'POST'] as const).filter((one) => match(one, path) !== undefined);
    if (other.length === 0) {
      throw new HttpProblem(404, 'ROUTE_UNKNOWN', 'There is nothing at this path.', {
        hint: 'GET /functions/ lists the functions.',
      });
    }
    throw new HttpProblem(405, 'METHOD_NOT_ALLOWED', 'The method does not fit the path.', {
      headers: {
        allow: other.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])).join(', '),
      },
    });
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpProblem(400, 'PATH_INVALID', 'The path is not percent-encoded UTF-8.');
  }
}
