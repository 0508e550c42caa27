import {
  ArcpError,
  type Dialect,
  isEmittableKind,
  isTerminalStatus,
  type JobStatus,
  leaseToJson,
  readJobStatus,
  wireTime,
} from '@engramkit/arcp';
import type { Clock, JsonObject, JsonValue, Timer } from '@engramkit/core';
import { BudgetReports } from './budget-reports.js';
import { JobAudience } from './job-audience.js';
import type { JobFacts } from './job-facts.js';
import type { LeaseGuard } from './lease-guard.js';
import type { RuntimeLimits } from './limits.js';
import { toSeedLease } from './seed-dialect.js';

/** Kinds that may be dropped when nobody takes them for too long. Source: arcp section 2.6, S-54. */
const DROPPABLE: ReadonlySet<string> = new Set(['log', 'thought', 'progress', 'metric']);

/** Made once: an error with its stack is the dearest part of a short job. */
const JOB_ENDED = new ArcpError('CANCELLED', 'the job has ended');

/** One job: its state machine, its events, and who observes it. Source: arcp sections 3.4 to 3.6. */
export class Job {
  readonly facts: JobFacts;
  readonly guard: LeaseGuard;
  readonly children = new Set<Job>();
  readonly abort = new AbortController();
  readonly audience: JobAudience;
  readonly settled: Promise<JsonValue | undefined>;
  status: JobStatus = 'pending';
  endedAtMs: number | undefined;
  terminal: { readonly type: string; readonly payload: JsonObject } | undefined;
  cancelling = false;
  readonly #clock: Clock;
  readonly #limits: RuntimeLimits;
  readonly #reports: BudgetReports;
  readonly #onEnd: (job: Job) => void;
  readonly #timers = new Set<Timer>();
  #dropped = 0;
  #pressureShown = false;
  #resolve: (value: JsonValue | undefined) => void = () => undefined;
  #reject: (error: ArcpError) => void = () => undefined;

  constructor(
    facts: JobFacts,
    options: {
      readonly clock: Clock;
      readonly limits: RuntimeLimits;
      readonly guard: LeaseGuard;
      readonly onEnd: (job: Job) => void;
    },
  ) {
    this.facts = facts;
    this.guard = options.guard;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.audience = new JobAudience(this, options.limits.maxHistoryEvents);
    this.#onEnd = options.onEnd;
    this.#reports = new BudgetReports(facts.budget, options.clock);
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.settled.catch(() => undefined);
  }

  get id(): string {
    return this.facts.id;
  }

  get traceId(): string {
    return this.facts.traceId;
  }

  get ended(): boolean {
    return isTerminalStatus(this.status);
  }

