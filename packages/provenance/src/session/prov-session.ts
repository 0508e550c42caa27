import type { Clock } from '@engramkit/core';
import { SessionClosedError } from '../errors.js';
import { EventSource } from '../event-source.js';
import { formatMicroseconds } from '../time.js';
import {
  type ActionBuilding,
  type ActionInput,
  buildAction,
  type ContentStore,
} from './action-builder.js';
import { formatLiveLine } from './live-line.js';
import { compareCodePoints } from './python-text.js';
import type { SessionJournal } from './session-journal.js';
import {
  type ActionRecord,
  deriveSessionOutcome,
  type SessionHeader,
  type SessionOutcome,
} from './session-record.js';

/** Where live lines go: a stream such as `process.stderr`, or a function. */
export type LiveOutput =
  | {
      readonly stream: { write(text: string): unknown };
      /** Default `text`: the line of the Python package; `json`: the record as one line. */
      readonly format?: 'text' | 'json';
    }
  | ((record: ActionRecord, line: string) => void);

/** What a session tells its listeners. */
export interface ProvSessionEvents {
  /** An action is recorded. */
  action: (record: ActionRecord) => void;
  /** The session is closed. */
  closed: (header: SessionHeader) => void;
  /** The compatible file could not be refreshed while the session runs; the ledger has everything. */
  viewFailed: (error: unknown) => void;
  /** A listener or the live output threw. */
  listenerError: (error: unknown) => void;
}

/** What a session starts from; made by `openProvSession`. */
export interface ProvSessionStart {
  readonly header: SessionHeader;
  readonly filePath: string;
  readonly kernelName: string;
  readonly startedAtMs: number;
  readonly journal: SessionJournal;
  readonly clock: Clock;
  readonly building: Omit<ActionBuilding, 'clock'>;
  readonly contents: ContentStore | undefined;
  readonly live: LiveOutput | undefined;
  /** When the compatible file is refreshed while the session runs. */
  readonly view: 'close' | 'doubling';
  readonly onClosed: (header: SessionHeader) => Promise<void>;
  /** For a session that goes on: how many actions it has. */
  readonly counts?: { readonly total: number; readonly failed: number; readonly verified: number };
}

/**
 * Records what was done, with evidence, in one session.
 *
 * Semantics of the Python recorder: sequence numbers, URNs, diff summaries, derived outcome. `await using` closes the session with
 * the derived outcome. Source: provenance section 3.
 */
export class ProvSession implements AsyncDisposable {
  readonly id: string;
  readonly urn: string;
  /** The compatible file. */
  readonly filePath: string;
  readonly #start: ProvSessionStart;
  readonly #kernels: Set<string>;
  readonly #events = new EventSource<ProvSessionEvents>();
  #total = 0;
  #failed = 0;
  #verified = 0;
  #ended: { readonly atMs: number; readonly outcome: SessionOutcome } | undefined;
  #closing: Promise<SessionHeader> | undefined;
  #nextView = 1;
  #viewing: Promise<void> = Promise.resolve();
  #viewPending = false;

