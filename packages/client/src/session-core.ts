import { ArcpError, type Envelope, type JobEvent, readAccepted } from '@engramkit/arcp';
import { Acknowledger } from './acknowledger.js';
import type { JobHandle, JobOwner } from './job-handle.js';
import { type JobEntry, JobRegistry } from './job-registry.js';
import { clientClosed, sessionLost } from './local-errors.js';
import { type ClientOptions, REQUEST_TIMEOUT_MS } from './options.js';
import { RequestBroker } from './request-broker.js';
import { type SessionInfo, SessionKeeper } from './session-keeper.js';

/** What the core tells the client. */
export interface CoreHandlers extends JobOwner {
  connected(info: { readonly sessionId: string; readonly resumed: boolean }): void;
  disconnected(cause: ArcpError): void;
  error(error: ArcpError): void;
  delegated(child: JobHandle, parentJobId: string): void;
  /** Absent listeners cost nothing. */
  readonly watchesEvents: () => boolean;
  event(jobId: string, event: JobEvent): void;
  closed(cause: unknown): void;
}

/** Codes of a session error that mean the whole session, when nothing else is named. Source: arcp section 2.9, S-80. */
const FATAL: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'HEARTBEAT_LOST',
  'RESUME_WINDOW_EXPIRED',
]);

/** Brings every frame to where it belongs, and everything unfinished over to the next connection or session. */
export class SessionCore {
  readonly keeper: SessionKeeper;
  readonly requests: RequestBroker;
  readonly #jobs: JobRegistry;
  readonly #acknowledger: Acknowledger;
  readonly #options: ClientOptions;
  readonly #handlers: CoreHandlers;
  #ended = false;

