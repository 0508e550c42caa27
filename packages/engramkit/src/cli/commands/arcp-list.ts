import type { JobStatus, JobSummary } from '@engramkit/client';
import type { CommandCall, ExitCode } from '../command.js';
import { printable } from '../layout.js';
import type { Style } from '../terminal.js';
import { UsageError } from '../usage-error.js';
import { openSession } from './arcp-connection.js';

const STYLES: Readonly<Record<JobStatus, Style>> = {
  pending: 'cyan',
  running: 'cyan',
  success: 'green',
  error: 'red',
  timed_out: 'red',
  cancelled: 'yellow',
};

/** `engramkit arcp jobs`. */
export async function jobs(call: CommandCall): Promise<ExitCode> {
  const { flags, terminal } = call;
  const statuses = flags.texts('status').map(statusOf);
  const agent = flags.text('agent');
  const limit = limitOf(flags.text('limit'));
  await using client = await openSession(call, 'jobs');
  const found: JobSummary[] = [];
  for await (const job of client.jobs({
    ...(statuses.length === 0 ? {} : { status: statuses }),
    ...(agent === undefined ? {} : { agent }),
  })) {
    found.push(job);
    if (found.length === limit) break;
  }
  if (flags.on('json')) {
    terminal.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return 0;
  }
  if (found.length === 0) terminal.stderr.write('There are no such jobs.\n');
  for (const { jobId, agent: name, status, createdAtMs } of found) {
    const time =
      createdAtMs === undefined
        ? ''.padEnd(19)
        : new Date(createdAtMs).toISOString().slice(0, 19).replace('T', ' ');
    terminal.stdout.write(
      `${printable(jobId)}  ${terminal.stdout.paint(STYLES[status], status.padEnd(9))}  ${terminal.stdout.paint('dim', time)}  ${printable(name)}\n`,
    );
  }
  return 0;
}

/** `engramkit arcp agents`. */
export async function agents(call: CommandCall): Promise<ExitCode> {
  const { flags, terminal } = call;
  await using client = await openSession(call, 'agents');
  const { agents: offered, runtime } = client.session;
  if (flags.on('json')) {
    terminal.stdout.write(`${JSON.stringify({ runtime, agents: offered }, null, 2)}\n`);
    return 0;
  }
  for (const { name, versions, default: fallback } of offered) {
    const listed = versions.map((version) =>
      version === fallback ? `${version} (default)` : version,
    );
    terminal.stdout.write(
      `${printable(name)}  ${terminal.stdout.paint('dim', printable(listed.join(', ')))}\n`,
    );
  }
  return 0;
}

function statusOf(text: string): JobStatus {
  const status = Object.keys(STYLES).find((known) => known === text);
  if (status !== undefined) return status as JobStatus; // A key of the table above.
  throw new UsageError(`--status ${text} is no state of a job`, {
    hint: `States are ${Object.keys(STYLES).join(', ')}.`,
  });
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return 100;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 100_000) return limit;
  throw new UsageError(`--limit ${text} is not a number from 1 to 100000`, {
    hint: 'Write a whole number, such as --limit 50.',
  });
}
