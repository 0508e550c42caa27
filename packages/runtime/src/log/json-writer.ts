import type { DestinationStream, Logger as Pino } from 'pino';
import type { LogEntry, LogWriter } from './log-entry.js';

/** Keys that the line itself uses. Source: bobrapet-batch section 10.4. */
const RESERVED: readonly string[] = ['time', 'level', 'msg'];

/**
 * Writes one JSON object per line: `time` (RFC 3339), `level` (upper case), `msg`, then the fields.
 *
 * The logging library is loaded with the first line; lines that come before it is there wait. Source: bobrapet-batch section 10.4.
 */
export function jsonWriter(write: (text: string) => void): LogWriter {
  let waiting: LogEntry[] = [];
  let pino: Pino | undefined;
  let loading: Promise<void> | undefined;
  let timeMs = 0;

  const emit = (target: Pino, entry: LogEntry): void => {
    timeMs = entry.timeMs;
    target[entry.level](safeFields(entry.fields), entry.message);
  };
  const load = async (): Promise<void> => {
    const library = await import('pino');
    const destination: DestinationStream = { write };
    pino = library.pino(
      {
        level: 'debug',
        base: null,
        timestamp: () => `,"time":"${new Date(timeMs).toISOString()}"`,
        formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      },
      destination,
    );
    const queued = waiting;
    waiting = [];
    for (const entry of queued) emit(pino, entry);
  };

  return {
    write(entry) {
      if (pino !== undefined) return emit(pino, entry);
      waiting.push(entry);
      loading ??= load();
      loading.catch(() => this.flushSync()); // Without the library the lines still go out.
    },
    async flush() {
      await loading?.catch(() => undefined);
      this.flushSync();
    },
    flushSync() {
      const queued = waiting;
      waiting = [];
      for (const entry of queued) write(jsonLine(entry));
    },
  };
}

/** Writes the same lines at once, without the library: for short files, where loading it costs more than it gains. */
export function plainJsonWriter(write: (text: string) => void): LogWriter {
  return {
    write: (entry) => write(jsonLine(entry)),
    flush: () => Promise.resolve(),
    flushSync: () => undefined,
  };
}

function jsonLine({ timeMs, level, message, fields }: LogEntry): string {
  const head = { level: level.toUpperCase(), time: new Date(timeMs).toISOString() };
  return `${JSON.stringify({ ...head, ...safeFields(fields), msg: message })}\n`;
}

/** A field must not pass for a part of the line. */
function safeFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (!RESERVED.some((key) => key in fields)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [RESERVED.includes(key) ? `${key}_` : key, value]),
  );
}
