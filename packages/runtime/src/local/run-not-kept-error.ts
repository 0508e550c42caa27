import { EngramkitError } from '@engramkit/core';
import type { LocalRunRecord } from './run-record.js';

/**
 * A run is over, but its end could not be stored; `record` is what would have been, with the whole output in `output`.
 *
 * `code`, `retry` and `hint` are those of what stood in the way: `DISK_FULL`, `PERMISSION_DENIED`, `WRITE_FAILED` or
 * `RECORDER_FAILED`. The component has done its work: trying again does it a second time.
 */
export class RunNotKeptError extends EngramkitError {
  static override readonly brand = 'RunNotKeptError';

  readonly #record: LocalRunRecord;

  constructor(record: LocalRunRecord, thrown: unknown) {
    const cause = EngramkitError.from(thrown);
    super(`run ${record.runId} is over (${record.status}), but not kept: ${cause.message}`, {
      code: cause.code,
      retry: cause.retry,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      details: { ...cause.details, runId: record.runId, status: record.status },
      cause,
    });
    this.#record = record;
  }

  /** Not part of the JSON form or of what is printed of the error: the output may be large. */
  get record(): LocalRunRecord {
    return this.#record;
  }
}
