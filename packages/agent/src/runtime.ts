import {
  ArcpError,
  type ArcpFeature,
  arcpFeatures,
  correlation,
  type Envelope,
  type IdentifierSource,
  identifierSource,
  type PeerIdentity,
  type Transport,
  wireTime,
} from '@engramkit/arcp';
import { type Clock, sleep, systemClock } from '@engramkit/core';
import type { AgentDefinition } from './agent-definition.js';
import { AgentRegistry } from './agent-registry.js';
import { Connection } from './connection.js';
import { type CredentialProvisioner, type CredentialStore, Credentials } from './credentials.js';
import { IdempotencyKeys } from './idempotency.js';
import { JobStore } from './job-store.js';
import { defaultLimits, type RuntimeLimits } from './limits.js';
import type { EventLog } from './log/event-log.js';
import { Journal } from './log/journal.js';
import { recover, snapshot } from './log/recovery.js';
import { Observers, type SubscribeAudit } from './observers.js';
import type { Session } from './session.js';
import { type Authenticate, Sessions } from './sessions.js';
import { Submissions } from './submissions.js';

/** Options of {@link createArcpRuntime}. */
export interface ArcpRuntimeOptions {
  readonly agents: readonly AgentDefinition[];
  /** Who a bearer token belongs to. See {@link staticTokens}. */
  readonly authenticate: Authenticate;
  readonly limits?: Partial<RuntimeLimits>;
  /** How this runtime calls itself. */
  readonly identity?: PeerIdentity;
  /** Default: all that it can do. */
  readonly features?: readonly ArcpFeature[];
  readonly credentials?: {
    readonly provisioner: CredentialProvisioner;
    readonly store: CredentialStore;
  };
  /** Whether models need a grant; default: when credentials are provisioned. Source: arcp section 5.8, L-61. */
  readonly requireModelUse?: boolean;
  /** How a submit is refused; `session.error` is for Python clients. Source: arcp section 3.2, J-8. */
  readonly submitRejection?: 'job.error' | 'session.error';
  /** Hears of every subscribe. Source: arcp section 3.8, J-67. */
  readonly onSubscribe?: (audit: SubscribeAudit) => void;
  readonly clock?: Clock;
  /**
   * Keeps sessions and jobs over a restart; default: nothing is kept. `fileEventLog` of `@engramkit/agent/node` is one.
   *
   * After a restart sessions are resumed as after a lost connection; jobs that were running have ended with a retryable
   * `INTERNAL_ERROR` whose `details.reason` is `runtime_restarted`.
   */
  readonly eventLog?: EventLog;
  /** Told when the event log cannot be loaded or written; nothing leaves the runtime until it works again. */
  readonly onLogFailure?: (error: unknown) => void;
}

/** Hosts agents for sessions over any transport. */
export class ArcpRuntime implements AsyncDisposable {
  readonly #limits: RuntimeLimits;
  readonly #clock: Clock;
  readonly #identifiers: IdentifierSource;
  readonly #agents = new AgentRegistry();
  readonly #sessions: Sessions;
  readonly #jobs: JobStore;
  readonly #submissions: Submissions;
  readonly #observers: Observers;
  readonly #credentials: Credentials | undefined;
  readonly #connections = new Set<Connection>();
  readonly #journal: Journal;
  /** Resolves when sessions and jobs of an earlier process are known again; rejects when its log cannot be read. */
  readonly ready: Promise<void>;
  #closing: Promise<void> | undefined;

