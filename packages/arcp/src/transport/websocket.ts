import { type Clock, systemClock } from '@engramkit/core';
import {
  DEFAULT_MAX_READ_BYTES,
  DEFAULT_MAX_SEND_BYTES,
  decodeFrame,
  type Envelope,
  encodeFrame,
} from '../envelope.js';
import { ArcpError } from '../error.js';
import { type CloseReason, FrameInbox, type Transport } from './transport.js';
import { type WriteGate, WriteGathering } from './write-gate.js';

/** What browsers' sockets, Node's and those of `ws` have in common. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: never) => void): void;
  removeEventListener(type: string, listener: (event: never) => void): void;
  /** Cuts the connection without a closing handshake; only in `ws`. */
  terminate?(): void;
}

/** Options of {@link webSocketTransport}. */
export interface WebSocketTransportOptions {
  /** Default 4 MiB. */
  readonly maxReadBytes?: number;
  /** Default 1,000,000. */
  readonly maxSendBytes?: number;
  /** Whether the peer is beyond this machine over a plain connection; default `false`. */
  readonly exposed?: boolean;
  readonly clock?: Clock;
  /** The byte stream below the socket, where it is known: frames that are sent close together leave in one write. */
  readonly stream?: WriteGate | undefined;
  /** Called for every message that is not text; such messages are ignored. Source: arcp section 1.4, T-11. */
  readonly onBinary?: () => void;
}

/** Source: arcp section 1.4, T-14. */
const CLOSE_CODES: Readonly<Record<CloseReason, number>> = {
  normal: 1000,
  shutdown: 1001,
  policy: 1008,
  'too-big': 1009,
  fault: 1011,
  overloaded: 1013,
};
const OPEN = 1;
const ORDERLY_CODES: ReadonlySet<number> = new Set([1000, 1001, 1005]);
/** Awaiting a send waits while more than this is in the socket's buffer. */
const HIGH_WATER_BYTES = 256 * 1024;
const DRAIN_POLL_MS = 5;
/** How long a peer may take for the closing handshake. */
const CLOSE_GRACE_MS = 2_000;

/** A transport over an open WebSocket: one frame per text message. */
export function webSocketTransport(
  socket: WebSocketLike,
  options: WebSocketTransportOptions = {},
): Transport {
  return new WebSocketTransport(socket, options);
}

class WebSocketTransport implements Transport {
  readonly exposed: boolean;
  readonly #socket: WebSocketLike;
  readonly #options: WebSocketTransportOptions;
  readonly #clock: Clock;
  readonly #inbox = new FrameInbox();
  #draining: Promise<void> | undefined;
  readonly #gathering: WriteGathering | undefined;

  constructor(socket: WebSocketLike, options: WebSocketTransportOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.exposed = options.exposed ?? false;
    this.#gathering = options.stream && new WriteGathering(options.stream);
    const maxBytes = options.maxReadBytes ?? DEFAULT_MAX_READ_BYTES;
    socket.addEventListener('message', (event: { readonly data: unknown }) => {
      if (typeof event.data !== 'string') {
        options.onBinary?.();
        return;
      }
      if (event.data.length > maxBytes) {
        this.close('too-big');
        return;
      }
      this.#inbox.push(decodeFrame(event.data, { maxBytes }));
    });
    socket.addEventListener(
      'close',
      (event: { readonly code?: number; readonly reason?: string }) => {
        const code = event.code ?? 1006;
        const orderly = ORDERLY_CODES.has(code);
        this.#inbox.end({
          ...(event.reason ? { reason: event.reason } : {}),
          ...(orderly
            ? {}
            : {
                error: new ArcpError('INTERNAL_ERROR', `the WebSocket closed with code ${code}`, {
                  details: { close_code: code },
                }),
              }),
        });
      },
    );
    socket.addEventListener(
      'error',
      (event: { readonly message?: string; readonly error?: unknown }) => {
        this.#inbox.end({
          error: new ArcpError(
            'INTERNAL_ERROR',
            `the WebSocket failed: ${event.message ?? 'unknown reason'}`,
            {
              cause: event.error,
            },
          ),
        });
      },
    );
  }

  get closed(): boolean {
    return this.#inbox.closed || this.#socket.readyState > OPEN;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(envelope: Envelope): Promise<void> {
    if (this.closed) {
      return Promise.reject(new ArcpError('INTERNAL_ERROR', 'the transport is closed'));
    }
    this.#gathering?.hold();
    try {
      this.#socket.send(
        encodeFrame(envelope, this.#options.maxSendBytes ?? DEFAULT_MAX_SEND_BYTES),
      );
    } catch (error) {
      return Promise.reject(ArcpError.from(error));
    }
    if (this.#socket.bufferedAmount <= HIGH_WATER_BYTES) return SENT;
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  /** Sockets of browsers have no drain event: the buffer is looked at. */
  #drain(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.closed && this.#socket.bufferedAmount > HIGH_WATER_BYTES) {
          this.#clock.setTimer(look, DRAIN_POLL_MS, { unref: true });
          return;
        }
        this.#draining = undefined;
        if (this.closed) reject(new ArcpError('INTERNAL_ERROR', 'the transport is closed'));
        else resolve();
      };
      look();
    });
  }

  onFrame(handler: Parameters<Transport['onFrame']>[0]): void {
    this.#inbox.onFrame(handler);
  }

  onClose(handler: Parameters<Transport['onClose']>[0]): void {
    this.#inbox.onClose(handler);
  }

  close(reason: CloseReason = 'normal'): void {
    if (this.#inbox.closed) return;
    this.#socket.close(CLOSE_CODES[reason], reason);
    const cut = this.#clock.setTimer(() => this.#socket.terminate?.(), CLOSE_GRACE_MS, {
      unref: true,
    });
    this.#socket.addEventListener('close', () => cut.cancel());
    this.#inbox.end({ reason });
  }
}

