import type { Lease } from '@engramkit/client';
import type { JsonObject, JsonValue } from '@engramkit/core';
import { systemClock } from '@engramkit/core';
import type { CommandCall, ExitCode } from '../command.js';
import { readJsonArgument } from '../json-argument.js';
import { openStatusLine } from '../status-line.js';
import { UsageError } from '../usage-error.js';
import { interruption, openSession } from './arcp-connection.js';
import { follow, reportOutcome, streamedResult } from './arcp-events.js';

/** `engramkit arcp submit <agent>`: runs a job to its end, or only starts it with `--detach`. */
export async function submit(call: CommandCall, agent: string): Promise<ExitCode> {
  const { flags, terminal, directory } = call;
  const machine = flags.on('json');
  const given = flags.text('input');
  const input =
    given === undefined
      ? undefined
      : await readJsonArgument('--input', given, { directory, stdin: process.stdin });
  const lease = await leaseOf(call);
  const maxRuntimeSec = secondsOf(flags.text('max-runtime'));
  const key = flags.text('key');
  const expiresAt = flags.text('expires-at');
  using interrupted = interruption();
  using status = openStatusLine(terminal.stderr, systemClock);
  status.show('connecting');
  await using client = await openSession(call, 'submit');
  status.show(`submitting to ${agent}`);
  const handle = await client.submit(agent, input, {
    signal: interrupted.signal,
    ...(lease === undefined ? {} : { lease }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(maxRuntimeSec === undefined ? {} : { maxRuntimeSec }),
  });
  if (flags.on('detach')) {
    status.clear();
    const { id: jobId, agent: resolved } = handle;
    terminal.stdout.write(
      machine
        ? `${JSON.stringify({ status: 'accepted', exitCode: 0, jobId, agent: resolved }, null, 2)}\n`
        : `${jobId}\n`,
    );
    return 0;
  }
  status.show(`${handle.agent}: running`);
  const followed = await follow(handle, { terminal, status, machine });
  const outcome = await handle.outcome;
  return reportOutcome(handle, outcome, {
    terminal,
    machine,
    streamed: await streamedResult(handle, outcome),
    ...followed,
  });
}

async function leaseOf({ flags, directory }: CommandCall): Promise<Lease | undefined> {
  const given = flags.text('lease');
  if (given === undefined) return undefined;
  const lease: JsonValue = await readJsonArgument('--lease', given, {
    directory,
    stdin: process.stdin,
  });
  const isMap = typeof lease === 'object' && lease !== null && !Array.isArray(lease);
  if (isMap && Object.values(lease as JsonObject).every(isTexts)) return lease as Lease; // Every member was looked at.
  throw new UsageError('--lease is not a lease', {
    hint: `Write capabilities with their patterns: --lease '{"tool.call":["search.*"],"cost.budget":["USD:1.00"]}'.`,
  });
}

const isTexts = (value: JsonValue): boolean =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= 86_400) return seconds;
  throw new UsageError(`--max-runtime ${text} is not a number of seconds`, {
    hint: 'Write a whole number from 1 to 86400.',
  });
}
