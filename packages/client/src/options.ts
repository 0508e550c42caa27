import type { ArcpFeature, PeerIdentity, Transport } from '@engramkit/arcp';
import type { Clock, Random } from '@engramkit/core';
import type { BackoffOptions } from './backoff.js';

/** When and how a lost connection is opened anew. */
export interface ReconnectOptions extends BackoffOptions {
  /** Without a session for this long, everything unfinished is given up; default 600,000 milliseconds. */
  readonly giveUpAfterMs?: number;
}

/**
 * Which hello is sent. Source: arcp section 8.3.
 *
 * - `strict`: what the draft says.
 * - `auto`: a superset that the Ruby gem 1.0.0 understands as well.
 * - `seed`: the Ruby gem's shapes from the start.
 */
export type Compatibility = 'strict' | 'auto' | 'seed';

/** Options of {@link connect}. */
export interface ClientOptions {
  /** The bearer token, or where to get a fresh one for every connection. Secret. */
  readonly token:
    | string
    | ((options: { readonly signal: AbortSignal }) => string | Promise<string>);
  /** The address of a WebSocket, such as `wss://host/arcp`; or give `transport`. */
  readonly url?: string;
  /** Opens a transport, for every connection anew; instead of `url`. */
  readonly transport?: (options: { readonly signal: AbortSignal }) => Promise<Transport>;
  /** How this program calls itself; default `engramkit`. */
  readonly client?: PeerIdentity;
  /** Default: all eleven. */
  readonly features?: readonly ArcpFeature[];
  /** Default `strict`. */
  readonly compat?: Compatibility;
  /** How long the runtime may take to welcome us; default 10,000 milliseconds. */
  readonly handshakeTimeoutMs?: number;
  /** How long a request may stay unanswered; default 30,000 milliseconds. */
  readonly requestTimeoutMs?: number;
  /** `false` gives everything up with the first connection. */
  readonly reconnect?: ReconnectOptions | false;
  /** Aborting it closes the client. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Gives the trace id of the active span, 32 hexadecimal digits; default: a fresh one per submit. */
  readonly traceId?: () => string | undefined;
}

/** Source: arcp section 2.1, S-1. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Source: arcp section 1.6, E-33. */
export const REQUEST_TIMEOUT_MS = 30_000;
export const GIVE_UP_AFTER_MS = 600_000;
