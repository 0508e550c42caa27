import type { LogFields, Logger, LogLevel } from '@engramkit/engram';

/** One line as it was logged, with the fields of the loggers above it. */
export interface RecordedLog {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps its lines. */
export interface RecordingLogger extends Logger {
  /** The lines of this logger and of all its children, oldest first. */
  readonly records: readonly RecordedLog[];
}

/** Makes a {@link RecordingLogger}. */
export function recordingLogger(): RecordingLogger {
  const records: RecordedLog[] = [];
  return Object.freeze({ ...loggerInto(records, {}), records });
}

function loggerInto(records: RecordedLog[], bound: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      records.push(
        Object.freeze({ level, message, fields: Object.freeze({ ...bound, ...fields }) }),
      );
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerInto(records, { ...bound, ...fields }),
  };
}
