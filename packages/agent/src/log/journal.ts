import type { EventLog, EventLogRecord } from './event-log.js';

/** Empty turns of the microtask queue after which nothing more is expected to join a group. */
const QUIET_TURNS = 3;

/**
 * Brings records into the log in groups and lets frames out after the records that belong to them.
 *
 * Without a log everything goes out at once.
 */
export class Journal {
  readonly #log: EventLog | undefined;
  readonly #onFailure: (error: unknown) => void;
  #records: EventLogRecord[] = [];
  #waiting: (() => void)[] = [];
  #scheduled = false;
  #failed = false;
  #storing: Promise<void> | undefined;
  #snapshot: (() => Iterable<EventLogRecord>) | undefined;

  constructor(log: EventLog | undefined, onFailure: (error: unknown) => void) {
    this.#log = log;
    this.#onFailure = onFailure;
  }

  /** Whether records are kept at all: spares making them. */
  get active(): boolean {
    return this.#log !== undefined;
  }

  /** What replaces the log when most of it is outdated. */
  snapshotBy(snapshot: () => Iterable<EventLogRecord>): void {
    this.#snapshot = snapshot;
  }

  write(record: EventLogRecord): void {
    if (this.#log === undefined) return;
    this.#records.push(record);
    this.#schedule();
  }

  /** Calls back when everything written so far is stored. */
  after(call: () => void): void {
    if (this.#log === undefined) {
      call();
      return;
    }
    this.#waiting.push(call);
    this.#schedule();
  }

  /** Stores everything; resolves when that is done. */
  async flush(): Promise<void> {
    while (this.#records.length > 0 || this.#waiting.length > 0 || this.#storing !== undefined) {
      if (this.#storing === undefined) this.#store();
      await this.#storing;
      // Tried once more and failed once more: whoever waits must not wait for ever.
      if (this.#failed) return;
    }
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#log?.close();
  }

  #schedule(): void {
    if (this.#scheduled || this.#storing !== undefined) return;
    this.#scheduled = true;
    let seen = this.#records.length + this.#waiting.length;
    let quiet = 0;
    const turn = (): void => {
      const now = this.#records.length + this.#waiting.length;
      quiet = now === seen ? quiet + 1 : 0;
      seen = now;
      if (quiet < QUIET_TURNS) queueMicrotask(turn);
      else {
        this.#scheduled = false;
        if (this.#storing === undefined) this.#store();
      }
    };
    queueMicrotask(turn);
  }

  #store(): void {
    const log = this.#log;
    if (log === undefined) return;
    const records = this.#records;
    const waiting = this.#waiting;
    this.#records = [];
    this.#waiting = [];
    const done = (): void => {
      this.#failed = false;
      for (const call of waiting) call();
    };
    const failed = (error: unknown): void => {
      // Nothing that is not stored leaves: the sessions stay, and are resumed once the log works again.
      this.#failed = true;
      this.#records = [...records, ...this.#records];
      this.#onFailure(error);
    };
    try {
      const storing = records.length === 0 ? undefined : log.append(records);
      if (storing === undefined) {
        done();
        this.#tidy(log);
        return;
      }
      this.#storing = storing
        .then(done, failed)
        .then(() => this.#tidy(log))
        .finally(() => {
          this.#storing = undefined;
          if (this.#waiting.length > 0) this.#schedule();
        });
    } catch (error) {
      failed(error);
    }
  }

  /** The snapshot holds everything up to now: what was not stored yet is in it as well. */
  #tidy(log: EventLog): void {
    if (this.#snapshot === undefined || !log.wantsReplacement) return;
    this.replaceBy(this.#snapshot());
  }

  /** Puts a snapshot in the place of the log. */
  replaceBy(records: Iterable<EventLogRecord>): void {
    const log = this.#log;
    if (log === undefined) return;
    const held = this.#records;
    try {
      const replacing = log.replace(records);
      this.#records = [];
      if (replacing === undefined) return;
      const before = this.#storing ?? Promise.resolve();
      const storing = Promise.all([before, replacing])
        .then(() => undefined, this.#onFailure)
        .finally(() => {
          if (this.#storing === storing) this.#storing = undefined;
          if (this.#waiting.length > 0 || this.#records.length > 0) this.#schedule();
        });
      this.#storing = storing;
    } catch (error) {
      this.#records = held;
      this.#onFailure(error);
    }
  }
}
