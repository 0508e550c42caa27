import type { JsonValue, SerializedError } from '@engramkit/core';
import { bar, durationText, printable } from './layout.js';
import { problemLines } from './problem-report.js';
import type { Output, Style } from './terminal.js';
import { viewValue } from './value-view.js';

/** What a report says about one run, live or recorded. */
export interface RunView {
  readonly runId: string;
  readonly component: string;
  readonly status: 'succeeded' | 'failed' | 'timed-out' | 'cancelled';
  readonly durationMs: number;
  readonly stages: readonly { readonly stage: string; readonly durationMs: number }[];
  readonly output?: JsonValue;
  readonly failure?: { readonly stage: string; readonly error: SerializedError };
  /** Where the record is, as a path that works from the current directory. */
  readonly record?: string;
  /** What went wrong around the run, such as a record that could not be written or an error after the end. */
  readonly warnings?: readonly string[];
  /** Lines to copy, each with what it does. */
  readonly next: readonly { readonly line: string; readonly does: string }[];
}

const WIDEST_BAR = 32;

const VERDICTS: Readonly<
  Record<RunView['status'], readonly [mark: string, style: Style, words: string]>
> = {
  succeeded: ['✔', 'green', 'succeeded in'],
  failed: ['✖', 'red', 'failed after'],
  'timed-out': ['✖', 'red', 'ran out of time after'],
  cancelled: ['✖', 'yellow', 'was cancelled after'],
};

/** The report of a run for people: what came of it, the output, where the time went, where the record is, what to do next. */
export function runReport(view: RunView, output: Output): string {
  const [mark, style, words] = VERDICTS[view.status];
  const lines: string[] = [
    `${output.paint(style, mark)} ${output.paint('bold', printable(view.component))} ${words} ${durationText(view.durationMs)}`,
  ];
  if (view.failure !== undefined) {
    lines.push(
      `  ${output.paint('red', `${view.failure.stage}:`)} ${printable(view.failure.error.message)}`,
      ...problemLines(output, view.failure.error).trimEnd().split('\n').filter(Boolean),
    );
  }
  for (const warning of view.warnings ?? []) {
    lines.push(`  ${output.paint('yellow', '!')} ${printable(warning)}`);
  }
  if (view.output !== undefined) {
    lines.push('', heading(output, 'Output'));
    lines.push(...viewValue(view.output, output, outputLimits(output)).map((line) => `  ${line}`));
  }
  if (view.stages.length > 0) lines.push('', heading(output, 'Time'), ...stageTable(view, output));
  if (view.record !== undefined) {
    lines.push('', heading(output, 'Record'), `  ${printable(view.record)}`);
  }
  if (view.next.length > 0) {
    lines.push('', heading(output, 'Next'), ...nextLines(view.next, output));
  }
  return `${lines.join('\n')}\n`;
}

/** The rest of the report takes about so many lines. */
const LINES_BESIDE_OUTPUT = 22;
const FEWEST_OUTPUT_LINES = 16;

/** On a terminal the report fits on the screen, if the output can be cut that far. */
function outputLimits({ rows }: Output): { readonly lines?: number } {
  return rows === undefined
    ? {}
    : { lines: Math.max(FEWEST_OUTPUT_LINES, rows - LINES_BESIDE_OUTPUT) };
}

function heading(output: Output, text: string): string {
  return output.paint('bold', text);
}

/** One line per stage: name, time, a bar in proportion to the longest; stages that took no time to speak of share a line. */
export function stageTable(view: Pick<RunView, 'stages' | 'durationMs'>, output: Output): string[] {
  const longest = Math.max(...view.stages.map(({ durationMs }) => durationMs));
  const threshold = Math.max(0.05, longest / 1_000);
  // The author's own work is always of interest.
  const shows = (one: RunView['stages'][number]): boolean =>
    one.durationMs >= threshold || one.stage === 'process';
  const visible = view.stages.filter(shows);
  const negligible = view.stages.filter((one) => !shows(one));
  const nameWidth = Math.max(...view.stages.map(({ stage }) => stage.length));
  const room = Math.min(WIDEST_BAR, output.columns - nameWidth - 18);
  const rows = visible.map(({ stage, durationMs }) => {
    const bars =
      room < 6 || longest === 0
        ? ''
        : `  ${output.paint('cyan', bar(durationMs / longest, room, output.interactive ? 'blocks' : 'ascii'))}`;
    return `  ${stage.padEnd(nameWidth)} ${durationText(durationMs).padStart(11)}${bars}`;
  });
  if (negligible.length > 0) {
    const sum = negligible.reduce((total, { durationMs }) => total + durationMs, 0);
    const name =
      negligible.length === 1 ? (negligible[0]?.stage ?? '') : `${negligible.length} others`;
    rows.push(output.paint('dim', `  ${name.padEnd(nameWidth)} ${durationText(sum).padStart(11)}`));
  }
  return rows;
}

/** Lines to copy with what they do beside them, or above them when the terminal is narrow. */
export function nextLines(
  next: readonly { readonly line: string; readonly does: string }[],
  output: Output,
): string[] {
  const widest = Math.max(...next.map(({ line }) => line.length));
  const beside = next.every(({ does }) => widest + does.length + 6 <= output.columns);
  return next.flatMap(({ line, does }) =>
    beside
      ? [`  ${output.paint('cyan', line.padEnd(widest))}  ${output.paint('dim', does)}`]
      : [`  ${output.paint('dim', `# ${does}`)}`, `  ${output.paint('cyan', line)}`],
  );
}
