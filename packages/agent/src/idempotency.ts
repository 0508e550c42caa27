import { ArcpError, type SubmitRequest } from '@engramkit/arcp';
import type { Clock, JsonObject } from '@engramkit/core';
import { contentId } from '@engramkit/ids';
import type { Job } from './job.js';

interface KeyEntry {
  readonly key: string;
  readonly parameters: string;
  readonly job: Job;
  readonly acceptance: JsonObject;
  readonly expiresAtMs: number;
}

/** Which job an idempotency key stands for, per principal. Source: arcp section 3.3. */
export class IdempotencyKeys {
  readonly #entries = new Map<string, KeyEntry>();
  readonly #clock: Clock;
  readonly #ttlMs: number;

  constructor(clock: Clock, ttlMs: number) {
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /** The job and its acceptance under the key; throws `DUPLICATE_KEY` when the parameters differ. */
  find(
    principal: string,
    key: string,
    parameters: string,
  ): Pick<KeyEntry, 'job' | 'acceptance'> | undefined {
    const entry = this.#entries.get(slot(principal, key));
    if (entry === undefined || entry.expiresAtMs <= this.#clock.now()) return undefined;
    if (entry.parameters !== parameters) {
      throw new ArcpError('DUPLICATE_KEY', 'the idempotency key was used with other parameters', {
        details: { existing_job_id: entry.job.id },
      });
    }
    return entry;
  }

  /** An entry from before a restart. */
  restore(
    principal: string,
    key: string,
    parameters: string,
    job: Job,
    acceptance: JsonObject,
    expiresAtMs: number,
  ): void {
    this.#entries.set(slot(principal, key), { parameters, job, acceptance, expiresAtMs, key });
  }

  /** The entries that have not expired, by their job. */
  byJob(): ReadonlyMap<Job, Omit<KeyEntry, 'job'>> {
    const nowMs = this.#clock.now();
    return new Map(
      [...this.#entries.values()].flatMap(({ job, ...entry }) =>
        entry.expiresAtMs <= nowMs ? [] : [[job, entry] as const],
      ),
    );
  }

  remember(
    principal: string,
    key: string,
    parameters: string,
    job: Job,
    acceptance: JsonObject,
  ): Omit<KeyEntry, 'job'> {
    const nowMs = this.#clock.now();
    for (const [known, entry] of this.#entries) {
      // Entries expire in the order in which they were made.
      if (entry.expiresAtMs > nowMs) break;
      this.#entries.delete(known);
    }
    const place = slot(principal, key);
    this.#entries.delete(place);
    const entry = { key, parameters, acceptance, expiresAtMs: nowMs + this.#ttlMs };
    this.#entries.set(place, { ...entry, job });
    return entry;
  }
}

/** What counts as the parameters of a submit, as one short text. Source: arcp section 3.3, J-13. */
export function parametersOf(request: SubmitRequest): string {
  return contentId(
    {
      agent: request.agent,
      ...(request.input === undefined ? {} : { input: request.input }),
      lease_request: request.leaseRequest ?? {},
      lease_constraints: request.leaseConstraints,
      ...(request.maxRuntimeSec === undefined ? {} : { max_runtime_sec: request.maxRuntimeSec }),
    },
    { scheme: 'jcs' },
  );
}

const slot = (principal: string, key: string): string => JSON.stringify([principal, key]);
