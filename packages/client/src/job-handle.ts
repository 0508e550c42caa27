import {
  type Acceptance,
  ArcpError,
  type Credential,
  isTerminalStatus,
  type JobEvent,
  type JobStatus,
  type Lease,
  type Terminal,
} from '@engramkit/arcp';
import type { JsonValue } from '@engramkit/core';
import { EventBuffer } from './event-buffer.js';
import { ResultReader } from './result-reader.js';

/** How a job came out. */
export interface JobOutcome {
  readonly status: Exclude<JobStatus, 'pending' | 'running'>;
  /** The inline result of a job that succeeded. */
  readonly result?: JsonValue;
  readonly summary?: string;
  /** Why the job did not succeed. */
  readonly error?: ArcpError;
}

/** Options of {@link JobHandle.cancel}. */
export interface CancelOptions {
  readonly reason?: string;
  readonly signal?: AbortSignal;
}

/** What a handle needs of its client. */
export interface JobOwner {
  cancel(jobId: string, options: CancelOptions): Promise<void>;
  unsubscribe(jobId: string): void;
}

/** Facts of a job that are known when its handle is made. */
export type JobFacts = Pick<Acceptance, 'jobId' | 'lease' | 'budget' | 'credentials'> & {
  readonly agent?: string;
  readonly traceId?: string;
  readonly expiresAt?: string;
};

/** A job that this client submitted or observes. Source: arcp section 3.9. */
export class JobHandle {
  readonly agent: string;
  readonly lease: Lease;
  readonly traceId: string | undefined;
  readonly expiresAt: string | undefined;
  /** The counters as they were when the handle was made. */
  readonly budget: Readonly<Record<string, number>>;
  /** Hidden in every rendering; their values are dropped when the job ends. */
  readonly credentials: readonly Credential[];
  #id: string;
  readonly #owner: JobOwner;
  readonly #events = new EventBuffer();
  readonly #reader = new ResultReader();
  readonly #outcome: Promise<JobOutcome>;
  #status: JobStatus = 'pending';
  #settle: ((outcome: JobOutcome) => void) | undefined;
  #lose: ((error: ArcpError) => void) | undefined;

  constructor(facts: JobFacts, owner: JobOwner) {
    this.#id = facts.jobId;
    this.agent = facts.agent ?? '';
    this.lease = facts.lease;
    this.traceId = facts.traceId;
    this.expiresAt = facts.expiresAt;
    this.budget = facts.budget;
    this.credentials = facts.credentials;
    this.#owner = owner;
    this.#outcome = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#lose = reject;
    });
    // Whoever never asks for the outcome must not be punished for it.
    this.#outcome.catch(() => undefined);
  }

  /** The job's identifier; changes only when a runtime that forgot the job ran it anew under its idempotency key. */
  get id(): string {
    return this.#id;
  }

  /** The state as far as this client knows. */
  get status(): JobStatus {
    return this.#status;
  }

  /** Whether the outcome is settled. */
  get ended(): boolean {
    return this.#settle === undefined;
  }

  /**
   * How the job came out; rejects only when the job was lost from sight: the client was closed (`CLIENT_CLOSED`) or the session
   * could not be recovered (`SESSION_LOST`, retryable).
   */
  get outcome(): Promise<JobOutcome> {
    return this.#outcome;
  }

  /**
   * The result of a job that succeeds; rejects with the job's error otherwise.
   *
   * A streamed result is put together: parsed when it is JSON text, else given as text.
   */
  async result(): Promise<JsonValue | undefined> {
    const { status, result, error } = await this.#outcome;
    if (status !== 'success')
      throw error ?? new ArcpError('INTERNAL_ERROR', `the job ended as ${status}`);
    return result;
  }

  /** The events in order, from the first on as far as they are kept (the newest 1,024); one reader at a time. */
  get events(): AsyncIterable<JobEvent> {
    return { [Symbol.asyncIterator]: () => this.#events.read() };
  }

  /** The bytes of a streamed result as they come, without the whole being held; empty for an inline result. */
  get chunks(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#reader.read() };
  }

  /** The whole streamed result as bytes. */
  async bytes(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this.chunks) parts.push(part);
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** Asks the runtime to stop the job; resolves when the request is answered. The outcome tells whether it was stopped. */
  cancel(options: CancelOptions = {}): Promise<void> {
    return this.ended ? Promise.resolve() : this.#owner.cancel(this.id, options);
  }

  /** Stops watching a job of somebody else's session. The outcome of the handle becomes `SESSION_LOST`. */
  unsubscribe(): void {
    if (!this.ended) this.#owner.unsubscribe(this.id);
  }

  /** @internal */
  deliver(event: JobEvent, handled: () => void): void {
    if (this.#status === 'pending') this.#status = 'running';
    if (event.valid && event.kind === 'result_chunk') this.#reader.accept(event.body);
    if (event.valid && event.kind === 'status' && event.body.phase === 'credential_rotated')
      this.#rotate(event.body.fields);
    this.#events.push(event, handled);
  }

  /** @internal */
  finish(terminal: Terminal): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.#close();
    this.#status = terminal.status;
    this.#reader.finish(terminal);
    settle(
      terminal.status === 'success'
        ? {
            status: 'success',
            ...(terminal.result === undefined ? {} : { result: terminal.result }),
            ...(terminal.summary === undefined ? {} : { summary: terminal.summary }),
          }
        : { status: terminal.status, error: terminal.error },
    );
  }

  /** @internal */
  lost(error: ArcpError): void {
    const lose = this.#lose;
    if (lose === undefined) return;
    this.#close();
    this.#reader.abandon(error);
    lose(error);
  }

  /** @internal */
  rebind(jobId: string): void {
    this.#id = jobId;
  }

  /** @internal */
  started(status: JobStatus): void {
    if (!isTerminalStatus(status)) this.#status = status;
  }

  /** The form for logs. */
  toJSON(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      agent: this.agent,
      status: this.#status,
      lease: this.lease,
      credentials: this.credentials,
    };
  }

  #close(): void {
    this.#settle = undefined;
    this.#lose = undefined;
    this.#events.end();
    for (const credential of this.credentials) credential.drop();
  }

  #rotate(fields: Readonly<Record<string, unknown>>): void {
    const { id, value } = fields;
    if (typeof id !== 'string' || typeof value !== 'string') return;
    // The seed names the new secret `<old>_rotated_<seconds>`. Source: arcp section 7.1, C-3.
    const credential = this.credentials.find(
      (known) => known.id === id || id.startsWith(`${known.id}_rotated_`),
    );
    credential?.rotate(value);
  }
}
