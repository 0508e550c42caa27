import type { LogLevel } from '@engramkit/engram';

/** One line before it is written; fields are plain JSON without secrets. */
export interface LogEntry {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Turns entries into text on a stream. */
export interface LogWriter {
  write(entry: LogEntry): void;
  /** Resolves when every entry has been handed to the stream. */
  flush(): Promise<void>;
  /** Hands over what is left, at once. */
  flushSync(): void;
}

/** Severity, ascending. */
export const severity: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
};
