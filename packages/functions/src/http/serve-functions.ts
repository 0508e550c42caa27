import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngramkitError, InvalidInputError, systemClock } from '@engramkit/core';
import type { FunctionRuntime } from '../function-runtime.js';
import type { FunctionsAppOptions } from './app-options.js';
import { createFunctionsApp } from './functions-app.js';
import { rejectMalformed } from './malformed-request.js';
import { type NodeListener, nodeListener } from './node-listener.js';

/** Options of {@link serveFunctions}. */
export interface ServeFunctionsOptions extends FunctionsAppOptions {
  /** Default 8080; 0 takes any free one. */
  readonly port?: number;
  /** Default `127.0.0.1`. Any other address needs `authenticate`, or `anonymous: true`. */
  readonly host?: string;
  /** How long the headers of a request may take, milliseconds; default 10,000. */
  readonly headersTimeoutMs?: number;
  /** How long the body of a request may take, milliseconds; default 10,000. */
  readonly bodyTimeoutMs?: number;
  /** How long requests may take to end when the server closes, milliseconds; default 25,000. */
  readonly drainMs?: number;
  /** How many connections there may be; default 10,000. */
  readonly maxConnections?: number;
}

/** A server of functions that listens. */
export interface FunctionsServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** How many requests are being answered. */
  readonly inFlight: number;
  /** Turns readiness off, takes no more connections, answers what is in flight, and ends. Resolves with what could not end. */
  close(): Promise<{ readonly abandoned: number }>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const BODY_TIMEOUT_MS = 10_000;
const DRAIN_MS = 25_000;

/**
 * Serves the functions of a runtime with `node:http`.
 *
 * On an address of this machine alone nobody is asked who they are, and only requests for such an address are answered, so that
 * pages of other sites cannot reach the functions through a browser. Rejects with `AUTHENTICATION_REQUIRED`, `PORT_INVALID`,
 * `PORT_IN_USE` or `LISTEN_FAILED`.
 */
export async function serveFunctions(
  runtime: FunctionRuntime,
  options: ServeFunctionsOptions = {},
): Promise<FunctionsServer> {
  const { host = '127.0.0.1', port = 8080, clock = systemClock } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidInputError(`${port} is no port`, {
      code: 'PORT_INVALID',
      hint: 'Use a whole number from 1 to 65535, or 0 for any free port.',
    });
  }
  const local =
    isLoopback(host) && options.authenticate === undefined && options.anonymous !== true;
  const app = await createFunctionsApp(runtime, local ? { ...options, anonymous: true } : options);
  const { createServer } = await import('node:http');
  const bodyTimeoutMs = options.bodyTimeoutMs ?? BODY_TIMEOUT_MS;
  const headersTimeoutMs = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
  const listener = nodeListener(app, { clock, bodyTimeoutMs, loopbackOnly: local });
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      // The listener ends slow bodies itself; this is for what it never gets to see.
      requestTimeout: headersTimeoutMs + bodyTimeoutMs + 1_000,
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
      keepAliveTimeout: 65_000,
    },
    listener.handle,
  );
  server.maxConnections = options.maxConnections ?? 10_000;
  server.on('clientError', rejectMalformed);
  try {
    await listen(server, port, host);
  } catch (error) {
    app.close();
    throw error;
  }
  const address = server.address() as AddressInfo; // A server that listens on a port has this form.
  let closing: Promise<{ readonly abandoned: number }> | undefined;
  const close = (): Promise<{ readonly abandoned: number }> => {
    closing ??= drain(server, listener, app, { clock, drainMs: options.drainMs ?? DRAIN_MS });
    return closing;
  };
  return {
    host,
    port: address.port,
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    get inFlight() {
      return listener.inFlight;
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const inUse = cause.code === 'EADDRINUSE';
      reject(
        new EngramkitError(
          inUse
            ? `port ${port} of ${host} is in use`
            : `cannot listen on port ${port} of ${host}: ${cause.code ?? cause.message}`,
          {
            code: inUse ? 'PORT_IN_USE' : 'LISTEN_FAILED',
            details: { host, port },
            hint: inUse
              ? 'End the other program, or choose another port.'
              : 'Ports below 1024 need a privilege, and the address must be one of this machine.',
            cause,
          },
        ),
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

async function drain(
  server: Server,
  listener: NodeListener,
  app: { drain(): void; close(): void },
  options: { readonly clock: typeof systemClock; readonly drainMs: number },
): Promise<{ readonly abandoned: number }> {
  app.drain();
  listener.drain();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  let abandoned = 0;
  using _limit = options.clock.setTimer(() => {
    abandoned = listener.inFlight;
    listener.abandon();
    server.closeAllConnections();
  }, options.drainMs);
  await closed;
  app.close();
  return { abandoned };
}
