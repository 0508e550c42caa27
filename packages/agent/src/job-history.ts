import type { JsonObject } from '@engramkit/core';

/** One sequenced frame of a job, as late subscribers get it. */
export interface HistoryEntry {
  readonly ownerSequence: number;
  readonly type: string;
  readonly payload: JsonObject;
  readonly size: number;
}

/** The newest frames of one job, for sessions that come late. Source: arcp section 3.8. */
export class JobHistory {
  readonly #limit: number;
  #entries: HistoryEntry[] = [];
  #truncated = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the beginning is gone. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** The beginning is not known here. */
  truncate(): void {
    this.#truncated = true;
  }

  add(entry: HistoryEntry): void {
    this.#entries.push(entry);
    // Cut in larger steps, so that the cost per frame stays constant.
    if (this.#entries.length > this.#limit * 1.25) {
      this.#entries = this.#entries.slice(-this.#limit);
      this.#truncated = true;
    }
  }

  /** What came after a number of the owner's session, oldest first. */
  after(sequence: number): readonly HistoryEntry[] {
    return this.#entries.filter(({ ownerSequence }) => ownerSequence > sequence);
  }
}
