import { BatchHarness, type BatchHarnessOptions, type BatchSubject } from './batch-harness.js';
import { type Check, runCheck } from './conformance-error.js';
import { type ErrorExpectation, judgeError, judgeSuccess } from './expected-error.js';

/** Options of {@link BatchSuite}. */
export interface BatchSuiteOptions<Config, Inputs, Output>
  extends BatchHarnessOptions<Config, Inputs>,
    ErrorExpectation {
  readonly engram: BatchSubject<Config, Inputs, Output>;
  /** Refuses the output by throwing, rejecting, or returning an error; not called when the run fails. */
  readonly validateResult?: Check<Output>;
}

/**
 * The conformance test of a batch engram, for any test runner: `await new BatchSuite({...}).run()`.
 *
 * Source: bobrapet-batch section 12.3.
 */
export class BatchSuite<Config = unknown, Inputs = unknown, Output = unknown> {
  readonly #options: BatchSuiteOptions<Config, Inputs, Output>;

  constructor(options: BatchSuiteOptions<Config, Inputs, Output>) {
    this.#options = options;
  }

  /** Resolves when the engram keeps the contract; rejects with a `ConformanceError` that says which demand it missed. */
  async run(): Promise<void> {
    const harness = new BatchHarness(this.#options.engram, this.#options);
    let output: Output;
    try {
      output = await harness.run();
    } catch (error) {
      return judgeError('batch', error, this.#options);
    }
    judgeSuccess('batch', this.#options);
    await runCheck(this.#options.validateResult, output, 'result validation failed');
  }
}
