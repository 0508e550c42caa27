import type { Secrets } from '@engramkit/secrets';
import type { ExecutionContext } from './context.js';
import type { Result } from './result.js';

/**
 * A finite unit of work: `init` once, then `process` once, then the run is over.
 *
 * Implement it with a class that has a static `spec` ({@link BatchSpec}), or write `defineBatch({...})`, which infers every
 * type. Source: bobrapet-batch section 2.1.
 */
export interface BatchEngram<Config = unknown, Inputs = unknown, Output = unknown> {
  /** Runs before `process`; a throw fails the run with an initialization error. */
  init?(config: Config, secrets: Secrets, context: ExecutionContext): void | Promise<void>;
  /**
   * Does the work and returns the output.
   *
   * `context.signal` aborts at the deadline and on shutdown; work that goes on after it is not waited for.
   */
  process(
    inputs: Inputs,
    context: ExecutionContext,
  ): Output | Result<Output> | Promise<Output | Result<Output>>;
  /** Runs once after everything, whatever the outcome. */
  close?(): void | Promise<void>;
}
