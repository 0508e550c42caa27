// A small host: loads a module, runs it on the local host, prints the record. Arguments: one JSON object.
import {
  cacheDirectoryOf,
  createLogger,
  createRedaction,
  createTracing,
  createWatchdog,
  loadModule,
  openLocalHost,
  runProcess,
} from '../../src/index.js';

interface Arguments {
  readonly file: string;
  readonly state: string;
  readonly inputs?: unknown;
  readonly timeoutMs?: number;
  readonly graceMs?: number;
  readonly shortGraceMs?: number;
  readonly runId?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly watchdogMs?: number;
  readonly runs?: number;
}

const options: Arguments = JSON.parse(process.argv[2] ?? '{}');
const redaction = createRedaction();
const logger = createLogger({ destination: process.stderr, redaction, format: 'json' });

await runProcess(
  async ({ signal, abandon, faults }) => {
    await using tracing = await createTracing({ env: process.env, logger, redaction });
    const { component, name } = await loadModule(options.file, {
      cacheDirectory: cacheDirectoryOf(options.state),
      signal,
    });
    if (component.kind !== 'batch') throw new Error('the test host runs batch engrams');
    const watchdog =
      options.watchdogMs === undefined
        ? undefined
        : await createWatchdog({
            limitMs: options.watchdogMs,
            onBlocked: ({ blockedMs, frames }) => logger.warn('was blocked', { blockedMs, frames }),
          });
    await using host = await openLocalHost({
      directory: options.state,
      env: process.env,
      logger,
      tracer: tracing.tracer,
      spans: tracing.spans,
      faults,
      watchdog,
      redaction,
    });
    let exitCode = 0;
    for (let count = 0; count < (options.runs ?? 1); count += 1) {
      const record = await host.run({
        component,
        moduleFile: options.file,
        name,
        inputs: options.inputs,
        secrets: options.secrets,
        timeoutMs: options.timeoutMs,
        graceMs: options.graceMs,
        runId: options.runId,
        signal,
        abandon,
      });
      process.stdout.write(`${JSON.stringify(record)}\n`);
      exitCode = Math.max(exitCode, record.exitCode ?? 1);
    }
    await watchdog?.[Symbol.asyncDispose]();
    return { exitCode };
  },
  {
    process,
    logger,
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
    ...(options.shortGraceMs === undefined ? {} : { shortGraceMs: options.shortGraceMs }),
    onEnd: () => logger.flush(),
  },
);
