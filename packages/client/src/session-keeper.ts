import {
  ARCP_VERSION,
  ArcpError,
  type ArcpFeature,
  arcpFeatures,
  type Dialect,
  type Envelope,
  helloPayload,
  type IdentifierSource,
  identifierSource,
  negotiateFeatures,
  type PeerIdentity,
  type Transport,
  type Welcome,
} from '@engramkit/arcp';
import { CancelledError, type Clock, sleep, systemClock, systemRandom } from '@engramkit/core';
import { Backoff } from './backoff.js';
import { Link } from './link.js';
import { openWebSocket } from './open-websocket.js';
import { type ClientOptions, GIVE_UP_AFTER_MS, HANDSHAKE_TIMEOUT_MS } from './options.js';
import { SequenceTracker } from './sequence-tracker.js';

/** What is known of the present session. */
export interface SessionInfo {
  readonly id: string;
  readonly runtime: PeerIdentity;
  readonly agents: Welcome['agents'];
  readonly dialect: Dialect;
  /** What both sides may use. */
  readonly features: ReadonlySet<ArcpFeature>;
}

/** What the keeper tells its owner. */
export interface KeeperHandlers {
  /** A connection stands: the same session as before, or a fresh one. */
  ready(kind: 'fresh' | 'resumed'): void;
  envelope(envelope: Envelope): void;
  down(cause: ArcpError): void;
  /** No connection will come any more. */
  gone(cause: unknown): void;
}

/** Codes by which a runtime refuses to resume. Source: arcp section 2.4, S-22. */
const RESUME_REFUSALS: ReadonlySet<string> = new Set([
  'RESUME_WINDOW_EXPIRED',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_REQUEST',
]);
const DEFAULT_IDENTITY: PeerIdentity = { name: 'engramkit', version: '0.1.0' };

/** Keeps one session alive over any number of connections. Source: arcp section 2.4. */
export class SessionKeeper {
  readonly clock: Clock;
  readonly identifiers: IdentifierSource;
  readonly #options: ClientOptions;
  readonly #handlers: KeeperHandlers;
  readonly #end = new AbortController();
  readonly #backoff: Backoff;
  #link: Link | undefined;
  #info: SessionInfo | undefined;
  #resumeToken: string | undefined;
  #tracker = new SequenceTracker();
  #connectedAtMs = 0;
  #gapAt: number | undefined;
  #mayResume = true;

  constructor(options: ClientOptions, handlers: KeeperHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.clock = options.clock ?? systemClock;
    this.identifiers = identifierSource({ clock: this.clock });
    this.#backoff = new Backoff(options.reconnect || {}, options.random ?? systemRandom);
  }

  get info(): SessionInfo | undefined {
    return this.#info;
  }

