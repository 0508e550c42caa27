import { WebSocket } from 'ws';
import { DEFAULT_MAX_READ_BYTES } from '../envelope.js';
import type { Transport } from './transport.js';
import { type ConnectWebSocketOptions, connectWebSocket, type WebSocketLike } from './websocket.js';
import type { WriteGate } from './write-gate.js';

/** Options of {@link connectNodeWebSocket}. */
export interface NodeWebSocketOptions extends Omit<ConnectWebSocketOptions, 'open'> {
  /** Extra headers of the upgrade request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Opens a WebSocket by the `ws` package, with the frame limit enforced while reading and without compression. */
export function connectNodeWebSocket(
  url: string,
  options: NodeWebSocketOptions = {},
): Promise<Transport> {
  let stream: WriteGate | undefined;
  return connectWebSocket(url, {
    ...options,
    streamOf: () => stream,
    open: (address, protocols) => {
      const socket = new WebSocket(address, [...protocols], {
        maxPayload: options.maxReadBytes ?? DEFAULT_MAX_READ_BYTES,
        perMessageDeflate: false,
        ...(options.headers === undefined ? {} : { headers: { ...options.headers } }),
      });
      socket.once('upgrade', (response) => {
        stream = response.socket;
      });
      return socket as unknown as WebSocketLike;
    },
  });
}

/** Source: arcp section 1.4, T-12. */
const KNOWN_SUBPROTOCOLS = ['arcp.v1.1', 'arcp.v1', 'arcp'] as const;

/** The subprotocol a server selects from those offered: a known one, else the first; nothing when none is offered. */
export function selectSubprotocol(offered: Iterable<string>): string | undefined {
  const list = [...offered];
  return KNOWN_SUBPROTOCOLS.find((known) => list.includes(known)) ?? list[0];
}
