import {
  ArcpError,
  type Envelope,
  isTerminalStatus,
  type JobEvent,
  readAccepted,
  readJobEvent,
  readSubscribed,
  readTerminal,
} from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';
import { type JobFacts, JobHandle, type JobOwner } from './job-handle.js';

/** How a handle came to be, and so how it is found again after a lost session. */
export type JobOrigin =
  | { readonly kind: 'submit'; readonly payload: JsonObject; readonly traceId: string }
  | { readonly kind: 'subscribe'; readonly history: boolean }
  | { readonly kind: 'delegate' };

/** One handle and how it came to be. */
export interface JobEntry {
  readonly handle: JobHandle;
  readonly origin: JobOrigin;
  /** Events that were delivered, so that a repeated history can be told from news. */
  delivered: number;
  /** Events of a repeated history that are still to be left out. */
  skip: number;
}

/** Bounds what is kept for acceptances that may never come: as much as a handle keeps for a late reader. */
const UNCLAIMED_LIMIT = 1_024;

/** The handles by job, and the way of every event to them. */
export class JobRegistry {
  readonly #owner: JobOwner;
  readonly #entries = new Map<string, JobEntry[]>();
  /** Frames of jobs whose subscription is not acknowledged yet. Source: arcp section 3.8, J-62. */
  readonly #early = new Map<string, Envelope[]>();
  /** The sequence numbers of the seed count per job. Source: arcp section 4.2, V-5. */
  readonly #seedSequences = new Map<string, number>();

  /** Frames of jobs that nobody knows, while a submit waits: its acceptance may come after them. */
  readonly #unclaimed = new Map<string, Envelope[]>();
  readonly #awaitsAcceptance: () => boolean;

  /** `awaitsAcceptance` says whether a submit has no answer yet. */
  constructor(owner: JobOwner, awaitsAcceptance: () => boolean) {
    this.#owner = owner;
    this.#awaitsAcceptance = awaitsAcceptance;
  }

  get size(): number {
    return this.#entries.size;
  }

  knows(jobId: string): boolean {
    return this.#entries.has(jobId);
  }

