import { flagsOf } from './arguments.js';
import type { CommandSpec, FlagSpec } from './command.js';
import { wrap } from './layout.js';
import type { Output } from './terminal.js';

const WIDEST = 100;

/** The list of all commands. */
export function overview(output: Output, commands: readonly CommandSpec[]): string {
  const width = Math.min(output.columns, WIDEST);
  const widest = Math.max(...commands.map(({ name }) => name.length));
  const lines = [
    `${output.paint('bold', 'engramkit')}: write a function or an engram once, run it anywhere.`,
    '',
    output.paint('bold', 'Usage'),
    '  engramkit <command> [flags]',
    '',
    output.paint('bold', 'Commands'),
    ...commands.flatMap(({ name, summary }) =>
      columns(output.paint('cyan', name.padEnd(widest)), widest, summary, width),
    ),
    '',
    output.paint('bold', 'First steps'),
    '  engramkit run greet.ts       runs the module in greet.ts',
    '  engramkit help run           every flag of a command',
    '  engramkit --version          the version of this program',
  ];
  return `${lines.join('\n')}\n`;
}

/** Everything about one command. */
export function commandHelp(output: Output, command: CommandSpec): string {
  const width = Math.min(output.columns, WIDEST);
  const flags = Object.entries(flagsOf(command)).map(([name, flag]) => ({
    left: flagForm(name, flag),
    summary: flag.summary,
  }));
  const widest = Math.min(34, Math.max(...flags.map(({ left }) => left.length)));
  const usage = command.usage === '' ? '' : ` ${command.usage}`;
  const lines = [
    command.summary,
    '',
    output.paint('bold', 'Usage'),
    `  engramkit ${command.name}${usage} [flags]`,
    '',
    output.paint('bold', 'Flags'),
    ...flags.flatMap(({ left, summary }) => {
      const cell = output.paint('cyan', left.padEnd(widest));
      return left.length > widest
        ? [
            `  ${output.paint('cyan', left)}`,
            ...columns(' '.repeat(widest), widest, summary, width),
          ]
        : columns(cell, widest, summary, width);
    }),
  ];
  if (command.notes !== undefined) {
    lines.push('', output.paint('bold', 'Notes'));
    for (const note of command.notes) {
      lines.push(...wrap(note, width - 2).map((line) => `  ${line}`));
    }
  }
  lines.push('', output.paint('bold', 'Examples'));
  for (const { line, does } of command.examples) {
    lines.push(`  ${output.paint('dim', `# ${does}`)}`, `  ${line}`);
  }
  return `${lines.join('\n')}\n`;
}

function flagForm(name: string, flag: FlagSpec): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  const value = flag.type === 'text' ? ` ${flag.placeholder ?? 'VALUE'}` : '';
  return `${short}--${name}${value}`;
}

function columns(left: string, leftWidth: number, right: string, width: number): string[] {
  const room = width - leftWidth - 4;
  // Too narrow for two columns: the text goes below.
  if (room < 24) {
    return [`  ${left.trimEnd()}`, ...wrap(right, width - 6).map((line) => `      ${line}`)].filter(
      (line) => line.trim() !== '',
    );
  }
  return wrap(right, room).map((line, index) =>
    index === 0 ? `  ${left}  ${line}` : `  ${' '.repeat(leftWidth)}  ${line}`,
  );
}
