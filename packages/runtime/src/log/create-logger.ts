import { type Clock, systemClock } from '@engramkit/core';
import type { LogFields, Logger, LogLevel } from '@engramkit/engram';
import type { Redaction } from '../redaction.js';
import { jsonWriter, plainJsonWriter } from './json-writer.js';
import { type LogWriter, severity } from './log-entry.js';
import { logValue } from './log-value.js';
import { prettyWriter } from './pretty-writer.js';

/** A stream for log lines; `process.stderr` fits. */
export interface LogDestination {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  off?(event: 'error', listener: (error: Error) => void): unknown;
}

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  readonly destination: LogDestination;
  /** The lowest level that is written; default `info`. */
  readonly level?: LogLevel | undefined;
  /** Default: `pretty` on a terminal, `json` elsewhere; `json-plain` writes the same lines without loading the library. */
  readonly format?: 'json' | 'json-plain' | 'pretty' | undefined;
  /** Whether pretty lines have colours; see {@link wantsColors}. Default: on a terminal. */
  readonly colors?: boolean | undefined;
  /** Fields that lines for people leave out because they say nothing new there, such as the id of the only run. */
  readonly prettyOmits?: readonly string[] | undefined;
  /** Secret values that must not be written; values may be added while the logger is in use. */
  readonly redaction?: Redaction | undefined;
  /** Fields of every line, such as `runId`. */
  readonly bindings?: LogFields | undefined;
  readonly clock?: Clock | undefined;
}

/** A logger that owns its way to the stream. */
export interface StreamLogger extends Logger, Disposable {
  /** Resolves when every line has been handed to the stream. */
  flush(): Promise<void>;
  /** Hands over what is left at once and stops listening for errors of the stream. */
  [Symbol.dispose](): void;
}

/**
 * Makes a logger that writes JSON lines or, on a terminal, lines for people.
 *
 * Lines never throw, whatever the fields are. A reader that has gone away (`EPIPE`) ends the writing, not the process. The JSON
 * form is `time`, `level`, `msg`, then the fields. Source: bobrapet-batch section 10.4.
 */
export function createLogger(options: LoggerOptions): StreamLogger {
  const { destination, level = 'info', redaction, bindings = {}, clock = systemClock } = options;
  const { format = destination.isTTY === true ? 'pretty' : 'json' } = options;
  let broken = false;
  const onError = (): void => {
    broken = true;
  };
  destination.on?.('error', onError);
  const write = (text: string): void => {
    if (broken) return;
    try {
      destination.write(text);
    } catch {
      broken = true; // A stream that was destroyed throws; there is nobody left to tell.
    }
  };
  const writer = writerOf(format, write, options);
  const core = { writer, lowest: severity[level], redaction, clock };
  const logger = leveled(core, plainFields(bindings));
  return {
    ...logger,
    flush: () => writer.flush(),
    [Symbol.dispose]() {
      writer.flushSync();
      destination.off?.('error', onError);
    },
  };
}

/**
 * Whether coloured output is wanted: `NO_COLOR` (not empty) says no, `FORCE_COLOR` (not `0`) says yes, else a terminal decides.
 */
export function wantsColors(
  env: Readonly<Record<string, string | undefined>>,
  destination: Pick<LogDestination, 'isTTY'>,
): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false;
  const { FORCE_COLOR: forced } = env;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return destination.isTTY === true && env.TERM !== 'dumb';
}

function writerOf(
  format: NonNullable<LoggerOptions['format']>,
  write: (text: string) => void,
  { colors, destination, prettyOmits }: LoggerOptions,
): LogWriter {
  if (format === 'json') return jsonWriter(write);
  if (format === 'json-plain') return plainJsonWriter(write);
  return prettyWriter(write, colors ?? destination.isTTY === true, prettyOmits);
}

interface Core {
  readonly writer: LogWriter;
  readonly lowest: number;
  readonly redaction: Redaction | undefined;
  readonly clock: Clock;
}

/** A logger whose bindings are plain JSON already. */
function leveled(core: Core, bindings: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      if (severity[level] < core.lowest) return;
      const plain = fields === undefined ? bindings : { ...bindings, ...plainFields(fields) };
      const text = typeof message === 'string' ? message : String(logValue(message));
      const { redaction } = core;
      core.writer.write({
        timeMs: core.clock.now(),
        level,
        message: redaction === undefined ? text : redaction.redact(text),
        fields: redaction?.active === true ? (redaction.redact(plain) as LogFields) : plain,
      });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => leveled(core, { ...bindings, ...plainFields(fields) }),
  };
}

/** Fields that cannot be read as a whole are described by a text. */
function plainFields(fields: LogFields): LogFields {
  const plain = logValue(fields);
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain)
    ? (plain as LogFields)
    : { fields: plain };
}
