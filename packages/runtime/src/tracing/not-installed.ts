import { describeThrown, EngramkitError } from '@engramkit/core';

/** The error for telemetry packages that are configured but not installed. */
export function notInstalled(cause: unknown, packages: readonly string[]): EngramkitError {
  return new EngramkitError(
    `the environment configures trace export, but it is not installed: ${describeThrown(cause)}`,
    {
      code: 'TRACING_NOT_INSTALLED',
      details: { packages },
      hint: `Run \`npm install ${packages.join(' ')}\`, or set OTEL_TRACES_EXPORTER=none.`,
      cause,
    },
  );
}
