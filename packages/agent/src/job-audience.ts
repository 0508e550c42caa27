import { ArcpError, type ArcpFeature } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';
import type { Job } from './job.js';
import { JobHistory } from './job-history.js';
import { seedRotation, wholeResult } from './job-payloads.js';
import type { Session } from './session.js';

/** Who hears of a job, and what was said so far. Source: arcp sections 2.6 and 3.8. */
export class JobAudience {
  /** Sessions that submitted the job, also later under the same idempotency key. */
  readonly owners = new Set<Session>();
  readonly subscribers = new Set<Session>();
  readonly history: JobHistory;
  /** The newest number in the first owner's session. */
  lastEventSeq = 0;
  readonly #job: Job;

  constructor(job: Job, maxHistoryEvents: number) {
    this.#job = job;
    this.history = new JobHistory(maxHistoryEvents);
  }

  /** Numbers a frame in every observer's session and keeps it for late ones. */
  publish(type: string, payload: JsonObject, inline?: string): void {
    const size = JSON.stringify(payload).length;
    let ownerSequence = 0;
    for (const session of this.owners) {
      const sequence = this.#deliver(session, type, payload, size, inline);
      if (ownerSequence === 0) ownerSequence = sequence;
    }
    for (const session of this.subscribers) {
      if (this.owners.has(session)) continue;
      if (session.overrun) this.#cutOff(session);
      else this.#deliver(session, type, payload, size, inline);
    }
    if (ownerSequence > 0) this.lastEventSeq = ownerSequence;
    this.history.add({ ownerSequence, type, payload, size });
  }

  /** Whether any session that hears of the job did not negotiate a feature. */
  someoneLacks(feature: ArcpFeature): boolean {
    return [...this.owners, ...this.subscribers].some(({ features }) => !features.has(feature));
  }

  /** Tells of a new credential: the value goes to the owners only, and neither to history nor log. Source: arcp section 7.1, C-3. */
  rotated(id: string, value: string, ts: string): void {
    const shown = { kind: 'status', ts, body: { phase: 'credential_rotated', id } };
    const secret = { kind: 'status', ts, body: { phase: 'credential_rotated', id, value } };
    const size = JSON.stringify(secret).length;
    let ownerSequence = 0;
    for (const session of this.owners) {
      const payload = session.dialect === 'seed' ? seedRotation(secret) : secret;
      const sequence = session.sequenced('job.event', this.#job, payload, size, shown);
      if (ownerSequence === 0) ownerSequence = sequence;
    }
    for (const session of this.subscribers)
      if (!this.owners.has(session)) this.#deliver(session, 'job.event', shown, size);
    if (ownerSequence > 0) this.lastEventSeq = ownerSequence;
    this.history.add({ ownerSequence, type: 'job.event', payload: shown, size });
  }

  /** Sends what happened after a number of the owner's to one session. Source: J-60 to J-62. */
  replayTo(session: Session, after: number): void {
    for (const entry of this.history.after(after)) {
      this.#deliver(session, entry.type, entry.payload, entry.size);
    }
  }

  /** A slow subscriber slows nobody; a slow owner slows its own job. Source: arcp section 2.6, S-54 and S-56. */
  get congested(): boolean {
    for (const session of this.owners) if (session.congested) return true;
    return false;
  }

  /** In the forms that the session agreed to. Source: arcp section 2.3, "when not negotiated". */
  #deliver(
    session: Session,
    type: string,
    payload: JsonObject,
    size: number,
    inline?: string,
  ): number {
    const { features } = session;
    if (type === 'job.event') {
      const { kind } = payload;
      const gated = kind === 'progress' || kind === 'result_chunk';
      if (gated && !features.has(kind)) return 0;
    } else if (payload.result_id !== undefined && !features.has('result_chunk')) {
      const whole = wholeResult(payload, inline);
      return session.sequenced(whole.type, this.#job, whole.payload, size);
    }
    return session.sequenced(type, this.#job, payload, size);
  }

  /** A subscriber that cannot keep up loses the subscription; the job and everybody else go on. Source: arcp section 2.6, S-56. */
  #cutOff(session: Session): void {
    this.subscribers.delete(session);
    session.subscriptions.delete(this.#job);
    const error = new ArcpError(
      'INTERNAL_ERROR',
      'the subscription was ended: its reader is too slow',
      {
        details: { reason: 'subscriber_too_slow', job_id: this.#job.id },
      },
    );
    session.plain(
      'session.error',
      { ...error.toPayload(), job_id: this.#job.id },
      { job_id: this.#job.id },
    );
  }
}