  /** Starts the clocks of the job. Source: arcp sections 3.6 and 5.6. */
  start(): void {
    this.status = 'running';
    const { maxRuntimeSec, expiresAtMs } = this.facts;
    if (maxRuntimeSec !== undefined) {
      this.#after(maxRuntimeSec * 1_000, () =>
        this.interrupt(
          new ArcpError('TIMEOUT', `the job ran longer than ${maxRuntimeSec} seconds`),
          0,
        ),
      );
    }
    if (expiresAtMs !== undefined) {
      this.#after(expiresAtMs - this.#clock.now(), () =>
        this.interrupt(
          new ArcpError('LEASE_EXPIRED', 'the lease has expired'),
          this.#limits.cancelGraceMs,
        ),
      );
    }
    this.audience.publish('job.event', this.#event('status', { phase: 'running' }));
  }

  /** Emits an event of the agent. Nothing happens after the end. Source: arcp section 3.4, J-24. */
  async emit(kind: string, body: JsonObject): Promise<void> {
    if (!isEmittableKind(kind)) {
      throw new ArcpError(
        'INVALID_REQUEST',
        `an agent may not emit the kind "${kind.slice(0, 100)}"`,
        {
          hint: 'Use one of the reserved kinds, or one that starts with "x-vendor.".',
        },
      );
    }
    if (this.ended) return;
    const cost = this.#costOf(kind, body);
    // Looked at without waiting: what an agent emits without awaiting keeps its order.
    if (
      cost === undefined &&
      DROPPABLE.has(kind) &&
      this.audience.congested &&
      !(await this.#room())
    ) {
      this.#dropped += 1;
      return;
    }
    if (this.ended) return;
    this.audience.publish('job.event', this.#event(kind, body));
    if (cost !== undefined) {
      for (const report of this.#reports.after(cost))
        this.audience.publish('job.event', this.#event('metric', report));
    }
    if (this.audience.congested) await this.#room();
  }

  /** Emits at once, without waiting for anybody; for refusals and other facts that must not be held up. */
  emitNow(kind: string, body: JsonObject): void {
    if (!this.ended) this.audience.publish('job.event', this.#event(kind, body));
  }

  /** Asks the agent to stop and ends the job after a grace, whatever the agent does. */
  interrupt(cause: ArcpError, graceMs: number): void {
    if (this.ended) return;
    if (!this.abort.signal.aborted) this.abort.abort(cause);
    if (graceMs <= 0) this.fail(cause);
    else this.#after(graceMs, () => this.fail(cause));
  }

  /** Ends well; `inline` is what peers without chunks get in place of a streamed result. */
  succeed(result: JsonValue | undefined, extra: JsonObject = {}, inline?: string): void {
    if (this.ended) return;
    if (this.cancelling || this.abort.signal.reason instanceof ArcpError) {
      this.fail(this.abort.signal.reason);
      return;
    }
    const payload: JsonObject = {
      final_status: 'success',
      job_id: this.id,
      ...(result === undefined || extra.result_id !== undefined ? {} : { result }),
      ...extra,
      completed_at: wireTime(this.#clock.now()),
    };
    this.#finish('success', 'job.result', payload, inline);
    this.#resolve(result ?? inline);
  }

  fail(thrown: unknown): void {
    if (this.ended) return;
    const error = this.#classify(thrown);
    const payload = error.toPayload();
    const status =
      payload.code === 'CANCELLED'
        ? 'cancelled'
        : payload.code === 'TIMEOUT'
          ? 'timed_out'
          : 'error';
    this.#finish(status, 'job.error', {
      final_status: status,
      ...payload,
      job_id: this.id,
      completed_at: wireTime(this.#clock.now()),
    });
    this.#reject(error);
  }

  /** Puts an end in place that came before a restart: nothing is sent. */
  restoreEnd(
    terminal: { readonly type: string; readonly payload: JsonObject },
    endedAtMs: number,
  ): void {
    this.terminal = terminal;
    this.endedAtMs = endedAtMs;
    this.status =
      terminal.type === 'job.result'
        ? 'success'
        : (readJobStatus(terminal.payload.final_status) ?? 'error');
    if (this.status === 'success') this.#resolve(terminal.payload.result);
    else this.#reject(ArcpError.fromPayload(terminal.payload));
  }

  /** The members that acceptances, subscriptions and listings share. */
  description(dialect?: Dialect): JsonObject {
    const { lease, expiresAt, budget } = this.facts;
    const parent = this.facts.parent?.id ?? this.facts.parentId;
    return {
      ...(dialect === 'seed' ? toSeedLease(this.facts) : { lease: leaseToJson(lease) }),
      ...(expiresAt === undefined ? {} : { lease_constraints: { expires_at: expiresAt } }),
      ...(budget.limited ? { budget: budget.toJSON() } : {}),
      ...(parent === undefined ? {} : { parent_job_id: parent }),
    };
  }

  #finish(status: JobStatus, type: string, payload: JsonObject, inline?: string): void {
    if (this.#dropped > 0) {
      this.audience.publish(
        'job.event',
        this.#event('log', {
          level: 'warn',
          message: `${this.#dropped} events were dropped: nobody took them in time`,
        }),
      );
    }
    this.status = status;
    this.endedAtMs = this.#clock.now();
    this.terminal = { type, payload };
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.audience.publish(type, payload, inline);
    if (!this.abort.signal.aborted) this.abort.abort(JOB_ENDED);
    for (const credential of this.facts.credentials) credential.drop();
    this.facts.reservation?.settle();
    for (const child of this.children) {
      if (!child.facts.detached)
        child.interrupt(new ArcpError('CANCELLED', 'the parent job has ended'), 0);
    }
    this.#onEnd(this);
  }

  /** Source: arcp section 3.4, J-23. */
  #classify(thrown: unknown): ArcpError {
    const { reason } = this.abort.signal;
    if (reason instanceof ArcpError && (this.abort.signal.aborted || thrown === reason)) {
      // Whatever an agent throws after it was told to stop, it ends for the reason it was told.
      return reason;
    }
    if (thrown instanceof ArcpError) return thrown;
    const error = ArcpError.from(thrown);
    return new ArcpError('INTERNAL_ERROR', error.message, { cause: thrown });
  }

  #event(kind: string, body: JsonObject): JsonObject {
    return { kind, ts: wireTime(this.#clock.now()), body };
  }

  /** Subtracts a cost before it is shown; throws for a bad one. Source: arcp section 5.7, L-52. */
  #costOf(
    kind: string,
    body: JsonObject,
  ): { readonly currency: string; readonly crossedZero: boolean } | undefined {
    const { name, unit, value } = body;
    if (kind !== 'metric' || typeof name !== 'string' || !name.startsWith('cost.'))
      return undefined;
    if (name === 'cost.budget' || name.startsWith('cost.budget.')) return undefined;
    return this.facts.budget.spend(typeof unit === 'string' ? unit : '', Number(value));
  }

  async #room(): Promise<boolean> {
    if (!this.audience.congested) {
      this.#pressureShown = false;
      return true;
    }
    if (!this.#pressureShown) {
      this.#pressureShown = true;
      this.audience.publish('job.event', this.#event('status', { phase: 'back_pressure' }));
    }
    const waits = [...this.audience.owners].map((session) =>
      session.relieved(this.#limits.emitTimeoutMs, this.abort.signal),
    );
    return (await Promise.all(waits)).every(Boolean);
  }

  #after(delayMs: number, callback: () => void): void {
    const timer = this.#clock.setTimer(
      () => {
        this.#timers.delete(timer);
        callback();
      },
      delayMs,
      { unref: true },
    );
    this.#timers.add(timer);
  }
}