  get tracker(): SequenceTracker {
    return this.#tracker;
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  get ended(): boolean {
    return this.#end.signal.aborted;
  }

  /** The first connection: one attempt, so that a wrong address or token shows at once. */
  async start(signal?: AbortSignal): Promise<void> {
    const stop = (): void => this.#end.abort(signal?.reason);
    if (signal?.aborted === true) throw signal.reason;
    signal?.addEventListener('abort', stop, { once: true });
    try {
      this.#announce(await this.#connect(false));
    } catch (error) {
      this.#end.abort(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Sends if there is a connection; otherwise the owner sends again when one stands. */
  send(envelope: Envelope, failed?: (error: ArcpError) => void): boolean {
    if (this.#link === undefined) return false;
    this.#link.send(envelope, failed);
    return true;
  }

  /** A sequence number was skipped: resume from the last one without a hole, once; then start afresh. Source: V-4. */
  gap(): void {
    if (this.#gapAt === this.#tracker.last) this.#mayResume = false;
    this.#gapAt = this.#tracker.last;
    this.#link?.fail(
      new ArcpError('INTERNAL_ERROR', `an event after number ${this.#tracker.last} is missing`),
    );
  }

  /** The runtime said that the session is over. */
  fail(cause: ArcpError): void {
    if (cause.code === 'RESUME_WINDOW_EXPIRED' || cause.code === 'UNAUTHENTICATED')
      this.#mayResume = false;
    this.#link?.fail(cause);
  }

  close(): void {
    if (this.ended) return;
    this.#end.abort(new CancelledError('the client is closed'));
    this.#link?.close();
    this.#link = undefined;
  }

  async #connect(resume: boolean): Promise<'fresh' | 'resumed'> {
    const { signal } = this.#end;
    const transport = await this.#open(signal);
    const link = new Link(transport, this.clock, this.identifiers, {
      envelope: (envelope) => {
        if (this.#link === link) this.#handlers.envelope(envelope);
      },
      ended: (cause) => this.#down(link, cause),
    });
    let welcome: Welcome;
    try {
      welcome = await link.handshake(
        await this.#hello(resume, signal),
        this.#options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
        signal,
      );
    } catch (error) {
      link.close();
      throw error;
    }
    if (link.ended)
      throw new ArcpError('INTERNAL_ERROR', 'the runtime closed the connection after its welcome');
    const kind = resume && welcome.sessionId === this.#info?.id ? 'resumed' : 'fresh';
    if (kind === 'fresh') {
      this.#tracker = new SequenceTracker();
      this.#gapAt = undefined;
    }
    this.#info = {
      id: welcome.sessionId,
      runtime: welcome.runtime,
      agents: welcome.agents,
      dialect: welcome.dialect,
      features: new Set(
        negotiateFeatures(this.#options.features ?? arcpFeatures, welcome.features),
      ),
    };
    this.#resumeToken = welcome.dialect === 'seed' ? undefined : welcome.resumeToken;
    this.#mayResume = this.#resumeToken !== undefined;
    this.#connectedAtMs = this.clock.monotonic();
    this.#link = link;
    return kind;
  }

  async #open(signal: AbortSignal): Promise<Transport> {
    const { transport, url } = this.#options;
    if (transport !== undefined) return await transport({ signal });
    if (url !== undefined) return await openWebSocket(url, { signal, clock: this.clock });
    throw new ArcpError('INVALID_REQUEST', 'connect needs a url or a transport');
  }

  async #hello(resume: boolean, signal: AbortSignal): Promise<Envelope> {
    const {
      token,
      client = DEFAULT_IDENTITY,
      features = arcpFeatures,
      compat = 'strict',
    } = this.#options;
    const sessionId = this.#info?.id;
    return {
      arcp: ARCP_VERSION,
      id: this.identifiers.next('msg_'),
      type: 'session.hello',
      ...(compat === 'strict' ? {} : { session_id: this.identifiers.next('sess_') }),
      payload: helloPayload({
        client,
        features,
        token: typeof token === 'function' ? await token({ signal }) : token,
        superset: compat !== 'strict',
        ...(resume && sessionId !== undefined && this.#resumeToken !== undefined
          ? {
              resume: {
                sessionId,
                resumeToken: this.#resumeToken,
                lastEventSeq: this.#tracker.last,
              },
            }
          : {}),
      }),
    };
  }

  #down(link: Link, cause: ArcpError): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#backoff.lasted(this.clock.monotonic() - this.#connectedAtMs);
    this.#handlers.down(cause);
    if (this.ended) return;
    if (this.#options.reconnect === false) this.#giveUp(cause);
    else void this.#reconnect(cause);
  }

  async #reconnect(cause: ArcpError): Promise<void> {
    const { giveUpAfterMs = GIVE_UP_AFTER_MS } = this.#options.reconnect || {};
    const { signal } = this.#end;
    const startedMs = this.clock.monotonic();
    let last: unknown = cause;
    while (!signal.aborted) {
      const leftMs = giveUpAfterMs - (this.clock.monotonic() - startedMs);
      if (leftMs <= 0) return this.#giveUp(last);
      try {
        await sleep(Math.min(this.#backoff.next(), leftMs), { clock: this.clock, signal });
        this.#announce(await this.#connect(this.#mayResume));
        return;
      } catch (error) {
        if (signal.aborted) return;
        last = error;
        const code = ArcpError.from(error).code;
        if (this.#mayResume && RESUME_REFUSALS.has(code)) this.#mayResume = false;
        else if (code === 'UNAUTHENTICATED') return this.#giveUp(error);
      }
    }
  }

  /** What is unfinished is sent again before the first frame of the connection is looked at. */
  #announce(kind: 'fresh' | 'resumed'): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#handlers.ready(kind);
    link.start();
  }

  #giveUp(cause: unknown): void {
    if (this.ended) return;
    this.#end.abort(cause);
    this.#handlers.gone(cause);
  }
}
