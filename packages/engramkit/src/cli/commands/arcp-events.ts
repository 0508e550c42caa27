import type { JobEvent, JobHandle, JobOutcome } from '@engramkit/client';
import type { JsonObject } from '@engramkit/core';
import type { ExitCode } from '../command.js';
import { bar, printable } from '../layout.js';
import type { StatusLine } from '../status-line.js';
import type { Output, Style, Terminal } from '../terminal.js';
import { viewValue } from '../value-view.js';

const LEVEL_STYLES: Readonly<Record<string, Style>> = {
  warn: 'yellow',
  error: 'red',
  critical: 'red',
  debug: 'dim',
  trace: 'dim',
};
/** How many events a JSON document may hold; the rest is counted. */
const MOST_EVENTS = 10_000;

/** Follows the events of a job: one line each, progress in the status line; yields them for `--json`. */
export async function follow(
  handle: JobHandle,
  options: { readonly terminal: Terminal; readonly status: StatusLine; readonly machine: boolean },
): Promise<{ readonly events: readonly JsonObject[]; readonly dropped: number }> {
  const { terminal, status, machine } = options;
  const events: JsonObject[] = [];
  let dropped = 0;
  for await (const event of handle.events) {
    if (machine) {
      if (events.length < MOST_EVENTS)
        events.push({ kind: event.kind, ts: new Date(event.tsMs).toISOString(), body: event.raw });
      else dropped += 1;
    }
    const line = eventLine(event, terminal.stderr);
    if (line !== undefined && !machine) status.through(() => terminal.stderr.write(`${line}\n`));
    const progress = progressText(event);
    if (progress !== undefined) status.show(`${handle.agent}: ${progress}`);
  }
  status.clear();
  return { events, dropped };
}

function progressText(event: JobEvent): string | undefined {
  if (!event.valid || event.kind !== 'progress') return undefined;
  const { current, total, units = '', message = '' } = event.body;
  const share =
    total === undefined || total <= 0 ? '' : `${bar(current / total, 20, 'blocks').padEnd(20)} `;
  const count = total === undefined ? `${current}` : `${current}/${total}`;
  return printable(`${share}${count} ${units} ${message}`.replace(/ +$/, ''));
}

function eventLine(event: JobEvent, output: Output): string | undefined {
  if (!event.valid) return output.paint('dim', printable(`${event.kind} ${shorten(event.raw)}`));
  switch (event.kind) {
    case 'log': {
      const { level, message, attributes } = event.body;
      const style = LEVEL_STYLES[level];
      const text = printable(message);
      return `${style === undefined ? text : output.paint(style, text)}${attributes === undefined ? '' : output.paint('dim', ` ${printable(shorten(attributes))}`)}`;
    }
    case 'thought':
      return output.paint('dim', printable(event.body.text));
    case 'tool_call':
      return `${output.paint('cyan', '→')} ${printable(event.body.tool)} ${output.paint('dim', printable(shorten(event.body.args)))}`;
    case 'tool_result':
      return event.body.error === undefined
        ? `${output.paint('green', '←')} ${output.paint('dim', printable(shorten(event.body.result ?? null)))}`
        : `${output.paint('red', '←')} ${printable(event.body.error.message)} ${output.paint('dim', event.body.error.code)}`;
    case 'metric':
      return output.paint(
        'dim',
        printable(`${event.body.name} ${event.body.value} ${event.body.unit ?? ''}`.trim()),
      );
    case 'artifact_ref':
      return `${output.paint('cyan', '◆')} ${printable(event.body.uri)}`;
    case 'delegate':
      return `${output.paint('cyan', '↳')} ${printable(event.body.agent)} ${output.paint('dim', printable(event.body.childJobId ?? ''))}`;
    case 'status':
      return event.body.phase === 'running'
        ? undefined
        : output.paint('dim', printable(event.body.phase));
    default:
      return undefined; // Progress stands in the status line, chunks are the result.
  }
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** The streamed part of a result, as text when it is text. */
export async function streamedResult(
  handle: JobHandle,
  outcome: JobOutcome,
): Promise<string | undefined> {
  if (outcome.status !== 'success' || outcome.result !== undefined) return undefined;
  const bytes = await handle.bytes();
  return bytes.length === 0 ? undefined : new TextDecoder().decode(bytes);
}

/** Shows how a job came out and yields the exit code. */
export function reportOutcome(
  handle: JobHandle,
  outcome: JobOutcome,
  options: {
    readonly terminal: Terminal;
    readonly machine: boolean;
    readonly streamed: string | undefined;
    readonly events: readonly JsonObject[];
    readonly dropped: number;
  },
): ExitCode {
  const { terminal, machine, streamed, events, dropped } = options;
  const { status, result, summary, error } = outcome;
  const exitCode: ExitCode = status === 'success' ? 0 : status === 'timed_out' ? 124 : 1;
  if (machine) {
    const document = {
      status,
      exitCode,
      jobId: handle.id,
      agent: handle.agent,
      ...(handle.traceId === undefined ? {} : { traceId: handle.traceId }),
      ...(result === undefined ? {} : { result }),
      ...(streamed === undefined ? {} : { streamed }),
      ...(summary === undefined ? {} : { summary }),
      ...(error === undefined ? {} : { error: error.toPayload() }),
      events,
      ...(dropped === 0 ? {} : { eventsLeftOut: dropped }),
    };
    terminal.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return exitCode;
  }
  if (streamed !== undefined)
    terminal.stdout.write(streamed.endsWith('\n') ? streamed : `${streamed}\n`);
  else if (result !== undefined)
    terminal.stdout.write(`${viewValue(result, terminal.stdout).join('\n')}\n`);
  const { stderr } = terminal;
  if (error === undefined)
    stderr.write(
      `${stderr.paint('green', `✔ ${handle.agent}`)} ${stderr.paint('dim', handle.id)}\n`,
    );
  else
    stderr.write(
      `${stderr.paint('red', `✖ ${handle.agent}: ${printable(error.message)}`)}\n  ${stderr.paint('dim', `${error.code} ${handle.id}`)}\n`,
    );
  return exitCode;
}
