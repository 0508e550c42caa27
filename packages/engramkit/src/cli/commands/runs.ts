import { type LocalRunRecord, noopTracer, openLocalHost, silentLogger } from '@engramkit/runtime';
import type { CommandCall, ExitCode } from '../command.js';
import { durationText, printable } from '../layout.js';
import { outputOf, recordView } from '../run-outcome.js';
import { runReport } from '../run-report.js';
import { stateDirectory } from '../state-directory.js';
import { suggest } from '../suggestion.js';
import type { Output, Style } from '../terminal.js';
import { UsageError } from '../usage-error.js';

/** `engramkit runs list` and `engramkit runs show <id>`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, directory, env } = call;
  const [what = '', id] = positionals;
  const limit = limitOf(flags.text('limit'));
  if (what !== 'list' && what !== 'show') throw unknownVerb(what);
  if (what === 'list' && id !== undefined) {
    throw new UsageError(`runs list takes no id, got "${id}"`, {
      hint: `Write runs show ${id} to see that run.`,
    });
  }
  if (what === 'show' && id === undefined) {
    throw new UsageError('runs show needs the id of a run', {
      hint: 'Give the beginning of an id from "engramkit runs list", or last for the newest.',
    });
  }
  await using host = await openLocalHost({
    directory: stateDirectory({ flag: flags.text('directory'), directory }),
    env,
    logger: silentLogger,
    tracer: noopTracer,
  });
  if (id !== undefined) return await show(call, await host.runs.show(id));
  const records = await host.runs.list({ limit });
  list(call, records);
  return 0;
}

function list({ flags, terminal, program }: CommandCall, records: readonly LocalRunRecord[]): void {
  const { stdout, stderr } = terminal;
  if (flags.on('json')) {
    stdout.write(`${JSON.stringify(records, null, 2)}\n`);
    return;
  }
  if (records.length === 0) {
    stderr.write(`No runs are kept here yet; "${program} run <module>" makes the first one.\n`);
    return;
  }
  const widest = Math.max(...records.map(({ runId }) => runId.length));
  const statusWidest = Math.max(...records.map(({ status }) => status.length));
  for (const record of records) stdout.write(listLine(record, widest, statusWidest, stdout));
}

const STYLES: Readonly<Record<LocalRunRecord['status'], Style>> = {
  succeeded: 'green',
  failed: 'red',
  'timed-out': 'red',
  cancelled: 'yellow',
  interrupted: 'yellow',
  running: 'cyan',
};

function listLine(
  record: LocalRunRecord,
  idWidth: number,
  statusWidth: number,
  output: Output,
): string {
  const { runId, status, component, startedAt, durationMs } = record;
  const parts = [
    runId.padEnd(idWidth),
    output.paint(STYLES[status], status.padEnd(statusWidth)),
    output.paint(
      'dim',
      `${startedAt.slice(0, 19).replace('T', ' ')} ${(durationMs === undefined ? '' : durationText(durationMs)).padStart(10)}`,
    ),
    printable(`${component.name} ${component.version}`),
  ];
  return `${parts.join('  ')}\n`;
}

async function show(call: CommandCall, record: LocalRunRecord): Promise<ExitCode> {
  const { flags, terminal, directory } = call;
  const { stdout } = terminal;
  const output = await outputOf(record).catch(() => undefined); // The record itself is still worth showing.
  if (flags.on('json')) {
    const document = output === undefined ? record : { ...record, output };
    stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  const view = recordView(record, output, directory);
  stdout.write(runReport({ ...view, warnings: standing(record), next: [] }, stdout));
  return 0;
}

function standing({ status, host, startedAt }: LocalRunRecord): string[] {
  if (status === 'running') return [`still going on since ${startedAt}, process ${host.pid}`];
  if (status === 'interrupted') {
    return [`began ${startedAt}; its process ${host.pid} is gone and wrote no end`];
  }
  return [];
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return 20;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 100_000) return limit;
  throw new UsageError(`--limit ${text} is not a number from 1 to 100000`, {
    hint: 'Write a whole number, such as --limit 50.',
  });
}

function unknownVerb(what: string): UsageError {
  const meant = suggest(what, ['list', 'show']);
  return new UsageError(`unknown runs command "${what}"`, {
    hint: `${meant === undefined ? '' : `Did you mean "runs ${meant}"? `}There are runs list and runs show <id>.`,
  });
}