  all(): readonly JobEntry[] {
    return [...this.#entries.values()].flat();
  }

  of(jobId: string): readonly JobEntry[] {
    return this.#entries.get(jobId) ?? [];
  }

  /** Makes the handle of an accepted job and gives it what came before; nothing when the acceptance names none. */
  accepted(envelope: Envelope, origin: JobOrigin, nowMs: number): JobHandle | undefined {
    const acceptance = readAccepted(envelope);
    if (acceptance === undefined) return undefined;
    const { handle } = this.#add(acceptance, origin);
    const frames = this.#unclaimed.get(acceptance.jobId) ?? [];
    this.#unclaimed.delete(acceptance.jobId);
    for (const frame of frames) this.route(frame, nowMs, () => nothing);
    return handle;
  }

  /** Makes the handle of a subscription and gives it what came before the acknowledgement. */
  subscribed(envelope: Envelope, history: boolean, nowMs: number): JobHandle | undefined {
    const start = readSubscribed(envelope);
    if (start === undefined) return undefined;
    const { handle } = this.#add(start, { kind: 'subscribe', history });
    handle.started(start.status);
    this.releaseEarly(start.jobId, nowMs);
    if (isTerminalStatus(start.status) && !start.replayed) {
      // Nothing will follow: the end was before us, and no history was asked for.
      this.finish(start.jobId, () =>
        handle.lost(
          new ArcpError(
            'SESSION_LOST',
            `job ${start.jobId} had ended as ${start.status} before the subscription`,
            {
              details: { job_id: start.jobId, status: start.status },
              hint: 'Subscribe with history to get the outcome of a job that has ended.',
              retryable: false,
            },
          ),
        ),
      );
    }
    return handle;
  }

  expectEarly(jobId: string): void {
    if (!this.#early.has(jobId)) this.#early.set(jobId, []);
  }

  releaseEarly(jobId: string, nowMs: number): void {
    const frames = this.#early.get(jobId) ?? [];
    this.#early.delete(jobId);
    for (const frame of frames) this.route(frame, nowMs, () => nothing);
  }

  /** Whether a frame of the seed is news. */
  seedIsNews(envelope: Envelope): boolean {
    const { job_id: jobId, event_seq: sequence } = envelope;
    if (jobId === undefined || sequence === undefined) return true;
    if (sequence <= (this.#seedSequences.get(jobId) ?? 0)) return false;
    this.#seedSequences.set(jobId, sequence);
    return true;
  }

  /** Delivers an event or an end; `hold` marks the frame as not handled and gives back how to mark it. */
  route(envelope: Envelope, nowMs: number, hold: (event: JobEvent) => () => void): void {
    const jobId = envelope.job_id ?? textOf(envelope.payload.job_id);
    if (jobId === undefined) return;
    const entries = this.#entries.get(jobId);
    if (entries === undefined) {
      const early = this.#early.get(jobId);
      if (early !== undefined) early.push(envelope);
      else this.#keepUnclaimed(jobId, envelope);
      return;
    }
    if (envelope.type !== 'job.event') {
      const terminal = readTerminal(envelope);
      this.finish(jobId, () => {
        for (const { handle } of entries) handle.finish(terminal);
      });
      return;
    }
    const event = readJobEvent(envelope.payload, nowMs);
    const release = hold(event);
    let open = entries.length;
    const handled = (): void => {
      open -= 1;
      if (open === 0) release();
    };
    for (const entry of entries) {
      if (entry.skip > 0) {
        entry.skip -= 1;
        handled();
        continue;
      }
      entry.delivered += 1;
      entry.handle.deliver(event, once(handled));
    }
  }

  /** After a lost connection events are replayed before an unanswered submit is answered again. */
  #keepUnclaimed(jobId: string, envelope: Envelope): void {
    if (!this.#awaitsAcceptance()) {
      this.#unclaimed.clear();
      return;
    }
    const frames = this.#unclaimed.get(jobId);
    if (frames !== undefined) {
      if (frames.length < UNCLAIMED_LIMIT) frames.push(envelope);
    } else if (this.#unclaimed.size < UNCLAIMED_LIMIT) this.#unclaimed.set(jobId, [envelope]);
  }

  /** Forgets a job, then tells its handles. */
  finish(jobId: string, tell: () => void): void {
    this.#entries.delete(jobId);
    this.#seedSequences.delete(jobId);
    tell();
  }

  /** Gives every unfinished handle up. */
  loseAll(why: (handle: JobHandle) => ArcpError): void {
    for (const { handle } of this.all()) {
      this.finish(handle.id, () => handle.lost(why(handle)));
    }
    this.#early.clear();
  }

  lose(entry: JobEntry, error: ArcpError): void {
    const rest = this.of(entry.handle.id).filter((known) => known !== entry);
    if (rest.length === 0) this.finish(entry.handle.id, () => entry.handle.lost(error));
    else {
      this.#entries.set(entry.handle.id, rest);
      entry.handle.lost(error);
    }
  }

  /** Moves a handle to the job that took the place of a forgotten one. */
  rebind(entry: JobEntry, jobId: string): void {
    const before = this.of(entry.handle.id).filter((known) => known !== entry);
    if (before.length === 0) this.#entries.delete(entry.handle.id);
    else this.#entries.set(entry.handle.id, before);
    entry.handle.rebind(jobId);
    const entries = this.#entries.get(jobId);
    if (entries === undefined) this.#entries.set(jobId, [entry]);
    else entries.push(entry);
  }

  #add(facts: JobFacts, origin: JobOrigin): JobEntry {
    const entry: JobEntry = {
      handle: new JobHandle(facts, this.#owner),
      origin,
      delivered: 0,
      skip: 0,
    };
    const entries = this.#entries.get(facts.jobId);
    if (entries === undefined) this.#entries.set(facts.jobId, [entry]);
    else entries.push(entry);
    return entry;
  }
}

const nothing = (): void => undefined;
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

function once(call: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    call();
  };
}
