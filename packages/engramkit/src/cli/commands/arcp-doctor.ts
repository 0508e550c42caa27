import type { ArcpClient } from '@engramkit/client';
import { EngramkitError, systemClock } from '@engramkit/core';
import type { CommandCall, ExitCode } from '../command.js';
import { durationText, printable, wrap } from '../layout.js';
import type { Output } from '../terminal.js';
import { addressOf, openSession } from './arcp-connection.js';

interface Check {
  readonly verdict: 'fine' | 'notice' | 'problem';
  readonly text: string;
  readonly fix?: string;
}

/** `engramkit arcp doctor`: whether the runtime can be reached and used from here. */
export async function doctor(call: CommandCall): Promise<ExitCode> {
  const checks = await inspect(call);
  const exitCode = checks.some(({ verdict }) => verdict === 'problem') ? 1 : 0;
  const { stdout } = call.terminal;
  if (call.flags.on('json')) {
    stdout.write(
      `${JSON.stringify({ status: exitCode === 0 ? 'fine' : 'problems', exitCode, checks }, null, 2)}\n`,
    );
    return exitCode;
  }
  for (const check of checks) stdout.write(`${line(check, stdout)}\n`);
  return exitCode;
}

async function inspect(call: CommandCall): Promise<Check[]> {
  const url = addressOf(call);
  const checks: Check[] = [];
  if (crossesNetwork(url)) {
    checks.push({
      verdict: 'problem',
      text: 'the address crosses a network in the clear, and so does the token',
      fix: 'Use wss://, or a tunnel to this machine.',
    });
  }
  const began = systemClock.monotonic();
  let client: ArcpClient;
  try {
    client = await openSession(call, 'doctor');
  } catch (thrown) {
    const { message, hint } = EngramkitError.from(thrown);
    return [
      ...checks,
      { verdict: 'problem', text: message, ...(hint === undefined ? {} : { fix: hint }) },
    ];
  }
  await using session = client;
  const { runtime, dialect, features, agents } = session.session;
  checks.push({
    verdict: 'fine',
    text: `${printable(`${runtime.name} ${runtime.version}`)} welcomed us in ${durationText(systemClock.monotonic() - began)}`,
  });
  checks.push(
    dialect === '1.1'
      ? { verdict: 'fine', text: 'it speaks ARCP 1.1' }
      : {
          verdict: 'notice',
          text: `it speaks the dialect ${dialect}: sessions cannot be resumed with every peer`,
        },
  );
  const { arcpFeatures } = await import('@engramkit/client');
  const missing = arcpFeatures.filter((feature) => !features.has(feature));
  checks.push(
    missing.length === 0
      ? { verdict: 'fine', text: 'it offers every feature' }
      : { verdict: 'notice', text: `it does not offer ${missing.join(', ')}` },
  );
  checks.push(
    agents.length > 0
      ? { verdict: 'fine', text: `it hosts ${agents.length} agents` }
      : {
          verdict: 'problem',
          text: 'it hosts no agent',
          fix: 'Start it with the modules that export agents.',
        },
  );
  if (features.has('list_jobs')) checks.push(await listing(session));
  return checks;
}

/** Whether frames leave this machine unencrypted. */
function crossesNetwork(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'ws:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}

async function listing(client: ArcpClient): Promise<Check> {
  const began = systemClock.monotonic();
  let count = 0;
  for await (const _ of client.jobs({ status: ['running'] })) count += 1;
  return {
    verdict: 'fine',
    text: `${count} running jobs are ours; it answered in ${durationText(systemClock.monotonic() - began)}`,
  };
}

function line({ verdict, text, fix }: Check, output: Output): string {
  const mark =
    verdict === 'fine'
      ? output.paint('green', '✔')
      : verdict === 'notice'
        ? output.paint('yellow', '!')
        : output.paint('red', '✖');
  const lines = [`${mark} ${printable(text)}`];
  if (fix !== undefined)
    lines.push(
      ...wrap(fix, 100).map((part, at) =>
        at === 0 ? `  ${output.paint('cyan', '→')} ${part}` : `    ${part}`,
      ),
    );
  return lines.join('\n');
}
