import { EngramkitError, type SerializedError } from '@engramkit/core';
import type { ExitCode } from './command.js';
import { indent, printable, wrap } from './layout.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Reports a failure of the program itself, for people or as JSON, and yields the exit code: 2 for usage, else 1. */
export function writeProblem(
  terminal: Terminal,
  thrown: unknown,
  options: { readonly machine: boolean; readonly command?: string },
): ExitCode {
  const error = EngramkitError.from(thrown);
  const exitCode = thrown instanceof UsageError ? 2 : 1;
  const serialized = error.toJSON();
  if (options.machine) {
    const document = { status: exitCode === 2 ? 'usage' : 'error', exitCode, error: serialized };
    terminal.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return exitCode;
  }
  const where = options.command === undefined ? 'engramkit' : `engramkit ${options.command}`;
  const { stderr } = terminal;
  stderr.write(
    `${stderr.paint('red', `✖ ${where}:`)} ${printable(serialized.message)}\n${problemLines(terminal.stderr, serialized)}`,
  );
  return exitCode;
}

/** The lines below the message of an error: why, what to do, the code. */
export function problemLines(
  output: { readonly columns: number; paint: Terminal['stderr']['paint'] },
  error: SerializedError,
): string {
  const width = Math.max(40, Math.min(output.columns, 110)) - 4;
  const lines: string[] = [];
  for (const cause of error.causes ?? []) {
    // A wrapper often repeats what it wraps.
    if (error.message.includes(cause)) continue;
    // The messages of the file system are in words already.
    if (/^E[A-Z]{2,}: /.test(cause)) continue;
    lines.push(...indent(printable(cause), '    ').split('\n'));
  }
  if (error.hint !== undefined) {
    const [first = '', ...more] = wrap(printable(error.hint), width);
    lines.push(`  ${output.paint('cyan', '→')} ${first}`, ...more.map((line) => `    ${line}`));
  }
  if (error.code !== 'USAGE') lines.push(output.paint('dim', `  ${error.code}`));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
