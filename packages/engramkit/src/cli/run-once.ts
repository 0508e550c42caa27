import { EngramkitError, InvalidInputError, systemClock } from '@engramkit/core';
import type { LogLevel } from '@engramkit/engram';
import {
  cacheDirectoryOf,
  createLogger,
  createRedaction,
  createTracing,
  createWatchdog,
  type LocalRunRecord,
  loadModule,
  openLocalHost,
  type ProcessControl,
  type Redaction,
  RunNotKeptError,
  runProcess,
  type StreamLogger,
  wantsColors,
} from '@engramkit/runtime';
import type { ExitCode } from './command.js';
import { openRunRecorder } from './run-recorder.js';
import type { StatusLine } from './status-line.js';
import type { Terminal } from './terminal.js';

/** One run as the command line asks for it. */
export interface RunRequest {
  /** As the user wrote it, so that messages show that; relative to the current directory. */
  readonly moduleFile: string;
  readonly exportName: string | undefined;
  readonly stepName: string | undefined;
  /** The id of the run that started this one. */
  readonly parent: string | undefined;
  readonly config: unknown;
  readonly inputs: unknown;
  /** `env:VARIABLE` or `file:PATH` by name. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
  readonly loadTimeoutMs: number | undefined;
  readonly logLevel: LogLevel;
  readonly stateDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly status: StatusLine | undefined;
}

/** What came of a run, and what happened around it. */
export interface EndedRun {
  readonly record: LocalRunRecord;
  /** How long loading the module took, in milliseconds. */
  readonly loadMs: number;
  /** Errors that reached the process when the run was over. */
  readonly strayFaults: number;
  /** Why the end of the run could not be stored; the record then holds the whole output, and is nowhere else. */
  readonly notKept: EngramkitError | undefined;
}

/** How a run is reported; both are called while errors that the component left behind are still caught. */
export interface RunReporter {
  ended(run: EndedRun): Promise<ExitCode>;
  /** The module could not be loaded, or the record could not be kept. */
  failed(error: EngramkitError): ExitCode;
}

/** A blocked event loop is reported from this time on. */
const BLOCKED_MS = 2_000;

/**
 * Loads the module, runs its component once as the one piece of work of this process, and reports.
 *
 * Signals stop the run: the first asks, the second shortens the wait. With a timeout, a thread ends code that blocks the event
 * loop past it. Yields the exit code of the report.
 */
export async function runOnce(request: RunRequest, reporter: RunReporter): Promise<ExitCode> {
  const { env, terminal, status } = request;
  const redaction = createRedaction();
  using logger = createLogger({
    destination: {
      isTTY: terminal.stderr.interactive,
      write: (text) => writeThrough(status, () => terminal.stderr.write(text)),
    },
    level: request.logLevel,
    // There is one run, and the report names it.
    prettyOmits: ['runId', 'step'],
    colors: wantsColors(env, { isTTY: terminal.stderr.interactive }),
    redaction,
    clock: systemClock,
  });
  let run: Omit<EndedRun, 'strayFaults'> | undefined;
  let error: EngramkitError | undefined;
  let control: ProcessControl | undefined;
  let code: ExitCode = 1;
  await runProcess(
    async (given) => {
      control = given;
      run = await work(request, given, { logger, redaction });
      return { exitCode: exitCodeOf(run) };
    },
    {
      process,
      logger,
      clock: systemClock,
      onError(thrown) {
        error = thrown;
      },
      async onEnd() {
        status?.clear();
        await logger.flush();
        const strayFaults = control?.faults.strayFaults ?? 0;
        code =
          run === undefined
            ? reporter.failed(error ?? EngramkitError.from(undefined))
            : await reporter.ended({ ...run, strayFaults });
        await terminal.stdout.flush();
      },
    },
  );
  return code;
}

async function work(
  request: RunRequest,
  control: ProcessControl,
  own: { readonly logger: StreamLogger; readonly redaction: Redaction },
): Promise<Omit<EndedRun, 'strayFaults'>> {
  const { env, status, stateDirectory, moduleFile, timeoutMs } = request;
  const { logger, redaction } = own;
  const { signal, abandon, faults } = control;
  status?.show('loading the module');
  const loaded = await loadModule(moduleFile, {
    cacheDirectory: cacheDirectoryOf(stateDirectory),
    clock: systemClock,
    signal,
    exportName: request.exportName,
    timeoutMs: request.loadTimeoutMs,
  });
  const { component } = loaded;
  if (component.kind !== 'batch') throw notBatch(component.kind, moduleFile);
  const { secrets: declared } = component.spec;
  for (const name of Object.keys(request.secrets)) {
    if (declared === undefined || declared.includes(name)) continue;
    logger.warn(`${loaded.name} does not declare the secret ${name} and does not see it`, {
      declared: declared.join(', ') || 'none',
    });
  }
  const title = `${loaded.name} ${loaded.version}`;
  await using tracing = await createTracing({ env, serviceName: loaded.name, redaction, logger });
  await using watchdog =
    timeoutMs === undefined
      ? undefined
      : await createWatchdog({ limitMs: BLOCKED_MS, clock: systemClock });
  await using host = await openLocalHost({
    directory: stateDirectory,
    env,
    recorder: await openRunRecorder(stateDirectory, env),
    clock: systemClock,
    logger,
    tracer: tracing.tracer,
    spans: tracing.spans,
    faults,
    watchdog,
    redaction,
    onStage({ stage, state }) {
      if (state === 'started') status?.show(`${title}: ${stage}`);
    },
  });
  const running = host.run({
    component,
    moduleFile,
    config: request.config,
    inputs: request.inputs,
    secrets: request.secrets,
    timeoutMs,
    signal,
    abandon,
    stepName: request.stepName,
    parent: request.parent,
    name: loaded.name,
  });
  const { loadMs } = loaded;
  try {
    return { record: await running, loadMs, notKept: undefined };
  } catch (error) {
    if (!(error instanceof RunNotKeptError)) throw error;
    return { record: error.record, loadMs, notKept: error };
  }
}

/** How the program ends: as the run did, but never well when its record is lost. */
export function exitCodeOf({ record, notKept }: Pick<EndedRun, 'record' | 'notKept'>): ExitCode {
  const { exitCode = 1 } = record;
  return exitCode === 0 && notKept !== undefined ? 1 : exitCode;
}

function writeThrough(status: StatusLine | undefined, write: () => void): void {
  if (status === undefined) write();
  else status.through(write);
}

function notBatch(kind: string, moduleFile: string): InvalidInputError {
  return new InvalidInputError(`run takes batch components; ${moduleFile} is of kind ${kind}`, {
    code: 'COMPONENT_KIND_UNSUPPORTED',
    hint: `Test it with the ${kind === 'streaming' ? 'StreamHarness' : 'ImpulseHarness'} of @engramkit/testing, or choose another export with --export.`,
  });
}
