import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngramkitError } from '@engramkit/core';
import type { ArcpRuntime } from '../runtime.js';
import { type MountOptions, mountArcp } from './mount.js';

/** Options of {@link listenArcp}. */
export interface ListenOptions extends MountOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** A server that serves nothing but a runtime. */
export interface ArcpServer extends AsyncDisposable {
  /** Where clients connect to, such as `ws://127.0.0.1:7070/arcp`. */
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Drains the runtime, then ends the server. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** Starts a plain HTTP server for a runtime; throws `LISTEN_FAILED` when the address cannot be had. */
export async function listenArcp(
  runtime: ArcpRuntime,
  options: ListenOptions = {},
): Promise<ArcpServer> {
  const { host = '127.0.0.1', port = 0, path = '/arcp' } = options;
  const server = createServer((request, response) => {
    const live = request.method === 'GET' && request.url === '/healthz';
    response.writeHead(
      live ? 200 : 426,
      live ? { 'content-type': 'application/json' } : { upgrade: 'websocket' },
    );
    response.end(live ? JSON.stringify({ status: 'ok', ...runtime.statistics }) : '');
  });
  mountArcp(server, runtime, options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new EngramkitError(`cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`, {
          code: 'LISTEN_FAILED',
          cause,
          hint:
            cause.code === 'EADDRINUSE'
              ? 'Another program has the port: stop it, choose another port, or 0 for any free one.'
              : 'Check the host name and whether this user may use the port.',
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const close: ArcpServer['close'] = async (closeOptions) => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await runtime.close(closeOptions);
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${bound}${path}`,
    port: bound,
    server,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
