import type { LogLevel } from '@engramkit/engram';
import type { LogEntry, LogWriter } from './log-entry.js';

const COLORS: Readonly<Record<LogLevel, number>> = { debug: 90, info: 36, warn: 33, error: 31 };
const FIELD_SHOWN = 400;

/** Writes lines for people: time of day, level, message, `key=value` fields; stacks on lines of their own. */
export function prettyWriter(
  write: (text: string) => void,
  colors: boolean,
  omitted: readonly string[] = [],
): LogWriter {
  return {
    write: (entry) => write(prettyLine(entry, colors, omitted)),
    flush: () => Promise.resolve(),
    flushSync: () => undefined,
  };
}

/** One entry as text that ends in a line break; control characters of the data cannot reach the terminal. */
export function prettyLine(
  entry: LogEntry,
  colors: boolean,
  omitted: readonly string[] = [],
): string {
  const paint = (code: number, text: string): string =>
    colors ? `\u001b[${code}m${text}\u001b[39m` : text;
  const time = new Date(entry.timeMs).toISOString().slice(11, 23);
  const level = entry.level.toUpperCase().padEnd(5);
  const fields: string[] = [];
  const stacks: string[] = [];
  for (const [key, value] of Object.entries(entry.fields)) {
    if (value === undefined || omitted.includes(key)) continue;
    const { text, stack } = fieldText(value);
    fields.push(`${paint(90, `${visible(key)}=`)}${text}`);
    if (stack !== undefined) stacks.push(stack);
  }
  const line = [
    paint(90, time),
    paint(COLORS[entry.level], level),
    visible(entry.message),
    ...fields,
  ];
  const below = stacks.map(
    (stack) => `${paint(90, visible(stack, true).replace(/^/gm, '    '))}\n`,
  );
  return `${line.join(' ')}\n${below.join('')}`;
}

function fieldText(value: unknown): { readonly text: string; readonly stack?: string } {
  if (typeof value === 'string') {
    return {
      text: /^[^\s"=]+$/.test(value) ? visible(cut(value)) : visible(JSON.stringify(cut(value))),
    };
  }
  if (typeof value !== 'object' || value === null) return { text: String(value) };
  const { stack, message, ...rest } = value as Readonly<Record<string, unknown>>;
  if (typeof stack !== 'string') return { text: visible(cut(JSON.stringify(value))) };
  const { name: _name, ...facts } = rest;
  const more = Object.keys(facts).length === 0 ? '' : ` ${cut(JSON.stringify(facts))}`;
  return { text: visible(`${JSON.stringify(cut(String(message)))}${more}`), stack };
}

function cut(text: string): string {
  return text.length <= FIELD_SHOWN ? text : `${text.slice(0, FIELD_SHOWN)}…`;
}

/** Control characters as escapes: a log line must not move the cursor or retitle the window. */
function visible(text: string, keepLineBreaks = false): string {
  return text.replace(CONTROL, (character) => {
    if (character === '\n' && keepLineBreaks) return character;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
