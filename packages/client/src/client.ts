import {
  ArcpError,
  type Envelope,
  type JobSummary,
  newTraceId,
  readAccepted,
  readJobsPage,
  wireTime,
} from '@engramkit/arcp';
import type { JsonObject, JsonValue } from '@engramkit/core';
import { EventEmitter } from 'eventemitter3';
import type { ClientEvents, JobFilter, SubscribeOptions } from './client-types.js';
import type { CancelOptions, JobHandle } from './job-handle.js';
import { clientClosed, featureMissing, sessionLost } from './local-errors.js';
import type { ClientOptions } from './options.js';
import { SessionCore } from './session-core.js';
import type { SessionInfo } from './session-keeper.js';
import { type SubmitOptions, submitPayload } from './submit-payload.js';

/** How long a close may wait for the runtime. Source: arcp section 2.8, S-70. */
const CLOSE_WAIT_MS = 1_000;

/**
 * Submits and observes jobs over a session that survives lost connections.
 *
 * Every promise settles within its bound: requests by their timeout, outcomes by the end of the job, of the client or of the
 * session.
 */
export class ArcpClient extends EventEmitter<ClientEvents> {
  readonly #options: ClientOptions;
  readonly #core: SessionCore;
  #closing = false;

  /** @internal Use {@link connect}. */
  constructor(options: ClientOptions) {
    super();
    this.#options = options;
    this.#core = new SessionCore(options, {
      cancel: (jobId, cancel) => this.#cancel(jobId, cancel),
      unsubscribe: (jobId) => this.#unsubscribe(jobId),
      connected: (info) => this.#tell('connected', info),
      disconnected: (cause) => this.#tell('disconnected', cause),
      error: (error) => this.#tell('error', error),
      delegated: (child, parentJobId) => this.#tell('delegated', child, parentJobId),
      watchesEvents: () => this.listenerCount('event') > 0,
      event: (jobId, event) => this.#tell('event', jobId, event),
      closed: (cause) => {
        this.#tell('closed', cause);
        this.removeAllListeners();
      },
    });
  }

  /** The present session; its identifier changes when a session could not be resumed. */
  get session(): SessionInfo {
    return this.#core.session;
  }

  /** Whether a connection stands. */
  get connected(): boolean {
    return this.#core.keeper.connected;
  }

  /** @internal */
  async open(): Promise<void> {
    const { signal } = this.#options;
    await this.#core.keeper.start(signal);
    const stop = (): void => this.#core.end(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    this.once('closed', () => signal?.removeEventListener('abort', stop));
    if (signal?.aborted === true) stop();
  }

  /** Submits a job and resolves when it is accepted; rejects with the runtime's refusal. */
  async submit(agent: string, input?: JsonValue, options: SubmitOptions = {}): Promise<JobHandle> {
    this.#assertOpen('submit');
    const { signal } = options;
    const payload = submitPayload(agent, input, options, this.session);
    const traceId = options.traceId ?? this.#options.traceId?.() ?? newTraceId();
    let handle: JobHandle | undefined;
    await this.#core.requests.request(
      'submit',
      'job.submit',
      payload,
      {
        signal,
        timeoutMs: options.timeoutMs,
        traceId,
        // Nobody waits for the job any more: it must not run on unseen.
        onLateAnswer: (envelope) => this.#cancelUnseen(envelope, signal),
      },
      (envelope) => {
        handle = this.#core.jobs.accepted(
          envelope,
          { kind: 'submit', payload, traceId },
          this.#core.keeper.clock.now(),
        );
      },
    );
    if (handle === undefined) throw new ArcpError('INVALID_REQUEST', 'the acceptance names no job');
    this.#cancelOnAbort(handle, signal);
    return handle;
  }

  /** Submits a job and gives its result; rejects with its error. */
  async run(
    agent: string,
    input?: JsonValue,
    options: SubmitOptions = {},
  ): Promise<JsonValue | undefined> {
    return await (await this.submit(agent, input, options)).result();
  }

  /** The jobs of this principal, page by page, in the order they were created. */
  async *jobs(filter: JobFilter = {}): AsyncGenerator<JobSummary, void, undefined> {
    this.#need('list_jobs', 'jobs');
    const { status, agent, createdAfterMs, createdBeforeMs, pageSize, signal } = filter;
    const wire: JsonObject = {
      ...(status === undefined ? {} : { status: [...status] }),
      ...(agent === undefined ? {} : { agent }),
      ...(createdAfterMs === undefined ? {} : { created_after: wireTime(createdAfterMs) }),
      ...(createdBeforeMs === undefined ? {} : { created_before: wireTime(createdBeforeMs) }),
    };
    let cursor: string | undefined;
    do {
      const answer = await this.#core.requests.request(
        'list',
        'session.list_jobs',
        {
          filter: wire,
          ...(pageSize === undefined ? {} : { limit: pageSize }),
          ...(cursor === undefined ? {} : { cursor }),
        },
        { signal },
      );
      const page = readJobsPage(answer.payload);
      yield* page.jobs;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /** Watches a job of another session of the same principal. */
  async subscribe(jobId: string, options: SubscribeOptions = {}): Promise<JobHandle> {
    this.#need('subscribe', 'subscribe');
    const { history = false, fromEventSeq, signal } = options;
    const seed = this.session.dialect === 'seed';
    let handle: JobHandle | undefined;
    this.#core.jobs.expectEarly(jobId);
    try {
      await this.#core.requests.request(
        'subscribe',
        'job.subscribe',
        {
          job_id: jobId,
          history,
          // The seed's own client sends a subscribe only with a number.
          ...(fromEventSeq === undefined
            ? seed
              ? { from_event_seq: 0 }
              : {}
            : { from_event_seq: fromEventSeq }),
        },
        { signal, jobId },
        (envelope) => {
          handle = this.#core.jobs.subscribed(
            envelope,
            history && fromEventSeq === undefined,
            this.#core.keeper.clock.now(),
          );
        },
      );
    } finally {
      this.#core.jobs.releaseEarly(jobId, this.#core.keeper.clock.now());
    }
    if (handle === undefined)
      throw new ArcpError('INVALID_REQUEST', 'the subscription names no job');
    return handle;
  }

  /**
   * Ends the session: jobs go on at the runtime, handles that have not ended reject with `CLIENT_CLOSED`.
   *
   * Takes at most about a second. Source: arcp section 2.8, S-70.
   */
  async close(reason?: string): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#core.flush();
    if (this.#core.keeper.connected) {
      // The Python runtime takes no goodbye without a reason.
      const payload: JsonObject = { reason: reason ?? 'client_closed' };
      let answered = false;
      if (this.session.dialect !== 'seed') {
        answered = await this.#core.requests
          .request('close', 'session.close', payload, {
            timeoutMs: CLOSE_WAIT_MS,
          })
          .then(
            () => true,
            () => false,
          );
      }
      if (!answered) this.#core.keeper.send(this.#core.requests.message('session.bye', payload));
    }
    this.#core.end(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #cancel(
    jobId: string,
    { reason = 'cancelled by the client', signal }: CancelOptions,
  ): Promise<void> {
    this.#assertOpen('cancel');
    const settled = this.#core.jobs
      .of(jobId)
      .map(({ handle }) => handle.outcome.then(nothing, nothing));
    const request = this.#core.requests.request(
      'cancel',
      'job.cancel',
      { job_id: jobId, reason },
      { signal, jobId },
    );
    // The seed never answers, and a job that ends first is never answered either: the end is answer enough.
    await Promise.race([request.then(nothing), ...settled]);
    request.catch(nothing);
  }

  #unsubscribe(jobId: string): void {
    if (!this.#core.ended)
      this.#core.keeper.send(
        this.#core.requests.message('job.unsubscribe', { job_id: jobId }, { job_id: jobId }),
      );
    for (const entry of this.#core.jobs.of(jobId)) {
      if (entry.origin.kind === 'subscribe')
        this.#core.jobs.lose(entry, sessionLost(jobId, 'unsubscribed'));
    }
  }

  #cancelOnAbort(handle: JobHandle, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const cancel = (): void => {
      handle.cancel({ reason: 'aborted' }).catch(nothing);
    };
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener('abort', cancel, { once: true });
    const forget = (): void => signal.removeEventListener('abort', cancel);
    handle.outcome.then(forget, forget);
  }

  #cancelUnseen(envelope: Envelope, signal: AbortSignal | undefined): void {
    const jobId = readAccepted(envelope)?.jobId;
    if (jobId === undefined || signal?.aborted !== true) return;
    this.#core.keeper.send(
      this.#core.requests.message(
        'job.cancel',
        { job_id: jobId, reason: 'aborted' },
        { job_id: jobId },
      ),
    );
  }

  /** A listener that throws must not stop the stream. */
  #tell<Name extends keyof ClientEvents>(
    event: Name,
    ...values: Parameters<ClientEvents[Name]>
  ): void {
    try {
      this.emit(event, ...(values as never));
    } catch (error) {
      if (event !== 'listenerFailed') this.#tell('listenerFailed', { event, error });
    }
  }

  #need(feature: 'list_jobs' | 'subscribe', what: string): void {
    this.#assertOpen(what);
    if (!this.session.features.has(feature)) throw featureMissing(feature, what);
  }

  #assertOpen(what: string): void {
    if (this.#closing || this.#core.ended) throw clientClosed(what);
  }
}

const nothing = (): void => undefined;

/** Opens a session. Rejects at once when the address, the token or the runtime is wrong. */
export async function connect(options: ClientOptions): Promise<ArcpClient> {
  const client = new ArcpClient(options);
  await client.open();
  return client;
}
