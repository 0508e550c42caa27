import type { IncomingMessage, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { DEFAULT_MAX_READ_BYTES, type WebSocketLike, webSocketTransport } from '@engramkit/arcp';
import { selectSubprotocol } from '@engramkit/arcp/node';
import { WebSocketServer } from 'ws';
import type { ArcpRuntime } from '../runtime.js';

/** Options of {@link mountArcp}. */
export interface MountOptions {
  /** The exact path; default `/arcp`. Source: arcp section 1.4, T-10. */
  readonly path?: string;
  /**
   * The host names that may be asked for, without ports; default: the names of this machine's loopback interface.
   *
   * `'*'` takes any name: only behind a proxy that checks it. Source: arcp section 1.4, T-10.
   */
  readonly allowedHosts?: readonly string[] | '*';
  /** The origins that pages in browsers may come from; default: any. */
  readonly allowedOrigins?: readonly string[];
  /** The largest frame that is read, in bytes; default 4 MiB. */
  readonly maxReadBytes?: number;
  /** Whether the peer is beyond this machine on a plain connection; default: by the peer's address and the server's kind. */
  readonly exposed?: boolean;
}

/** A runtime that serves a path of a server. */
export interface MountedArcp extends Disposable {
  /** Stops taking connections; those that stand go on. */
  unmount(): void;
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127\.)/;

/**
 * Serves a runtime on the upgrade requests of a Node server: plain `node:http`, or the one below Hono, Express or Fastify.
 *
 * Upgrades of other paths are left to others. Source: arcp section 1.4.
 */
export function mountArcp(
  server: Server | SecureServer,
  runtime: ArcpRuntime,
  options: MountOptions = {},
): MountedArcp {
  const { path = '/arcp', allowedOrigins, maxReadBytes = DEFAULT_MAX_READ_BYTES } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxReadBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => selectSubprotocol(offered) ?? false,
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== path) {
      // Nobody else serves upgrades here: an unanswered one would hang its client.
      if (server.listenerCount('upgrade') === 1) refuse(socket, 404, 'Not Found');
      return;
    }
    if (!hostAllowed(request, options.allowedHosts)) {
      refuse(socket, 403, 'Forbidden');
      return;
    }
    const { origin } = request.headers;
    if (allowedOrigins !== undefined && origin !== undefined && !allowedOrigins.includes(origin)) {
      refuse(socket, 403, 'Forbidden');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      runtime.accept(
        webSocketTransport(webSocket as unknown as WebSocketLike, {
          maxReadBytes,
          stream: socket,
          exposed: options.exposed ?? isExposed(request),
        }),
      );
    });
  };
  server.on('upgrade', onUpgrade);
  const unmount = (): void => {
    server.off('upgrade', onUpgrade);
    sockets.close();
  };
  return { unmount, [Symbol.dispose]: unmount };
}

/** The path without the query; an address that cannot be read has none. */
function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

function hostAllowed(request: IncomingMessage, allowed: MountOptions['allowedHosts']): boolean {
  if (allowed === '*') return true;
  const header = request.headers.host ?? '';
  // `[::1]:80` and `host:80`: the port does not count, brackets neither.
  const name = (
    header.startsWith('[') ? header.slice(1, header.indexOf(']')) : header.replace(/:\d*$/, '')
  ).toLowerCase();
  return allowed === undefined
    ? LOOPBACK_HOSTS.has(name)
    : allowed.some((host) => host.toLowerCase() === name);
}

function isExposed(request: IncomingMessage): boolean {
  const { socket } = request;
  if ((socket as { readonly encrypted?: boolean }).encrypted === true) return false;
  return !LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '');
}

function refuse(socket: Duplex, status: number, text: string): void {
  socket.on('error', () => undefined); // The peer may be gone already.
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
