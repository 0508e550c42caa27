import { describeThrown } from '@engramkit/core';
import type { StreamMessage } from '@engramkit/engram';
import { type Check, ConformanceError, runCheck } from './conformance-error.js';
import { type ErrorExpectation, judgeError, judgeSuccess } from './expected-error.js';
import { StreamHarness, type StreamHarnessOptions, type StreamSubject } from './stream-harness.js';
import { validateStreamMessage } from './validators.js';

/** Options of {@link StreamSuite}. */
export interface StreamSuiteOptions<Config> extends StreamHarnessOptions<Config>, ErrorExpectation {
  readonly engram: StreamSubject<Config>;
  /** Every output must pass `validateStreamMessage`. */
  readonly requireValidMessages?: boolean;
  /** At least one output. */
  readonly requireNonEmptyOutput?: boolean;
  /** At least so many outputs; default 0. */
  readonly minOutputCount?: number;
  /** The engram must call `done` on every input; not checked when the run fails. */
  readonly requireAllInputsDone?: boolean;
  /** Refuses one output by throwing, rejecting, or returning an error. */
  readonly validateOutputMessage?: Check<StreamMessage>;
}

/**
 * The conformance test of a streaming engram, for any test runner: `await new StreamSuite({...}).run()`.
 *
 * Source: bobrapet-streaming section 10.2.
 */
export class StreamSuite<Config = unknown> {
  readonly #options: StreamSuiteOptions<Config>;

  constructor(options: StreamSuiteOptions<Config>) {
    this.#options = options;
  }

  /** Resolves when the engram keeps the contract; rejects with a `ConformanceError` that says which demand it missed. */
  async run(): Promise<void> {
    const harness = new StreamHarness(this.#options.engram, this.#options);
    let failure: { readonly error: unknown } | undefined;
    try {
      await harness.run();
    } catch (error) {
      failure = { error };
    }
    if (failure !== undefined) {
      await judgeError('stream', failure.error, this.#options);
      this.#checkOutputCount(harness.outputs.length);
      return this.#checkMessages(
        harness.outputs,
        'output validation failed (expected error path): ',
      );
    }
    judgeSuccess('stream', this.#options);
    this.#checkOutputCount(harness.outputs.length);
    this.#checkDoneCount(harness.doneCount);
    await this.#checkMessages(harness.outputs, '');
  }

  #checkOutputCount(count: number): void {
    const { minOutputCount = 0, requireNonEmptyOutput = false } = this.#options;
    const least = Math.max(minOutputCount, requireNonEmptyOutput ? 1 : 0);
    if (count >= least) return;
    throw new ConformanceError(
      `stream output contract failed: expected at least ${least} stream output message(s), got ${count}`,
    );
  }

  #checkDoneCount(count: number): void {
    const { requireAllInputsDone = false, inputs = [] } = this.#options;
    if (!requireAllInputsDone || count === inputs.length) return;
    throw new ConformanceError(
      `stream input completion contract failed: expected ${inputs.length} input Done() call(s), got ${count}`,
    );
  }

  async #checkMessages(outputs: readonly StreamMessage[], prefix: string): Promise<void> {
    const { requireValidMessages = false, validateOutputMessage } = this.#options;
    for (const output of outputs) {
      if (requireValidMessages) checkMessage(output, prefix);
      await runCheck(validateOutputMessage, output, `${prefix}stream output validation failed`);
    }
  }
}

function checkMessage(output: StreamMessage, prefix: string): void {
  try {
    validateStreamMessage(output);
  } catch (thrown) {
    const reason = describeThrown(thrown).replace(/^invalid stream message: /, '');
    throw new ConformanceError(`${prefix}invalid stream message: ${reason}`, { cause: thrown });
  }
}
