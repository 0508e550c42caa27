import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { type JsonValue, parseJson, stringifyJson } from '@engramkit/core';
import type { LocalRunRecord } from '@engramkit/runtime';
import type { CommandCall, ExitCode } from './command.js';
import { writeProblem } from './problem-report.js';
import { shellWord } from './program-name.js';
import { type EndedRun, exitCodeOf } from './run-once.js';
import { type RunView, runReport } from './run-report.js';

/** Reports an ended run on standard output, as JSON or for people, and yields the exit code. */
export async function reportRun(
  ended: EndedRun,
  options: {
    readonly call: CommandCall;
    /** The module as the user wrote it. */
    readonly moduleFile: string;
    readonly machine: boolean;
    readonly quiet: boolean;
  },
): Promise<ExitCode> {
  const { record, strayFaults, notKept } = ended;
  const { call, machine, quiet } = options;
  const { stdout, stderr } = call.terminal;
  const ownCode = exitCodeOf(ended);
  const exitCode = ownCode === 0 && strayFaults > 0 ? 1 : ownCode;
  if (machine) {
    stdout.write(`${JSON.stringify(await runDocument(ended, exitCode), null, 2)}\n`);
    return exitCode;
  }
  if (notKept !== undefined) {
    writeProblem(call.terminal, notKept, { machine: false, command: 'run' });
    if (record.output === undefined) return exitCode;
    stderr.write('  The output follows on standard output, whole, as JSON.\n');
    stdout.write(`${stringifyJson(record.output, { maxDepth: 2_000 })}\n`);
    return exitCode;
  }
  const view = await runView(ended, options);
  if (!quiet) stdout.write(runReport(view, stdout));
  else if (exitCode !== 0) stderr.write(runReport({ ...view, stages: [], next: [] }, stderr));
  return exitCode;
}

/** The document of `run --json`: a record of the run with its whole output, and how the program ends. */
async function runDocument({ record, loadMs, strayFaults, notKept }: EndedRun, exitCode: ExitCode) {
  const output = await outputOf(record);
  return {
    status: record.status,
    exitCode,
    runId: record.runId,
    component: record.component,
    ...(output === undefined ? {} : { output }),
    ...(record.failure === undefined ? {} : { failure: record.failure }),
    ...(strayFaults === 0 ? {} : { strayFaults }),
    stages: record.stages,
    startedAt: record.startedAt,
    durationMs: record.durationMs,
    loadMs,
    ...(notKept === undefined ? { record: record.files.record } : { notKept: notKept.toJSON() }),
  };
}

/** The output of a run, wherever it is kept. */
export async function outputOf(record: LocalRunRecord): Promise<JsonValue | undefined> {
  const { output, files } = record;
  if (output !== undefined || files.output === undefined) return output;
  // Written by ourselves a moment ago, or by an earlier version: bounded all the same.
  return parseJson(await readFile(files.output), {
    what: files.output,
    prototypeKeys: 'keep',
    maxBytes: 512 * 1024 * 1024,
    maxDepth: 2_000,
  });
}

async function runView(
  { record, loadMs, strayFaults }: EndedRun,
  { call, moduleFile }: { readonly call: CommandCall; readonly moduleFile: string },
): Promise<RunView> {
  const { directory } = call;
  const output = await outputOf(record);
  return {
    ...recordView(record, output, directory),
    stages: [{ stage: 'load-module', durationMs: loadMs }, ...record.stages],
    warnings: [
      ...(strayFaults === 0
        ? []
        : [
            `${strayFaults} error${strayFaults === 1 ? '' : 's'} after the run was over; see the log lines above. Await every promise.`,
          ]),
      ...(record.files.output === undefined
        ? []
        : [`the whole output is in ${shortPath(record.files.output, directory)}`]),
    ],
    next: nextSteps(record, call, moduleFile),
  };
}

function isEmptyObject(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** What a report shows of a record and its output. */
export function recordView(
  record: LocalRunRecord,
  output: JsonValue | undefined,
  directory: string,
): Omit<RunView, 'next'> {
  const { runId, component, status, durationMs = 0, stages, failure, files } = record;
  // A run that failed has an empty object in place of an output; that is worth no line.
  const shown = output !== undefined && (status === 'succeeded' || !isEmptyObject(output));
  return {
    runId,
    component: `${component.name} ${component.version}`,
    status: status === 'running' || status === 'interrupted' ? 'cancelled' : status,
    durationMs,
    stages,
    ...(shown ? { output } : {}),
    ...(failure === undefined ? {} : { failure }),
    record: shortPath(files.record, directory),
  };
}

function nextSteps(record: LocalRunRecord, call: CommandCall, moduleFile: string): RunView['next'] {
  const { program, flags } = call;
  const module = shellWord(moduleFile);
  const kept = flags.text('directory');
  const place = kept === undefined ? '' : ` --directory ${shellWord(kept)}`;
  const show = { line: `${program} runs show last${place}`, does: 'the record of this run' };
  switch (record.status) {
    case 'succeeded':
      return [
        show,
        { line: `${program} describe ${module}`, does: 'what it takes and returns' },
        { line: `${program} run ${module} --watch …`, does: 'run on every change' },
      ];
    case 'timed-out':
      return [show, { line: `${program} run ${module} --timeout …`, does: 'with more time' }];
    default:
      return [
        ...(/^(?:decode|resolve|hydrate)-/.test(record.failure?.stage ?? '')
          ? [{ line: `${program} describe ${module}`, does: 'what it takes' }]
          : []),
        { line: `${program} check ${module}`, does: 'the module without running it' },
        show,
      ];
  }
}

/** A path from the current directory when it lies below it. */
export function shortPath(path: string, directory: string): string {
  const short = relative(directory, path);
  return short === '' || short.startsWith('..') ? path : short;
}
