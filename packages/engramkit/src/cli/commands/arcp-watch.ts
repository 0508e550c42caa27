import { systemClock } from '@engramkit/core';
import type { CommandCall, ExitCode } from '../command.js';
import { printable } from '../layout.js';
import { openStatusLine } from '../status-line.js';
import { interruption, openSession } from './arcp-connection.js';
import { follow, reportOutcome, streamedResult } from './arcp-events.js';

/** `engramkit arcp watch <job>`: what happened, and what happens until its end. */
export async function watch(call: CommandCall, jobId: string): Promise<ExitCode> {
  const { flags, terminal } = call;
  const machine = flags.on('json');
  using interrupted = interruption();
  using status = openStatusLine(terminal.stderr, systemClock);
  status.show('connecting');
  await using client = await openSession(call, 'watch', interrupted.signal);
  const handle = await client.subscribe(jobId, { history: true });
  status.show(`${handle.agent}: ${handle.status}`);
  const followed = await follow(handle, { terminal, status, machine });
  const outcome = await handle.outcome;
  return reportOutcome(handle, outcome, {
    terminal,
    machine,
    streamed: await streamedResult(handle, outcome),
    ...followed,
  });
}

/** `engramkit arcp cancel <job>`. */
export async function cancel(call: CommandCall, jobId: string): Promise<ExitCode> {
  const { flags, terminal } = call;
  await using client = await openSession(call, 'cancel');
  const handle = await client.subscribe(jobId, { history: true });
  const reason = flags.text('reason');
  await handle.cancel(reason === undefined ? {} : { reason });
  const { status } = await handle.outcome;
  if (flags.on('json'))
    terminal.stdout.write(`${JSON.stringify({ status, exitCode: 0, jobId }, null, 2)}\n`);
  else terminal.stderr.write(`${printable(jobId)} ended as ${status}\n`);
  return 0;
}
