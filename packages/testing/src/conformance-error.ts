import { describeThrown, EngramkitError } from '@engramkit/core';

/** A component does not do what its suite demands; the message says which demand. Code `CONFORMANCE_FAILED`. */
export class ConformanceError extends EngramkitError {
  static override readonly brand: string = 'ConformanceError';

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { code: 'CONFORMANCE_FAILED', ...options });
  }
}

/** What an author's check may do to refuse: throw, reject, or return an error. */
export type Check<Value> = (value: Value) => unknown;

/** Runs an author's check; its refusal becomes a {@link ConformanceError} with the text in front. */
export async function runCheck<Value>(
  check: Check<Value> | undefined,
  value: Value,
  text: string,
): Promise<void> {
  let refusal: unknown;
  try {
    refusal = await check?.(value);
  } catch (thrown) {
    throw new ConformanceError(`${text}: ${describeThrown(thrown)}`, { cause: thrown });
  }
  if (refusal instanceof Error) {
    throw new ConformanceError(`${text}: ${describeThrown(refusal)}`, { cause: refusal });
  }
}
