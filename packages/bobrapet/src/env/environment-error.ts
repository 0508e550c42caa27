import { InvalidInputError } from '@engramkit/core';

/** What a malformed variable spoils. */
export type EnvironmentPart = 'context' | 'storage' | 'triggers';

/** One variable that cannot be used. */
export interface EnvironmentProblem {
  readonly variable: string;
  readonly part: EnvironmentPart;
  /** What was found; bounded, and without the value where it may hold data or secrets. */
  readonly got: string;
  readonly expected: string;
}

const PROBLEMS_SHOWN = 20;

/**
 * The environment cannot be used; names every problem at once.
 *
 * `code` is `ENVIRONMENT_INVALID`. Values of payload and credential variables are never shown. Source: bobrapet-batch section 1.
 */
export class EnvironmentError extends InvalidInputError {
  static override readonly brand: string = 'EnvironmentError';

  /** All problems, also those that the message leaves out. */
  readonly problems: readonly EnvironmentProblem[];

  constructor(problems: readonly EnvironmentProblem[], prefix = '') {
    const shown = problems
      .slice(0, PROBLEMS_SHOWN)
      .map(({ variable, got, expected }) => `${variable}: got ${got}, expected ${expected}`);
    if (problems.length > PROBLEMS_SHOWN)
      shown.push(`and ${problems.length - PROBLEMS_SHOWN} more`);
    super(
      `${prefix}${problems.length} environment variable${problems.length === 1 ? '' : 's'} cannot be used: ${shown.join('; ')}`,
      {
        code: 'ENVIRONMENT_INVALID',
        details: { variables: problems.map((problem) => problem.variable).slice(0, 100) },
        hint: 'Correct the variables; under the operator they come from the Story, the Engram or Impulse, and the storage policy.',
      },
    );
    this.problems = problems;
  }
}
