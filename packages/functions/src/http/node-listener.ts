import type { IncomingMessage, ServerResponse } from 'node:http';
import { CancelledError, type Clock } from '@engramkit/core';
import type { Reply } from './exchange.js';
import type { FunctionsApp } from './functions-app.js';
import { NodeExchange } from './node-exchange.js';
import { HttpProblem, problemReply } from './problem.js';

/** Options of {@link nodeListener}. */
export interface NodeListenerOptions {
  readonly clock: Clock;
  /** How long the body of a request may take, milliseconds. */
  readonly bodyTimeoutMs: number;
  /** Whether only requests for an address of this machine are answered. */
  readonly loopbackOnly?: boolean;
}

/** The listener of a Node server, and what is under way in it. */
export interface NodeListener {
  readonly handle: (message: IncomingMessage, response: ServerResponse) => void;
  readonly inFlight: number;
  /** Closes every connection after its answer from now on. */
  drain(): void;
  /** Aborts every call that is under way. */
  abandon(): void;
}

/** Answers the requests of a Node server; express and fastify take `handle` as well. */
export function nodeListener(app: FunctionsApp, options: NodeListenerOptions): NodeListener {
  const open = new Set<NodeExchange>();
  let draining = false;
  const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const exchange = new NodeExchange(message, response, options);
    open.add(exchange);
    response.once('close', () => open.delete(exchange));
    const refused = options.loopbackOnly === true && !isLocal(message.headers.host ?? '');
    const reply = refused ? problemReply(misdirected()) : await app.handle(exchange);
    send(message, response, reply, draining);
  };
  return {
    // `answer` has nothing that rejects: `handle` of an app never does.
    handle: (message, response) => void answer(message, response),
    get inFlight() {
      return open.size;
    },
    drain() {
      draining = true;
    },
    abandon() {
      for (const exchange of open) exchange.abort(new CancelledError('the server is closing'));
    },
  };
}

function send(
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Reply,
  draining: boolean,
): void {
  if (response.destroyed) return;
  const bare = message.method === 'HEAD' || status === 304;
  const length = status === 304 ? undefined : Buffer.byteLength(body);
  const unread = !message.complete;
  response.writeHead(status, {
    ...headers,
    ...(length === undefined ? {} : { 'content-length': length }),
    // What was not read of a body must not be taken for the next request.
    ...(draining || unread ? { connection: 'close' } : {}),
  });
  response.end(bare ? undefined : body, () => {
    if (unread) message.destroy();
  });
}

/** Whether a Host header names this machine; names of others that lead here are how pages of other sites come in. */
function isLocal(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);
}

function misdirected(): HttpProblem {
  return new HttpProblem(421, 'HOST_UNKNOWN', 'This host answers requests for this machine only.', {
    hint: 'Use localhost or 127.0.0.1 in the address, or serve with authentication.',
  });
}
