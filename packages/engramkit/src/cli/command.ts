import type { Terminal } from './terminal.js';

/** One flag of a command. */
export interface FlagSpec {
  readonly type: 'text' | 'switch';
  /** One line for the help. */
  readonly summary: string;
  /** What the help shows for the value of a `text` flag, such as `30s`. */
  readonly placeholder?: string;
  /** Whether the flag may be given several times; default no. */
  readonly repeatable?: boolean;
  /** One letter. */
  readonly short?: string;
}

/** What a command looks like from outside; kept apart from its code, which is loaded only when it runs. */
export interface CommandSpec {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The positional part of the usage line, such as `<module>`. */
  readonly usage: string;
  /** How many positionals there may be. */
  readonly positionals: { readonly least: number; readonly most: number };
  readonly flags: Readonly<Record<string, FlagSpec>>;
  /** Paragraphs for the help. */
  readonly notes?: readonly string[];
  readonly examples: readonly CommandExample[];
  readonly load: () => Promise<CommandModule>;
}

/** One line to copy, and what it does. */
export interface CommandExample {
  readonly line: string;
  readonly does: string;
}

/** What the module of a command exports. */
export interface CommandModule {
  execute(call: CommandCall): Promise<ExitCode>;
}

/** 0 success, 1 failure, 2 usage, 124 deadline. Source: bobrapet-batch section 2.3; 2 is ours. */
export type ExitCode = 0 | 1 | 2 | 124;

/** One call of a command. */
export interface CommandCall {
  readonly positionals: readonly string[];
  readonly flags: Flags;
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory that relative paths start from. */
  readonly directory: string;
  /** How this program is called here, for lines to copy: `engramkit`, `npx engramkit`, `node …/cli.js`. */
  readonly program: string;
}

/** The flags of a call by name; asking for a flag that the command does not declare yields nothing. */
export interface Flags {
  /** The value of a flag that may be given once. */
  text(name: string): string | undefined;
  /** The values of a repeatable flag, in order. */
  texts(name: string): readonly string[];
  /** Whether a switch was given. */
  on(name: string): boolean;
}