const SENT: Promise<void> = Promise.resolve();

/** Options of {@link connectWebSocket}. */
export interface ConnectWebSocketOptions extends WebSocketTransportOptions {
  readonly signal?: AbortSignal;
  /** Default 10,000. Source: arcp section 1.4, T-16. */
  readonly timeoutMs?: number;
  /** Default: none. Source: arcp section 1.4, T-12. */
  readonly protocols?: readonly string[];
  /** Opens a socket; default: the platform's `WebSocket`. */
  readonly open?: (url: string, protocols: readonly string[]) => WebSocketLike;
  /** The byte stream below an opened socket, if it can be had. */
  readonly streamOf?: (socket: WebSocketLike) => WriteGate | undefined;
}

/** Source: arcp section 1.4, T-16. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Opens a WebSocket and waits until frames can be sent. */
export function connectWebSocket(
  url: string,
  options: ConnectWebSocketOptions = {},
): Promise<Transport> {
  const { signal, timeoutMs = CONNECT_TIMEOUT_MS, protocols = [], clock = systemClock } = options;
  const open = options.open ?? platformSocket;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const socket = open(url, protocols);
    const settle = (finish: () => void): void => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      socket.removeEventListener('open', onOpen);
      socket.removeEventListener('error', onError);
      socket.removeEventListener('close', onError);
      finish();
    };
    const abandon = (): void => {
      // Closing a socket that is still connecting reports an error in some platforms; nobody waits for it any more.
      socket.addEventListener('error', () => undefined);
      socket.close();
    };
    const refuse = (message: string, cause?: unknown): void =>
      reject(
        new ArcpError('INTERNAL_ERROR', `cannot connect to ${redactUrl(url)}: ${message}`, {
          hint: 'Check the address, that the runtime is up, and that the path (by default /arcp) is right.',
          ...(cause === undefined ? {} : { cause }),
        }),
      );
    const onOpen = (): void => {
      // Attached before anything else can run: a welcome that follows at once is kept.
      const transport = webSocketTransport(socket, {
        ...options,
        exposed: options.exposed ?? isExposed(url),
        stream: options.streamOf?.(socket),
      });
      settle(() => resolve(transport));
    };
    const onError = (event: {
      readonly message?: string;
      readonly error?: unknown;
      readonly code?: number;
    }): void =>
      settle(() => {
        abandon();
        refuse(event.message ?? `closed with code ${event.code ?? 1006}`, event.error);
      });
    const onAbort = (): void =>
      settle(() => {
        abandon();
        reject(signal?.reason);
      });
    const timer = clock.setTimer(
      () =>
        settle(() => {
          abandon();
          refuse(`no connection within ${timeoutMs} ms`);
        }),
      timeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.addEventListener('open', onOpen);
    socket.addEventListener('error', onError);
    socket.addEventListener('close', onError);
  });
}

function platformSocket(url: string, protocols: readonly string[]): WebSocketLike {
  const Socket = (
    globalThis as { readonly WebSocket?: new (url: string, protocols?: string[]) => WebSocketLike }
  ).WebSocket;
  if (Socket === undefined) {
    throw new ArcpError('INTERNAL_ERROR', 'this platform has no WebSocket', {
      hint: "On Node 20 import { connectNodeWebSocket } from '@engramkit/arcp/node'.",
    });
  }
  return protocols.length === 0 ? new Socket(url) : new Socket(url, [...protocols]);
}

/** Whether frames to this address would cross a network in the clear. */
export function isExposed(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'wss:' || protocol === 'https:') return false;
  return !(hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.'));
}

function redactUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'an address that is no URL';
  }
}
