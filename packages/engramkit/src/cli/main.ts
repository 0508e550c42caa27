import { parseArguments } from './arguments.js';
import type { CommandSpec, ExitCode } from './command.js';
import { commands } from './commands.js';
import { writeProblem } from './problem-report.js';
import { programName } from './program-name.js';
import { openTerminal, type Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';

/** What {@link runCommandLine} takes from the process around it. */
export interface CommandLine {
  /** Without the program and the script. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly program: string;
  readonly terminal: Terminal;
  /** Sends what author code prints on standard output to standard error. */
  readonly protectStdout: () => void;
}

/**
 * Carries out one command line and yields the exit code; never rejects.
 *
 * With `--json` among the arguments, standard output gets exactly one JSON document, errors included.
 */
export async function runCommandLine(line: CommandLine): Promise<ExitCode> {
  const { args, terminal } = line;
  const machine = args.includes('--json');
  if (machine) line.protectStdout();
  let command: CommandSpec | undefined;
  let code: ExitCode;
  try {
    const [first, ...rest] = args;
    if (first === '--version' || first === '-v') {
      const { packageVersion } = await import('../version.js');
      terminal.stdout.write(`${packageVersion()}\n`);
      code = 0;
    } else {
      const name = first === undefined || first === '--help' || first === '-h' ? 'help' : first;
      command = commands.find((candidate) => candidate.name === name);
      if (command === undefined) throw await unknown(name);
      code = await callCommand(command, rest, line);
      // Called bare, the program shows its help, and says with the exit code that nothing was done.
      if (first === undefined) code = 2;
    }
  } catch (error) {
    code = writeProblem(terminal, error, {
      machine,
      ...(command === undefined ? {} : { command: command.name }),
    });
  }
  const failure = await terminal.stdout.flush();
  await terminal.stderr.flush();
  if (failure !== undefined) {
    const reason = (failure as NodeJS.ErrnoException).code ?? failure.message;
    terminal.stderr.write(
      `engramkit: the result could not be written to standard output (${reason}).\n` +
        'Free some space or write to another place, then run the command again.\n',
    );
    return code === 0 ? 1 : code;
  }
  return code;
}

async function callCommand(
  command: CommandSpec,
  args: readonly string[],
  line: CommandLine,
): Promise<ExitCode> {
  const { positionals, flags, help } = parseArguments(command, args);
  if (help) {
    const { commandHelp } = await import('./help-text.js');
    line.terminal.stdout.write(commandHelp(line.terminal.stdout, command));
    return 0;
  }
  const { execute } = await command.load();
  return await execute({
    positionals,
    flags,
    terminal: line.terminal,
    env: line.env,
    directory: line.directory,
    program: line.program,
  });
}

async function unknown(name: string): Promise<UsageError> {
  if (name.startsWith('-')) {
    return new UsageError(`unknown flag ${name} before the command`, {
      hint: 'Flags come after the command: engramkit <command> [flags]. "engramkit help" lists every command.',
    });
  }
  const { unknownCommand } = await import('./commands/help.js');
  return unknownCommand(name);
}

/** The program: the command line of this process, then its end. */
export async function main(): Promise<void> {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  const terminal = openTerminal({
    stdout: {
      isTTY: stdout.isTTY,
      get columns() {
        return stdout.columns;
      },
      get rows() {
        return stdout.rows;
      },
      write,
      on: (event, listener) => stdout.on(event, listener),
    },
    stderr,
    env: process.env,
  });
  const directory = process.cwd();
  const code = await runCommandLine({
    args: process.argv.slice(2),
    env: process.env,
    directory,
    program: programName(process.argv[1] ?? '', directory),
    terminal,
    protectStdout() {
      stdout.write = stderr.write.bind(stderr);
    },
  });
  // Author code may have left sockets and timers behind; the answer is out, so nothing waits for them.
  process.exit(code);
}
