import {
  ArcpError,
  type ArcpFeature,
  correlation,
  type Envelope,
  type Hello,
  type IdentifierSource,
  negotiateFeatures,
  type PeerIdentity,
  readHello,
  resumeToken,
  wireTime,
} from '@engramkit/arcp';
import { type Clock, type JsonObject, openDeadline } from '@engramkit/core';
import type { AgentRegistry } from './agent-registry.js';
import type { Connection } from './connection.js';
import { digestsEqual, digestText } from './digest.js';
import type { RuntimeLimits } from './limits.js';
import type { EventLogRecord } from './log/event-log.js';
import type { Journal } from './log/journal.js';
import type { KnownSession } from './log/recovery.js';
import { withoutSecrets } from './log/without-secrets.js';
import { Session } from './session.js';

/** Who a bearer token belongs to; nothing refuses it. Must take the same time for every wrong token. */
export type Authenticate = (
  token: string,
  context: { readonly signal: AbortSignal },
) => string | undefined | Promise<string | undefined>;

/** What the handshake needs of the runtime. */
export interface SessionParts {
  readonly authenticate: Authenticate;
  readonly agents: AgentRegistry;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly identifiers: IdentifierSource;
  readonly identity: PeerIdentity;
  readonly features: readonly ArcpFeature[];
  readonly onDrop: (session: Session) => void;
  readonly journal: Journal;
  /** Resolves when what was before a restart is known again. */
  readonly ready: Promise<void>;
}

interface TokenRecord {
  readonly session: Session;
  /** Digest of the valid token; the token itself is not kept. */
  current: string;
  /** Valid until the first frame on the new transport, so that a lost welcome locks nobody out. Source: S-24. */
  previous: string | undefined;
}

/** Opens, resumes and forgets sessions. Source: arcp sections 2.2 to 2.4. */
export class Sessions {
  readonly #parts: SessionParts;
  readonly #records = new Map<string, TokenRecord>();
  /** Sessions by principal. */
  readonly #count = new Map<string, number>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  get all(): readonly Session[] {
    return [...this.#records.values()].map(({ session }) => session);
  }

  /** Answers a hello: welcome, or an error and the end of the connection. */
  async hello(envelope: Envelope, connection: Connection): Promise<void> {
    try {
      const hello = readHello(envelope);
      using deadline = openDeadline({
        clock: this.#parts.clock,
        timeoutMs: this.#parts.limits.handshakeTimeoutMs,
        what: 'authentication',
      });
      await this.#parts.ready;
      const principal = await this.#parts.authenticate(hello.token, { signal: deadline.signal });
      if (principal === undefined)
        throw new ArcpError('UNAUTHENTICATED', 'the token is not accepted');
      if (connection.ended) return;
      this.#sweep();
      if (hello.resume === undefined)
        this.#welcome(this.#open(hello, principal, envelope.arcp), hello, connection);
      else this.#resume(hello, principal, connection);
    } catch (thrown) {
      const error =
        thrown instanceof ArcpError
          ? thrown
          : new ArcpError('INTERNAL_ERROR', 'the session could not be opened', { cause: thrown });
      // The identifier is minted for readers that drop an error without one. Source: arcp section 2.2, S-4.
      connection.send({
        arcp: envelope.arcp,
        id: this.#parts.identifiers.next('msg_'),
        type: 'session.error',
        session_id: envelope.session_id ?? this.#parts.identifiers.next('sess_'),
        payload: { ...error.toPayload(), ...correlation(envelope.id) },
      });
      connection.close('policy');
    }
  }

  /** The new transport works: the token from before is worthless now. */
  confirmed(session: Session): void {
    const record = this.#records.get(session.id);
    if (record !== undefined) record.previous = undefined;
  }

  /** A session from before a restart; its window runs from the loss of its transport, at the latest from now. */
  restore(known: KnownSession): Session {
    const { limits, clock, identifiers, journal } = this.#parts;
    const { id, principal, dialect, version, detachedAtMs } = known;
    const features = new Set(known.features);
    const session = new Session({
      id,
      principal,
      features,
      dialect,
      version,
      limits,
      clock,
      identifiers,
      journal,
    });
    session.restore(known.sequence, known.floor, known.frames);
    if (detachedAtMs !== undefined)
      session.lastExchangeMs -= Math.max(0, clock.now() - detachedAtMs);
    this.#remember(session, known.token);
    return session;
  }

  /** The sessions as records. */
  *records(): Generator<EventLogRecord> {
    const { clock } = this.#parts;
    for (const { session, current } of this.#records.values()) {
      const { floor, frames } = session.kept;
      yield {
        record: 'session',
        session: session.id,
        principal: session.principal,
        features: [...session.features],
        dialect: session.dialect,
        version: session.version,
        token: current,
        sequence: session.sequence,
        floor,
      };
      for (const envelope of frames)
        yield { record: 'frame', session: session.id, envelope: withoutSecrets(envelope) };
      if (session.connection === undefined) {
        const idleMs = clock.monotonic() - session.lastExchangeMs;
        yield { record: 'detached', session: session.id, atMs: clock.now() - idleMs };
      }
    }
  }

