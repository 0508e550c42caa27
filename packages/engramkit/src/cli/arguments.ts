import { parseArgs } from 'node:util';
import type { CommandSpec, FlagSpec, Flags } from './command.js';
import { suggest } from './suggestion.js';
import { UsageError } from './usage-error.js';

/** What a command line says, once it is known to be well formed. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  readonly flags: Flags;
  /** `--help` or `-h` was given; then nothing else was checked. */
  readonly help: boolean;
}

const HELP: FlagSpec = { type: 'switch', summary: 'Show this help.', short: 'h' };

/** The flags of a command together with those that every command has. */
export function flagsOf(command: CommandSpec): Readonly<Record<string, FlagSpec>> {
  return { ...command.flags, help: HELP };
}

/**
 * Reads the arguments after the command's name.
 *
 * Throws {@link UsageError} for unknown flags (with a suggestion), flags without their value, switches with one, flags given twice
 * and too few or too many positionals.
 */
export function parseArguments(command: CommandSpec, args: readonly string[]): ParsedArguments {
  const known = flagsOf(command);
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(known).map(([name, flag]) => [
        name,
        {
          type: flag.type === 'text' ? ('string' as const) : ('boolean' as const),
          multiple: true,
          ...(flag.short === undefined ? {} : { short: flag.short }),
        },
      ]),
    ),
  });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  const help = tokens.some((token) => token.kind === 'option' && token.name === 'help');
  const flags = flagValues(values);
  if (help) return { positionals, flags, help };

  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(command, token.rawName, token.name);
    const given = values.get(token.name) ?? [];
    if (given.length > 0 && flag.repeatable !== true) {
      throw new UsageError(`${token.rawName} is given twice`, {
        hint: `Give ${token.rawName} once; ${helpLine(command)}`,
      });
    }
    given.push(valueOfFlag(command, flag, token));
    values.set(token.name, given);
  }
  checkPositionals(command, positionals);
  return { positionals, flags, help };
}

function valueOfFlag(
  command: CommandSpec,
  flag: FlagSpec,
  token: {
    readonly rawName: string;
    readonly value: string | undefined;
    readonly inlineValue: boolean | undefined;
  },
): string {
  if (flag.type === 'switch') {
    if (token.value !== undefined) {
      throw new UsageError(`${token.rawName} takes no value, got "${token.value}"`, {
        hint: `Write just ${token.rawName}.`,
      });
    }
    return '';
  }
  const placeholder = flag.placeholder ?? 'value';
  // A lone "-" is a value (standard input); anything longer with a dash in front is most likely the next flag.
  const swallowed =
    token.inlineValue === false && token.value !== undefined && /^-./.test(token.value);
  if (token.value === undefined || swallowed) {
    throw new UsageError(
      swallowed
        ? `${token.rawName} needs a value, but the next argument is ${token.value}`
        : `${token.rawName} needs a value`,
      {
        hint: `Write ${token.rawName} ${placeholder}, or ${token.rawName}=… when the value begins with a dash; ${helpLine(command)}`,
      },
    );
  }
  return token.value;
}

function unknownFlag(command: CommandSpec, written: string, name: string): UsageError {
  const meant = suggest(name, Object.keys(flagsOf(command)));
  return new UsageError(`unknown flag ${written}`, {
    hint: `${meant === undefined ? '' : `Did you mean --${meant}? `}${capitalised(helpLine(command))}`,
  });
}

function checkPositionals(command: CommandSpec, positionals: readonly string[]): void {
  const { least, most } = command.positionals;
  if (positionals.length < least) {
    throw new UsageError(`${command.usage || 'an argument'} is missing`, {
      hint: `Usage: engramkit ${command.name} ${command.usage}; ${helpLine(command)}`,
    });
  }
  if (positionals.length > most) {
    throw new UsageError(`unexpected argument "${positionals[most]}"`, {
      hint: `Quote values that contain spaces; ${helpLine(command)}`,
    });
  }
}

function helpLine(command: CommandSpec): string {
  return `"engramkit help ${command.name}" lists every flag.`;
}

function capitalised(text: string): string {
  return text.startsWith('"') ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

function flagValues(values: ReadonlyMap<string, readonly string[]>): Flags {
  return {
    text: (name) => values.get(name)?.[0],
    texts: (name) => values.get(name) ?? [],
    on: (name) => values.has(name),
  };
}