  /** @internal Use {@link createArcpRuntime}. */
  constructor(options: ArcpRuntimeOptions) {
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#identifiers = identifierSource({ clock: this.#clock });
    for (const agent of options.agents) this.#agents.register(agent);
    const clock = this.#clock;
    const limits = this.#limits;
    const identifiers = this.#identifiers;
    const offersCredentials = options.credentials?.store.durable === true;
    this.#credentials = options.credentials && new Credentials({ ...options.credentials, clock });
    const journal = new Journal(options.eventLog, (error) => this.#logFailed(error, options));
    this.#journal = journal;
    const keys = new IdempotencyKeys(clock, limits.idempotencyTtlSec * 1_000);
    let markReady = (_: Promise<void>): void => undefined;
    this.ready = new Promise((resolve) => {
      markReady = resolve;
    });
    this.ready.catch(() => undefined);
    this.#jobs = new JobStore(limits, clock, (job) =>
      journal.write({ record: 'forgotten', job: job.id }),
    );
    this.#sessions = new Sessions({
      authenticate: options.authenticate,
      agents: this.#agents,
      limits,
      clock,
      identifiers,
      identity: options.identity ?? { name: 'engramkit', version: '0.1.0' },
      features: (options.features ?? arcpFeatures).filter(
        (feature) => feature !== 'provisioned_credentials' || offersCredentials,
      ),
      onDrop: (session) => this.#observers.drop(session),
      journal,
      ready: this.ready,
    });
    this.#submissions = new Submissions({
      agents: this.#agents,
      jobs: this.#jobs,
      keys,
      limits,
      clock,
      identifiers,
      credentials: offersCredentials ? this.#credentials : undefined,
      requireModelUse: options.requireModelUse ?? offersCredentials,
      rejection: options.submitRejection ?? 'job.error',
      closing: () => this.#closing !== undefined,
      journal,
    });
    this.#observers = new Observers({
      jobs: this.#jobs,
      limits,
      ...(options.onSubscribe === undefined ? {} : { onSubscribe: options.onSubscribe }),
    });
    markReady(this.#recover(options, keys));
    void this.#credentials?.reconcile();
  }

  /** Serves a connection; a transport of any kind, one session each. */
  accept(transport: Transport): void {
    if (this.#closing !== undefined) {
      transport.close('shutdown');
      return;
    }
    const connection = new Connection(transport, {
      clock: this.#clock,
      identifiers: this.#identifiers,
      handshakeTimeoutMs: this.#limits.handshakeTimeoutMs,
      journal: this.#journal,
      handlers: {
        hello: (envelope, at) => void this.#sessions.hello(envelope, at),
        frame: (envelope, session) => this.#frame(envelope, session),
        ended: (at) => {
          this.#connections.delete(at);
          const { session } = at;
          if (session?.connection === at) {
            session.connection = undefined;
            session.lastExchangeMs = this.#clock.monotonic();
            this.#journal.write({
              record: 'detached',
              session: session.id,
              atMs: this.#clock.now(),
            });
            session.relieve();
          }
        },
      },
    });
    if (!connection.ended) this.#connections.add(connection);
  }

  /**
   * Puts a new secret in the place of a credential and tells the job's submitter; observers, history and log never see it.
   *
   * Throws `JOB_NOT_FOUND` for a job that does not run and `INVALID_REQUEST` when it cannot be rotated. Source: arcp section 7.1, C-3.
   */
  async rotateCredential(jobId: string, credentialId: string): Promise<void> {
    const job = this.#jobs.running.find(({ id }) => id === jobId);
    const credential = job?.facts.credentials.find(({ id }) => id === credentialId);
    if (job === undefined || credential === undefined || this.#credentials === undefined)
      throw new ArcpError('JOB_NOT_FOUND', 'there is no running job with this credential');
    const value = await this.#credentials.rotate(jobId, credential);
    if (!job.ended) job.audience.rotated(credentialId, value, wireTime(this.#clock.now()));
  }

  /** What is going on, for health checks and metrics. */
  get statistics(): {
    readonly connections: number;
    readonly sessions: number;
    readonly runningJobs: number;
  } {
    return {
      connections: this.#connections.size,
      sessions: this.#sessions.all.length,
      runningJobs: this.#jobs.running.length,
    };
  }

  /**
   * Says goodbye: no new sessions and jobs, running jobs may finish within `drainMs`, then they are cancelled.
   *
   * Source: arcp section 2.8, S-72.
   */
  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#shutDown(options.drainMs ?? this.#limits.drainMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #shutDown(drainMs: number): Promise<void> {
    await Promise.resolve(); // `#closing` is set before anything else happens.
    const running = this.#jobs.running;
    const drained = new AbortController();
    const ended = Promise.allSettled(running.map((job) => job.settled)).then(() => drained.abort());
    await sleep(drainMs, { clock: this.#clock, signal: drained.signal }).catch(() => undefined);
    for (const job of this.#jobs.running)
      job.interrupt(new ArcpError('CANCELLED', 'the runtime is shutting down'), 0);
    await ended;
    for (const session of this.#sessions.all)
      session.plain('session.bye', { reason: 'runtime_shutdown' });
    for (const connection of [...this.#connections]) connection.close('shutdown');
    this.#credentials?.close();
    await this.#journal.close();
  }

  async #recover({ eventLog }: ArcpRuntimeOptions, keys: IdempotencyKeys): Promise<void> {
    if (eventLog === undefined) return;
    const parts = {
      sessions: this.#sessions,
      jobs: this.#jobs,
      keys,
      maker: this.#submissions.maker,
      clock: this.#clock,
    };
    recover(await eventLog.load(), parts);
    this.#journal.snapshotBy(() => snapshot(parts));
    this.#journal.replaceBy(snapshot(parts));
    await this.#journal.flush();
  }

  /** What is not stored must not leave: clients come back and resume. */
  #logFailed(error: unknown, { onLogFailure }: ArcpRuntimeOptions): void {
    onLogFailure?.(error);
    for (const { connection } of this.#sessions.all) connection?.abort();
  }

  #frame(envelope: Envelope, session: Session): void {
    this.#sessions.confirmed(session);
    try {
      switch (envelope.type) {
        case 'job.submit':
          this.#submissions.submit(session, envelope);
          break;
        case 'job.cancel':
          this.#observers.cancel(session, envelope);
          break;
        case 'job.subscribe':
          this.#observers.subscribe(session, envelope);
          break;
        case 'job.unsubscribe':
          this.#observers.unsubscribe(session, envelope);
          break;
        case 'session.list_jobs':
          this.#observers.list(session, envelope);
          break;
        case 'session.ack':
          if (Number.isSafeInteger(envelope.payload.last_processed_seq)) {
            session.acknowledge(Number(envelope.payload.last_processed_seq));
          }
          break;
        case 'session.close':
          session.plain('session.closed', {
            ...(typeof envelope.payload.reason === 'string'
              ? { reason: envelope.payload.reason }
              : {}),
            ...correlation(envelope.id),
          });
          session.connection?.close('normal');
          break;
        case 'session.bye':
          session.connection?.close('normal');
          break;
        default:
          this.#unknown(session, envelope);
      }
    } catch (thrown) {
      const error =
        thrown instanceof ArcpError
          ? thrown
          : new ArcpError('INTERNAL_ERROR', 'the request failed', { cause: thrown });
      session.error({ ...error.toPayload() }, envelope.id);
    }
  }

  /** Source: arcp section 1.5, E-20. */
  #unknown(_session: Session, envelope: Envelope): void {
    if (envelope.type.startsWith('x-vendor.') && envelope.extensions?.optional === true) return;
    throw new ArcpError('INVALID_REQUEST', 'the message type is not known here', {
      details: { type: envelope.type.slice(0, 200) },
    });
  }
}

/** Makes a runtime; it serves the transports that are given to {@link ArcpRuntime.accept}. */
export function createArcpRuntime(options: ArcpRuntimeOptions): ArcpRuntime {
  return new ArcpRuntime(options);
}
