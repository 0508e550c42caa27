import { constants } from 'node:os';
import { InvalidInputError, systemClock } from '@engramkit/core';
import type { LogLevel } from '@engramkit/engram';
import {
  cacheDirectoryOf,
  createFaultListener,
  createLogger,
  createRedaction,
  createTracing,
  type LocalRunRecord,
  loadModule,
  openLocalHost,
  wantsColors,
} from '@engramkit/runtime';
import { listenForInterruption } from './interruption.js';
import type { StatusLine } from './status-line.js';
import type { Terminal } from './terminal.js';

/** One run as the command line asks for it. */
export interface RunRequest {
  /** Absolute path. */
  readonly moduleFile: string;
  readonly exportName: string | undefined;
  readonly stepName: string | undefined;
  readonly config: unknown;
  readonly inputs: unknown;
  /** `env:VARIABLE` or `file:PATH` by name. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
  readonly logLevel: LogLevel;
  readonly stateDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** Where progress is shown; absent for none. */
  readonly status: StatusLine | undefined;
}

/** What came of a run, and what happened around it. */
export interface EndedRun {
  readonly record: LocalRunRecord;
  /** How long loading the module took, in milliseconds. */
  readonly loadMs: number;
  /** Errors that reached the process after the run was over. */
  readonly strayFaults: number;
}

/**
 * Loads the module and runs its component once.
 *
 * Rejects when the module cannot be loaded, is no batch component, or the record cannot be kept; everything that the component
 * does is in the record.
 */
export async function runOnce(request: RunRequest): Promise<EndedRun> {
  const { env, terminal, status, stateDirectory } = request;
  const redaction = createRedaction();
  using logger = createLogger({
    destination: {
      isTTY: terminal.stderr.interactive,
      write: (text) => writeThrough(status, () => terminal.stderr.write(text)),
    },
    level: request.logLevel,
    colors: wantsColors(env, { isTTY: terminal.stderr.interactive }),
    redaction,
    clock: systemClock,
  });
  using faults = createFaultListener({ process, logger });
  using interruption = listenForInterruption({
    source: process,
    onSignal(signal, count) {
      writeThrough(status, () => terminal.stderr.write(signalText(signal, count)));
    },
    kill: (signal) => process.exit(128 + constants.signals[signal]),
  });
  status?.show('loading the module');
  const loaded = await loadModule(request.moduleFile, {
    cacheDirectory: cacheDirectoryOf(stateDirectory),
    clock: systemClock,
    signal: interruption.signal,
    exportName: request.exportName,
  });
  const { component } = loaded;
  if (component.kind !== 'batch') throw notBatch(component.kind, request.moduleFile);
  const name = `${loaded.name} ${loaded.version}`;
  await using tracing = await createTracing({ env, serviceName: loaded.name, redaction, logger });
  await using host = await openLocalHost({
    directory: stateDirectory,
    env,
    clock: systemClock,
    logger,
    tracer: tracing.tracer,
    spans: tracing.spans,
    faults,
    redaction,
    onStage({ stage, state }) {
      if (state === 'started') status?.show(`${name}: ${stage}`);
    },
  });
  const record = await host.run({
    component,
    moduleFile: request.moduleFile,
    config: request.config,
    inputs: request.inputs,
    secrets: request.secrets,
    timeoutMs: request.timeoutMs,
    signal: interruption.signal,
    abandon: interruption.abandon,
    stepName: request.stepName,
    name: loaded.name,
  });
  status?.show(`${name}: finishing`);
  // Errors that the component left behind surface with the next turns of the event loop.
  await turns(2);
  await logger.flush();
  return { record, loadMs: loaded.loadMs, strayFaults: faults.strayFaults };
}

function writeThrough(status: StatusLine | undefined, write: () => void): void {
  if (status === undefined) write();
  else status.through(write);
}

function signalText(signal: NodeJS.Signals, count: number): string {
  if (count === 1) return `engramkit: ${signal}: stopping the run; once more to stop at once\n`;
  if (count === 2) return `engramkit: ${signal}: waiting no longer\n`;
  return `engramkit: ${signal}: gone\n`;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function notBatch(kind: string, moduleFile: string): InvalidInputError {
  return new InvalidInputError(`run takes batch components; ${moduleFile} is of kind ${kind}`, {
    code: 'COMPONENT_KIND_UNSUPPORTED',
    hint: `Test it with the harness of @engramkit/testing${
      kind === 'streaming' ? ' (StreamHarness)' : ''
    }, or choose another export with --export.`,
  });
}
