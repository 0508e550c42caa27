import { styleText } from 'node:util';

/** The styles that the reports use. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** One of the two standard streams, written to without ever throwing. */
export interface Output {
  /** Whether a person watches it. */
  readonly interactive: boolean;
  /** How many characters fit into a line; 80 when unknown. */
  readonly columns: number;
  /** How many lines a person sees at once; `undefined` when nobody watches. */
  readonly rows: number | undefined;
  /** Dresses a text; returns it unchanged when the stream takes no colours. */
  paint(style: Style, text: string): string;
  /** Writes as it is. A closed pipe ends the output quietly; other failures are kept for {@link Output.flush}. */
  write(text: string): void;
  /** Resolves when everything is handed to the system; yields the first failure that was not a closed pipe. */
  flush(): Promise<Error | undefined>;
}

/** The two streams of a command. Results go to `stdout`, everything else to `stderr`. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** What {@link openTerminal} needs of a stream. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

const COLUMNS_UNKNOWN = 80;

/**
 * Wraps the standard streams.
 *
 * Colours: only on a terminal, never with `NO_COLOR` set to anything or `TERM=dumb`; `FORCE_COLOR` overrides all but `0`.
 */
export function openTerminal(options: {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Terminal {
  return {
    stdout: openOutput(options.stdout, options.env),
    stderr: openOutput(options.stderr, options.env),
  };
}

function openOutput(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
): Output {
  const interactive = stream.isTTY === true && env.TERM !== 'dumb';
  const coloured = takesColours(interactive, env);
  let closed = false;
  let failure: Error | undefined;
  const onError = (error: Error): void => {
    closed = true;
    const code = (error as NodeJS.ErrnoException).code;
    // The reader went away (`| head -1`): that is its right, and no failure of ours.
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_DESTROYED') failure ??= error;
  };
  stream.on('error', onError);
  // Files and devices are written synchronously and throw instead of emitting.
  const write = (text: string, done?: () => void): void => {
    if (closed) {
      done?.();
      return;
    }
    try {
      stream.write(text, (error) => {
        if (error instanceof Error) onError(error);
        done?.();
      });
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
      done?.();
    }
  };
  return {
    interactive,
    get columns() {
      return stream.columns ?? COLUMNS_UNKNOWN;
    },
    get rows() {
      return interactive ? stream.rows : undefined;
    },
    paint: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
    write: (text) => write(text),
    flush: () => new Promise((resolve) => write('', () => resolve(failure))),
  };
}

function takesColours(
  interactive: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== '') return forced !== '0';
  return interactive && (env.NO_COLOR ?? '') === '';
}