  /** @internal Use `openProvSession`. */
  constructor(start: ProvSessionStart) {
    this.#start = start;
    this.id = start.header.session_id;
    this.urn = start.header.urn;
    this.filePath = start.filePath;
    this.#kernels = new Set(start.header.kernels_involved);
    this.#total = start.counts?.total ?? 0;
    this.#failed = start.counts?.failed ?? 0;
    this.#verified = start.counts?.verified ?? 0;
    while (this.#nextView <= this.#total) this.#nextView *= 2;
  }

  /** How many actions are recorded. */
  get actionCount(): number {
    return this.#total;
  }

  /** What is known about the session now, without its actions. */
  get header(): SessionHeader {
    const { header, startedAtMs } = this.#start;
    const ended = this.#ended;
    return {
      ...header,
      ended_at: ended === undefined ? null : formatMicroseconds(ended.atMs),
      duration_ms: ended === undefined ? null : Math.trunc(ended.atMs - startedAtMs),
      outcome: ended?.outcome ?? 'in_progress',
      kernels_involved: [...this.#kernels].sort(compareCodePoints),
    };
  }

  /** Calls `listener` on every event of that name; returns what stops it. */
  on<Name extends keyof ProvSessionEvents>(
    name: Name,
    listener: ProvSessionEvents[Name],
  ): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Records one action; resolves with the record when it is safe under the sync policy.
   *
   * Values are copied and checked before anything happens: a refused call (`RECORD_INVALID`, `URN_INVALID`, `SESSION_CLOSED`)
   * leaves the session as it was. Source: provenance section 3.2.
   */
  async record(input: ActionInput): Promise<ActionRecord> {
    const start = this.#start;
    this.#demandOpen();
    const built = buildAction(input, {
      ...start.building,
      clock: start.clock,
      seq: this.#total + 1,
      sessionKernel: start.kernelName,
    });
    const { record } = built;
    const safe = start.journal.add(record, () => this.#headerWith(built.kernelName));
    this.#kernels.add(built.kernelName);
    this.#total += 1;
    if (record.outcome === 'failed') this.#failed += 1;
    if (record.outcome === 'verified') this.#verified += 1;
    await Promise.all([
      safe,
      ...[...built.contents].map((content) => start.contents?.put(...content)),
    ]);
    this.#show(record);
    this.#events.tell('action', record);
    this.#refreshView();
    return record;
  }

  /**
   * Ends the session; without an outcome it is derived from the actions. Calling it again returns the same.
   *
   * Source: provenance section 3.3.
   */
  close(outcome: SessionOutcome = ''): Promise<SessionHeader> {
    this.#closing ??= this.#close(outcome);
    return this.#closing;
  }

  /** Ends this recorder without closing the session: it stays `in_progress`, and `resumeProvSession` goes on with it. */
  async release(): Promise<void> {
    if (this.#closing !== undefined) return;
    this.#closing = Promise.resolve(this.header);
    await this.#viewing;
    await this.#start.journal.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(outcome: SessionOutcome): Promise<SessionHeader> {
    const { clock, journal } = this.#start;
    const counts = { total: this.#total, failed: this.#failed, verified: this.#verified };
    this.#ended = { atMs: clock.now(), outcome: outcome || deriveSessionOutcome(counts) };
    const header = this.header;
    await this.#viewing;
    await journal.close(header);
    await this.#start.onClosed(header);
    this.#events.tell('closed', header);
    return header;
  }

  #headerWith(kernelName: string): SessionHeader {
    this.#kernels.add(kernelName);
    return this.header;
  }

  #demandOpen(): void {
    if (this.#closing === undefined) return;
    throw new SessionClosedError(`session ${this.id} is closed`, {
      code: 'SESSION_CLOSED',
      hint: 'Open a new session, or resume this one with reopen.',
    });
  }

  /** The file is written again whenever the number of actions has doubled: bytes stay in proportion to the actions. */
  #refreshView(): void {
    if (this.#start.view !== 'doubling' || this.#total < this.#nextView || this.#viewPending)
      return;
    while (this.#nextView <= this.#total) this.#nextView *= 2;
    this.#viewPending = true;
    this.#viewing = this.#start.journal
      .writeView(this.header)
      .catch((error: unknown) => this.#events.tell('viewFailed', error))
      .then(() => {
        this.#viewPending = false;
      });
  }

  #show(record: ActionRecord): void {
    const { live, clock } = this.#start;
    if (live === undefined) return;
    try {
      const line = formatLiveLine({
        timeMs: clock.now(),
        kernel: record.kernel,
        actionType: record.action_type,
        outcome: record.outcome,
        diffSummary: record.diff_summary,
        note: record.note,
        attempt: record.attempt,
      });
      if (typeof live === 'function') live(record, line);
      else
        live.stream.write(
          `${live.format === 'json' ? JSON.stringify(record, plainNumbers) : line}\n`,
        );
    } catch (error) {
      this.#events.tell('listenerError', error); // A closed stderr does not stop the work.
    }
  }
}

function plainNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