  constructor(options: ClientOptions, handlers: CoreHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#jobs = new JobRegistry(handlers, () => this.requests.awaitsAcceptance);
    this.keeper = new SessionKeeper(options, {
      ready: (kind) => this.#ready(kind),
      envelope: (envelope) => this.#receive(envelope),
      down: (cause) => {
        this.#acknowledger.follow(undefined);
        handlers.disconnected(cause);
      },
      gone: (cause) => this.end(cause),
    });
    this.requests = new RequestBroker(this.keeper, options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
    this.#acknowledger = new Acknowledger(this.keeper.clock, (last) => {
      this.keeper.send(this.requests.message('session.ack', { last_processed_seq: last }));
    });
  }

  get jobs(): JobRegistry {
    return this.#jobs;
  }

  get ended(): boolean {
    return this.#ended || this.keeper.ended;
  }

  get session(): SessionInfo {
    const { info } = this.keeper;
    if (info === undefined) throw clientClosed('session');
    return info;
  }

  /** Acknowledges what is handled by now. */
  flush(): void {
    this.#acknowledger.flush();
  }

  /** Settles everything that is open; `undefined` means that the owner wanted it. */
  end(cause: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.keeper.close();
    this.#acknowledger.follow(undefined);
    const byOwner = cause === undefined || this.#options.signal?.aborted === true;
    this.requests.failAll(({ envelope }) => (byOwner ? clientClosed(envelope.type) : cause));
    this.#jobs.loseAll((handle) =>
      byOwner ? clientClosed(`job ${handle.id}`) : sessionLost(handle.id, cause),
    );
    this.#handlers.closed(cause);
  }

  #receive(envelope: Envelope): void {
    const { tracker, clock } = this.keeper;
    const { event_seq: sequence } = envelope;
    if (this.session.dialect === 'seed') {
      if (!this.#jobs.seedIsNews(envelope)) return;
    } else if (sequence !== undefined) {
      const verdict = tracker.receive(sequence);
      if (verdict === 'duplicate') return;
      if (verdict === 'gap') {
        this.keeper.gap();
        return;
      }
    }
    switch (envelope.type) {
      case 'job.event':
        this.#routeEvent(envelope);
        break;
      case 'job.result':
        this.#jobs.route(envelope, clock.now(), () => nothing);
        break;
      case 'job.error':
        this.#routeError(envelope);
        break;
      case 'session.error':
        this.#sessionError(envelope);
        break;
      case 'session.bye':
        this.keeper.fail(new ArcpError('INTERNAL_ERROR', 'the runtime said goodbye'));
        break;
      case 'job.accepted':
        if (typeof envelope.payload.parent_job_id === 'string') this.#delegated(envelope);
        else this.requests.answer(envelope);
        break;
      default:
        this.requests.answer(envelope);
    }
    if (sequence !== undefined) this.#acknowledger.note();
  }

  #routeEvent(envelope: Envelope): void {
    const { tracker, clock } = this.keeper;
    const { event_seq: sequence } = envelope;
    this.#jobs.route(envelope, clock.now(), (event) => {
      if (envelope.job_id !== undefined && this.#handlers.watchesEvents()) {
        this.#handlers.event(envelope.job_id, event);
      }
      if (sequence === undefined || this.session.dialect === 'seed') return nothing;
      const release = tracker.hold(sequence);
      return () => {
        release();
        if (tracker === this.keeper.tracker) this.#acknowledger.note();
      };
    });
  }

  /** The end of a job, or the refusal of a request. Source: arcp section 1.6, E-31. */
  #routeError(envelope: Envelope): void {
    const error = ArcpError.fromPayload(envelope.payload);
    const jobId = envelope.job_id ?? '';
    if (this.requests.refuse(envelope, error, this.#jobs.knows(jobId))) return;
    this.#jobs.route(envelope, this.keeper.clock.now(), () => nothing);
  }

  /** Fatal only when the session itself is meant. Source: arcp section 2.9, S-80. */
  #sessionError(envelope: Envelope): void {
    const error = ArcpError.fromPayload(envelope.payload);
    const correlated =
      envelope.payload.request_id !== undefined || envelope.payload.reply_to !== undefined;
    this.#handlers.error(error);
    if (!correlated && FATAL.has(error.code)) {
      this.keeper.fail(error);
      return;
    }
    this.requests.refuse(envelope, error, false);
  }

  #delegated(envelope: Envelope): void {
    const parentJobId = String(envelope.payload.parent_job_id);
    const child = this.#jobs.accepted(envelope, { kind: 'delegate' }, this.keeper.clock.now());
    if (child !== undefined) this.#handlers.delegated(child, parentJobId);
  }

  #ready(kind: 'fresh' | 'resumed'): void {
    const { info, tracker } = this.keeper;
    if (info === undefined) return;
    this.#acknowledger.follow(
      info.features.has('ack') && info.dialect !== 'seed' ? tracker : undefined,
    );
    this.requests.resend(kind, info.id);
    if (kind === 'fresh') for (const entry of this.#jobs.all()) this.#recover(entry);
    this.#handlers.connected({ sessionId: info.id, resumed: kind === 'resumed' });
  }

  /** Finds the job of a handle again in a fresh session. Source: arcp section 2.4, S-29. */
  #recover(entry: JobEntry): void {
    const { handle, origin } = entry;
    const lose = (cause: unknown): void => this.#jobs.lose(entry, sessionLost(handle.id, cause));
    if (origin.kind === 'submit' && origin.payload.idempotency_key !== undefined) {
      this.requests
        .request(
          'submit',
          'job.submit',
          origin.payload,
          { traceId: origin.traceId },
          (envelope) => {
            const jobId = readAccepted(envelope)?.jobId;
            if (jobId !== undefined && jobId !== handle.id) this.#jobs.rebind(entry, jobId);
          },
        )
        .catch(lose);
    } else if (origin.kind === 'subscribe') {
      entry.skip = origin.history ? entry.delivered : 0;
      this.requests
        .request(
          'subscribe',
          'job.subscribe',
          { job_id: handle.id, history: origin.history },
          { jobId: handle.id },
        )
        .catch(lose);
    } else lose('the job was submitted without an idempotency key');
  }
}

const nothing = (): void => undefined;