  #open(hello: Hello, principal: string, version: string): Session {
    const { limits, clock, identifiers, journal } = this.#parts;
    this.#makeRoom(principal);
    const proposed = hello.proposedSessionId;
    const session = new Session({
      id:
        proposed !== undefined && !this.#records.has(proposed)
          ? proposed
          : identifiers.next('sess_'),
      principal,
      features: new Set(negotiateFeatures(this.#parts.features, hello.features)),
      dialect: hello.dialect,
      limits,
      clock,
      identifiers,
      journal,
      version,
    });
    this.#remember(session, '');
    return session;
  }

  /** One principal cannot fill the runtime: the oldest session that nobody uses goes, else the new one is refused. */
  #makeRoom(principal: string): void {
    const count = this.#count.get(principal) ?? 0;
    const most = this.#parts.limits.maxSessionsPerPrincipal;
    if (count >= most) {
      const idle = this.all.find(
        (session) =>
          session.principal === principal &&
          session.connection === undefined &&
          session.jobs.size === 0,
      );
      if (idle === undefined) {
        throw new ArcpError('INTERNAL_ERROR', `the principal has ${most} sessions already`, {
          details: { reason: 'too_many_sessions', limit: most },
        });
      }
      this.#forget(idle);
    }
  }

  #remember(session: Session, token: string): void {
    this.#records.set(session.id, { session, current: token, previous: undefined });
    this.#count.set(session.principal, (this.#count.get(session.principal) ?? 0) + 1);
  }

  #forget(session: Session): void {
    this.#records.delete(session.id);
    const left = (this.#count.get(session.principal) ?? 1) - 1;
    if (left > 0) this.#count.set(session.principal, left);
    else this.#count.delete(session.principal);
    this.#parts.journal.write({ record: 'dropped', session: session.id });
    this.#parts.onDrop(session);
  }

  /** Every refusal is the same, so that nothing leaks. Source: arcp section 2.4, S-22 and S-23. */
  #resume(hello: Hello, principal: string, connection: Connection): void {
    const { sessionId, resumeToken: token, lastEventSeq } = hello.resume!;
    const digest = digestText(token);
    const record =
      sessionId === undefined
        ? [...this.#records.values()].find(
            (known) => known.current === digest || known.previous === digest,
          )
        : this.#records.get(sessionId);
    const session = record?.session;
    if (
      record === undefined ||
      session === undefined ||
      !(digestsEqual(record.current, digest) || digestsEqual(record.previous ?? '', digest)) ||
      session.principal !== principal ||
      !session.covers(lastEventSeq)
    ) {
      throw new ArcpError('RESUME_WINDOW_EXPIRED', 'the session cannot be resumed');
    }
    const before = session.connection;
    session.connection = undefined;
    before?.detach();
    before?.close('shutdown');
    session.features = new Set(negotiateFeatures(this.#parts.features, hello.features));
    session.acknowledge(lastEventSeq);
    this.#welcome(session, hello, connection);
    session.replay(lastEventSeq);
    session.relieve();
  }

  #welcome(session: Session, hello: Hello, connection: Connection): void {
    const { limits, identity, agents } = this.#parts;
    const record = this.#records.get(session.id)!;
    const token = resumeToken();
    record.previous = record.current === '' ? undefined : record.current;
    record.current = digestText(token);
    this.#parts.journal.write(
      hello.resume === undefined
        ? {
            record: 'session',
            session: session.id,
            principal: session.principal,
            features: [...session.features],
            dialect: session.dialect,
            version: session.version,
            token: record.current,
            sequence: 0,
            floor: 0,
          }
        : {
            record: 'resumed',
            session: session.id,
            token: record.current,
            features: [...session.features],
          },
    );
    const heartbeat = session.features.has('heartbeat') ? limits.heartbeatIntervalSec : undefined;
    session.connection = connection;
    connection.bind(session, heartbeat);
    const payload: JsonObject = {
      runtime: { name: identity.name, version: identity.version },
      ...(hello.dialect === 'seed'
        ? { runtime_name: identity.name, runtime_version: identity.version }
        : {}),
      session_id: session.id,
      resume_token: token,
      resume_window_sec: limits.resumeWindowSec,
      // The Python client takes no welcome without it.
      accepted_at: wireTime(this.#parts.clock.now()),
      ...(heartbeat === undefined ? {} : { heartbeat_interval_sec: heartbeat }),
      capabilities: {
        encodings: ['json'],
        features: [...session.features],
        agents: agents.advertised().map((agent) => ({ ...agent, versions: [...agent.versions] })),
      },
    };
    session.plain('session.welcome', payload);
  }

  /** Forgets sessions whose window is over. Source: arcp section 2.4, S-21. */
  #sweep(): void {
    const oldestMs = this.#parts.clock.monotonic() - this.#parts.limits.resumeWindowSec * 1_000;
    for (const { session } of this.#records.values()) {
      if (session.connection !== undefined || session.lastExchangeMs > oldestMs) continue;
      this.#forget(session);
    }
  }
}
