import {
  type BatchComponent,
  type BatchEngram,
  type EngramModes,
  isResult,
} from '@engramkit/engram';
import { componentOfKind, type HarnessOptions, withInstance } from './harness-parts.js';
import { type TestContext, testContext } from './test-context.js';

/** What a batch harness can run: a definition (also one of two modes), an instance, or a class without constructor arguments. */
export type BatchSubject<Config, Inputs, Output> =
  | BatchComponent<Config, Inputs, Output>
  | BatchEngram<Config, Inputs, Output>
  | (new () => BatchEngram<Config, Inputs, Output>)
  | EngramModes<BatchComponent<Config, Inputs, Output>>;

/** Options of {@link BatchHarness}. */
export interface BatchHarnessOptions<Config, Inputs> extends HarnessOptions<Config> {
  /** As `process` receives them: decoded, with defaults filled in; default `{}`. */
  readonly inputs?: Inputs;
}

/**
 * Runs a batch engram directly: secrets are expanded as in production, then `init`, `process` and `close` are called.
 *
 * Nothing else is done: no decoding, no schema, no time limit, no storage; what the engram throws is what `run` rejects with.
 * For the whole way that an invocation takes, use `componentContract`. Source: bobrapet-batch section 12.1.
 */
export class BatchHarness<Config = unknown, Inputs = unknown, Output = unknown> {
  /** What the engram gets; `context.recorded` has what it did with it. */
  readonly context: TestContext;
  readonly #component: BatchComponent;
  readonly #options: BatchHarnessOptions<Config, Inputs>;

  constructor(
    engram: BatchSubject<Config, Inputs, Output>,
    options: BatchHarnessOptions<NoInfer<Config>, NoInfer<Inputs>> = {},
  ) {
    this.#component = componentOfKind(engram, 'batch');
    this.#options = options;
    this.context = testContext(options);
  }

  /** The output of one run on a fresh instance, without its `result` wrapper. */
  async run(): Promise<Output> {
    const inputs = this.#options.inputs ?? {};
    return withInstance(this.#component, this.#options, this.context, async (instance) => {
      const returned = await instance.process(inputs, this.context);
      // The engram that was passed in has this output type; the component has forgotten it.
      return (isResult(returned) ? returned.data : returned) as Output;
    });
  }
}
