import {
  ARCP_VERSION,
  type ArcpFeature,
  correlation,
  type Dialect,
  type Envelope,
  type IdentifierSource,
} from '@engramkit/arcp';
import type { Clock, JsonObject } from '@engramkit/core';
import type { Connection } from './connection.js';
import type { Job } from './job.js';
import type { RuntimeLimits } from './limits.js';
import type { Journal } from './log/journal.js';

interface Buffered {
  readonly envelope: Envelope;
  readonly bytes: number;
}

/** A rough size that costs no second encoding: what matters is the order of magnitude. */
const FRAME_OVERHEAD_BYTES = 220;

/** One session: its numbers, its un-acknowledged events, and the transport that carries it at the moment. */
export class Session {
  readonly id: string;
  readonly principal: string;
  readonly jobs = new Set<Job>();
  readonly subscriptions = new Set<Job>();
  /** Answers of recent submits, so that an exact retransmission is answered and not run again. Source: E-2. */
  readonly answered = new Map<string, Envelope>();
  features: ReadonlySet<ArcpFeature>;
  dialect: Dialect;
  /** The version of the wire that the client spoke first. Source: arcp section 1.1, E-1. */
  readonly version: string;
  /** When a message was exchanged last, or the transport was lost. Source: arcp section 2.4, S-21. */
  lastExchangeMs: number;
  connection: Connection | undefined;
  /** Keeps the answers of submits, and acceptances of delegated jobs, in order. Source: arcp section 1.6, E-32. */
  queue: Promise<void> | undefined;
  readonly #limits: RuntimeLimits;
  readonly #clock: Clock;
  readonly #identifiers: IdentifierSource;
  readonly #journal: Journal;
  #sequence = 0;
  #floor = 0;
  #acknowledged = 0;
  #acknowledges = false;
  #buffer: Buffered[] = [];
  #head = 0;
  #bytes = 0;
  #waiters: (() => void)[] = [];

  constructor(options: {
    readonly id: string;
    readonly principal: string;
    readonly features: ReadonlySet<ArcpFeature>;
    readonly dialect: Dialect;
    readonly limits: RuntimeLimits;
    readonly clock: Clock;
    readonly identifiers: IdentifierSource;
    readonly journal: Journal;
    readonly version?: string;
  }) {
    this.id = options.id;
    this.principal = options.principal;
    this.features = options.features;
    this.dialect = options.dialect;
    this.version = options.version ?? ARCP_VERSION;
    this.#journal = options.journal;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#identifiers = options.identifiers;
    this.lastExchangeMs = options.clock.monotonic();
  }

  /** The newest number. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Un-acknowledged events. */
  get backlog(): number {
    return this.#buffer.length - this.#head;
  }

