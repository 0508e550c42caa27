import type { CommandCall, ExitCode } from '../command.js';
import { commands } from '../commands.js';
import { commandHelp, overview } from '../help-text.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';

/** `engramkit help [command]`. */
export async function execute({ positionals, terminal }: CommandCall): Promise<ExitCode> {
  const [name] = positionals;
  if (name === undefined) {
    terminal.stdout.write(overview(terminal.stdout, commands));
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw unknownCommand(name);
  terminal.stdout.write(commandHelp(terminal.stdout, command));
  return 0;
}

/** The error for a name that no command has. */
export function unknownCommand(name: string): UsageError {
  const meant = suggest(
    name,
    commands.map((candidate) => candidate.name),
  );
  return new UsageError(`unknown command "${name}"`, {
    hint: `${meant === undefined ? '' : `Did you mean "engramkit ${meant}"? `}"engramkit help" lists every command.`,
  });
}
