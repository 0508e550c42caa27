/** What a log line carries besides its message; values must be JSON-able, anything else is described. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The severity of a log line. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured logging: a message, and fields that tools can query. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds the fields to every line. */
  child(fields: LogFields): Logger;
}