  /** Whether emitting for this session should wait. Source: arcp section 2.6, S-54 and S-55. */
  get congested(): boolean {
    if (
      this.connection !== undefined &&
      this.connection.bufferedBytes > this.#limits.highWaterBytes
    )
      return true;
    if (!this.#acknowledges || this.connection === undefined) return false;
    return (
      this.backlog >= this.#limits.highWaterEvents || this.#bytes >= this.#limits.highWaterBytes
    );
  }

  /** Whether it holds so much that a subscription of it must end. Source: arcp section 2.6, S-56. */
  get overrun(): boolean {
    const { maxSubscriberEvents, maxBacklogBytes } = this.#limits;
    if ((this.connection?.bufferedBytes ?? 0) > maxBacklogBytes / 2) return true;
    return (
      this.#acknowledges &&
      (this.backlog >= maxSubscriberEvents || this.#bytes >= maxBacklogBytes / 2)
    );
  }

  /** Resolves when the backlog fell below the mark, or the time is over. */
  async relieved(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (!this.congested) return true;
    return await new Promise<boolean>((resolve) => {
      const settle = (relieved: boolean): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        this.#waiters = this.#waiters.filter((waiter) => waiter !== look);
        resolve(relieved);
      };
      const onAbort = (): void => settle(true);
      const look = (): void => {
        if (!this.congested) settle(true);
      };
      const timer = this.#clock.setTimer(() => settle(false), timeoutMs, { unref: true });
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(look);
    });
  }

  /** Looks at the waiters again. */
  relieve(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }

  /** Sends a sequenced frame and keeps it until it is acknowledged: number and place in the queue are one step. */
  sequenced(
    type: string,
    job: { readonly id: string; readonly traceId: string },
    payload: JsonObject,
    size: number,
    /** What is kept in the log in its place, when it holds a secret. */
    logged: JsonObject = payload,
  ): number {
    this.#sequence += 1;
    const envelope: Envelope = {
      arcp: this.version,
      id: this.#identifiers.next('msg_'),
      type,
      session_id: this.id,
      trace_id: job.traceId,
      job_id: job.id,
      event_seq: this.#sequence,
      payload,
    };
    const bytes = size + FRAME_OVERHEAD_BYTES;
    this.#buffer.push({ envelope, bytes });
    this.#bytes += bytes;
    if (this.#journal.active) {
      this.#journal.write({
        record: 'frame',
        session: this.id,
        envelope: logged === payload ? envelope : { ...envelope, payload: logged },
      });
    }
    this.connection?.send(envelope);
    this.#enforceCap();
    return this.#sequence;
  }

  /** Sends a frame without a number; lost when no transport is attached. */
  plain(type: string, payload: JsonObject, extra: Partial<Envelope> = {}): Envelope {
    const envelope: Envelope = {
      arcp: this.version,
      id: this.#identifiers.next('msg_'),
      type,
      session_id: this.id,
      ...extra,
      payload,
    };
    this.connection?.send(envelope);
    return envelope;
  }

  /** Sends a `session.error`; correlated when it answers a request. Source: arcp section 2.9. */
  error(payload: JsonObject, requestId?: string): void {
    this.plain(
      'session.error',
      requestId === undefined ? payload : { ...payload, ...correlation(requestId) },
    );
  }

  /** Frees what the client has handled; lower numbers than before mean nothing. Source: arcp section 2.6. */
  acknowledge(sequence: number): void {
    if (!this.features.has('ack')) return;
    this.#acknowledges = true;
    if (sequence <= this.#acknowledged || sequence > this.#sequence) return;
    this.#acknowledged = sequence;
    this.#release(sequence);
    this.#journal.write({ record: 'acknowledged', session: this.id, sequence });
    this.relieve();
  }

  /** Takes over what was before a restart. */
  restore(sequence: number, floor: number, frames: readonly Envelope[]): void {
    this.#sequence = sequence;
    this.#floor = floor;
    this.#acknowledged = floor;
    this.#buffer = frames.map((envelope) => ({
      envelope,
      bytes: JSON.stringify(envelope.payload).length + FRAME_OVERHEAD_BYTES,
    }));
    this.#bytes = this.#buffer.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** What a snapshot keeps of the numbers. */
  get kept(): { readonly floor: number; readonly frames: readonly Envelope[] } {
    return {
      floor: this.#floor,
      frames: this.#buffer.slice(this.#head).map(({ envelope }) => envelope),
    };
  }

  /** Whether everything after the number is still here. Source: arcp section 2.4, step 6. */
  covers(lastSequence: number): boolean {
    return lastSequence >= this.#floor && lastSequence <= this.#sequence;
  }

  /** Sends what has a larger number again, as it was sent first. Source: arcp section 2.4, step 10. */
  replay(after: number): void {
    for (let at = this.#head; at < this.#buffer.length; at += 1) {
      const { envelope } = this.#buffer[at]!;
      if (envelope.event_seq! > after) this.connection?.send(envelope);
    }
  }

  #release(through: number): void {
    while (
      this.#head < this.#buffer.length &&
      this.#buffer[this.#head]!.envelope.event_seq! <= through
    ) {
      this.#bytes -= this.#buffer[this.#head]!.bytes;
      this.#floor = this.#buffer[this.#head]!.envelope.event_seq!;
      this.#head += 1;
    }
    if (this.#head > 64 && this.#head * 2 > this.#buffer.length) {
      this.#buffer = this.#buffer.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The backlog is bounded whatever the client does. Source: arcp section 2.6, S-57. */
  #enforceCap(): void {
    const { maxBacklogEvents, maxBacklogBytes } = this.#limits;
    if (this.backlog <= maxBacklogEvents && this.#bytes <= maxBacklogBytes) return;
    if (this.connection !== undefined && this.#acknowledges) {
      this.connection.close('overloaded');
      return;
    }
    // Nobody acknowledges here: what was sent longest ago can be resumed no more.
    while (this.backlog > maxBacklogEvents || (this.#bytes > maxBacklogBytes && this.backlog > 1)) {
      this.#release(this.#buffer[this.#head]!.envelope.event_seq!);
    }
    this.#journal.write({ record: 'acknowledged', session: this.id, sequence: this.#floor });
  }
}
