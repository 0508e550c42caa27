import type { Clock, Random } from '@engramkit/core';
import type { ChronicleSource } from '../chronicle/chronicle-event.js';
import type { Authenticator } from './authentication.js';

/** Options of every form of the HTTP host. */
export interface FunctionsAppOptions {
  /** Finds out who calls. */
  readonly authenticate?: Authenticator;
  /** Takes requests of anybody; must be said where there is no `authenticate` and callers are not on this machine only. */
  readonly anonymous?: boolean;
  /** The largest body, in bytes; default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** The most events in one batch; default 100. */
  readonly maxBatchEvents?: number;
  /** Where `/lineage/{cid}` looks; default: the chronicle of the runtime, if it can find events. */
  readonly events?: ChronicleSource;
  /** Whether people get a page at `/`; default `true`. */
  readonly page?: boolean;
  /** How many calls the page shows; default 50. */
  readonly recentCalls?: number;
  /** How long one health check may take, milliseconds; default 2,000. */
  readonly healthTimeoutMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}
