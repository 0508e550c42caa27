import { appendFile } from 'node:fs/promises';
import type { Clock } from '@engramkit/core';
import type { Logger, LogLevel } from '@engramkit/engram';
import { writeError } from '../atomic-file.js';
import { createLogger } from '../log/create-logger.js';
import type { Redaction } from '../redaction.js';

/** What the log of a run is made of. */
export interface RunLogOptions {
  readonly path: string;
  /** Gets every line as well, and hears when the file cannot be written. */
  readonly also: Logger;
  readonly redaction: Redaction;
  readonly clock: Clock;
}

/** The log of one run. */
export interface RunLog {
  readonly logger: Logger;
  /** Resolves when every line is in the file, or could not be written; never rejects. */
  close(): Promise<void>;
}

/** The most bytes of a run's log; what comes later is only in the surrounding log. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/**
 * Keeps the lines of a run in a file of JSON lines, beside the surrounding log, on every level.
 *
 * A file that cannot be written is said once and does not fail the run.
 */
export function openRunLog(options: RunLogOptions): RunLog {
  const { path, also, redaction, clock } = options;
  let waiting = '';
  let written = 0;
  let stopped = false;
  let writing: Promise<void> | undefined;

  const stop = (why: string, error?: unknown): void => {
    if (!stopped) also.warn(why, { path, ...(error === undefined ? {} : { error }) });
    stopped = true;
    waiting = '';
  };
  const drain = async (): Promise<void> => {
    while (waiting !== '') {
      const text = waiting;
      waiting = '';
      try {
        await appendFile(path, text, { mode: 0o600 });
      } catch (error) {
        stop('the log of the run cannot be written', writeError(path, error));
      }
    }
    writing = undefined;
  };
  const write = (text: string): void => {
    if (stopped) return;
    written += Buffer.byteLength(text);
    if (written > MAX_LOG_BYTES) {
      stop('the log of the run has reached its limit');
      return;
    }
    waiting += text;
    writing ??= drain();
  };
  const file = createLogger({
    destination: { write },
    format: 'json-plain',
    level: 'debug',
    redaction,
    clock,
  });
  return {
    logger: both(also, file),
    async close() {
      await writing;
    },
  };
}

function both(first: Logger, second: Logger): Logger {
  const at =
    (level: LogLevel): Logger[LogLevel] =>
    (message, fields) => {
      first[level](message, fields);
      second[level](message, fields);
    };
  const levels = Object.fromEntries(LEVELS.map((level) => [level, at(level)]));
  return {
    ...(levels as Pick<Logger, LogLevel>), // Every level is in the list.
    child: (fields) => both(first.child(fields), second.child(fields)),
  };
}
