import { ArcpError, type JobEvent } from '@engramkit/arcp';

/** One event and what to call when the reader is done with it. */
interface Entry {
  readonly event: JobEvent;
  readonly handled: () => void;
}

/** Events kept for a reader that has not come yet; older ones are dropped and counted. */
const EARLY_LIMIT = 1_024;
/** More unread events than this end the reader with an error; the job itself goes on. */
const READER_LIMIT = 20_000;

/**
 * Holds the events of one job until somebody reads them.
 *
 * Without a reader events count as handled at once and only the newest are kept. With a reader an event counts as handled when
 * the reader asks for the next one: that is what holds the acknowledgement back and slows the runtime down.
 */
export class EventBuffer {
  #entries: Entry[] = [];
  #head = 0;
  #reading = false;
  #ended = false;
  #failure: ArcpError | undefined;
  #current: Entry | undefined;
  #wake: (() => void) | undefined;
  #dropped = 0;

  /** How many events were dropped because nobody read them. */
  get dropped(): number {
    return this.#dropped;
  }

  push(event: JobEvent, handled: () => void): void {
    if (this.#ended) {
      handled();
      return;
    }
    if (!this.#reading) {
      handled();
      this.#entries.push({ event, handled: nothing });
      if (this.#entries.length - this.#head > EARLY_LIMIT) {
        this.#take();
        this.#dropped += 1;
      }
      return;
    }
    this.#entries.push({ event, handled });
    if (this.#entries.length - this.#head > READER_LIMIT) {
      this.#fail(
        new ArcpError(
          'INTERNAL_ERROR',
          `more than ${READER_LIMIT} events of the job wait for their reader`,
          {
            details: { reason: 'reader_too_slow' },
            hint: 'Read faster, or read the result only.',
            retryable: false,
          },
        ),
      );
    }
    this.#wake?.();
  }

  /** No more events come; the reader gets what is there. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** The events from the oldest kept one on; one reader at a time. */
  read(): AsyncIterableIterator<JobEvent> {
    if (this.#reading) {
      throw new ArcpError('INVALID_REQUEST', 'the events of this job are being read already', {
        hint: 'Read them once and share what you read, or listen to the client\'s "event".',
      });
    }
    this.#reading = true;
    const iterator: AsyncIterableIterator<JobEvent> = {
      next: async () => {
        this.#current?.handled();
        this.#current = undefined;
        for (;;) {
          if (this.#failure !== undefined) {
            const failure = this.#failure;
            this.#stop();
            throw failure;
          }
          const entry = this.#take();
          if (entry !== undefined) {
            this.#current = entry;
            return { value: entry.event, done: false };
          }
          if (this.#ended) {
            this.#stop();
            return { value: undefined, done: true };
          }
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      },
      return: async () => {
        this.#stop();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #take(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#head += 1;
    if (this.#head > EARLY_LIMIT && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  #fail(failure: ArcpError): void {
    this.#failure = failure;
    this.#release();
    this.#ended = true;
  }

  /** The reader left: everything it held counts as handled, and later events as well. */
  #stop(): void {
    this.#current?.handled();
    this.#current = undefined;
    this.#release();
    this.#failure = undefined;
    this.#reading = false;
  }

  #release(): void {
    for (let entry = this.#take(); entry !== undefined; entry = this.#take()) entry.handled();
    this.#entries = [];
    this.#head = 0;
  }
}

const nothing = (): void => undefined;
