import type { JsonValue } from '@engramkit/core';
import { bytesText, printable } from './layout.js';
import type { Output } from './terminal.js';
import { tableLines } from './value-table.js';

/** How much of a value {@link viewValue} shows. */
export interface ValueViewLimits {
  readonly lines: number;
  /** Entries of one array or object before the rest is counted. */
  readonly entries: number;
  /** Characters of one text. */
  readonly text: number;
}

const DEFAULT_LIMITS: ValueViewLimits = { lines: 60, entries: 24, text: 200 };

/**
 * Shows a JSON value for people: indented, short arrays and objects in one line, lists of alike objects as tables, long ones cut
 * with a count of what is missing.
 *
 * The result is not JSON again; programs use `--json`.
 */
export function viewValue(
  value: JsonValue,
  output: Pick<Output, 'columns' | 'paint'>,
  limits: Partial<ValueViewLimits> = {},
): string[] {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  const width = Math.max(40, Math.min(output.columns, 120)) - 4;
  const painter = new ValuePainter(bounds, width, output.paint);
  const lines = painter.document(value);
  if (lines.length <= bounds.lines) return lines;
  const rest = lines.length - bounds.lines;
  return [
    ...lines.slice(0, bounds.lines),
    output.paint('dim', `… ${rest} more lines; --json has everything`),
  ];
}

class ValuePainter {
  readonly #limits: ValueViewLimits;
  readonly #width: number;
  readonly #paint: Output['paint'];

  constructor(limits: ValueViewLimits, width: number, paint: Output['paint']) {
    this.#limits = limits;
    this.#width = width;
    this.#paint = paint;
  }

  /** The members of an object stand by themselves, without braces around the whole. */
  document(value: JsonValue): string[] {
    if (!isContainer(value) || Array.isArray(value)) return this.lines(value, '', 0);
    const entries = Object.entries(value);
    if (entries.length === 0) return ['{}'];
    const shown = entries.slice(0, this.#limits.entries);
    const hidden = entries.length - shown.length;
    return [
      ...shown.flatMap(([key, item]) => this.lines(item, this.#key(key), 0)),
      ...(hidden > 0 ? [this.#paint('dim', `… ${hidden} more`)] : []),
    ];
  }

  lines(value: JsonValue, label: string, depth: number): string[] {
    const margin = '  '.repeat(depth);
    if (!isContainer(value)) return [`${margin}${label}${this.#scalar(value)}`];
    const room = this.#width - margin.length - visibleLength(label);
    const short = this.#short(value, room);
    if (short !== undefined) return [`${margin}${label}${short}`];
    if (Array.isArray(value)) {
      const table = this.#table(value, label, depth);
      if (table !== undefined) return table;
    }
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
    const entries = entriesOf(value);
    const shown = entries.slice(0, this.#limits.entries);
    const hidden = entries.length - shown.length;
    return [
      `${margin}${label}${open}`,
      ...shown.flatMap(([key, item]) =>
        this.lines(item, key === undefined ? '' : this.#key(key), depth + 1),
      ),
      ...(hidden > 0 ? [this.#paint('dim', `${margin}  … ${hidden} more`)] : []),
      `${margin}${close}`,
    ];
  }

  #table(list: readonly JsonValue[], label: string, depth: number): string[] | undefined {
    const margin = '  '.repeat(depth);
    const shown = list.slice(0, this.#limits.entries);
    const table = tableLines(shown, this.#width - margin.length - 2, this.#paint);
    if (table === undefined) return undefined;
    const hidden = list.length - shown.length;
    return [
      `${margin}${label.trimEnd()}`,
      ...table.map((line) => `${margin}  ${line}`),
      ...(hidden > 0 ? [this.#paint('dim', `${margin}  … ${hidden} more`)] : []),
    ].filter((line) => line.trim() !== '');
  }

  /** The one-line form, if it fits: undressed text decides, so that colours change no layout. */
  #short(value: JsonValue, room: number): string | undefined {
    if (!isContainer(value)) return this.#scalar(value);
    const entries = entriesOf(value);
    if (entries.length > this.#limits.entries) return undefined;
    const parts: string[] = [];
    let length = 4;
    for (const [key, item] of entries) {
      if (isContainer(item) && entriesOf(item).length > 0 && entries.length > 1) return undefined;
      const shown = this.#short(item, room - length);
      if (shown === undefined) return undefined;
      const part = `${key === undefined ? '' : this.#key(key)}${shown}`;
      length += visibleLength(part) + 2;
      if (length > room) return undefined;
      parts.push(part);
    }
    if (Array.isArray(value)) return parts.length === 0 ? '[]' : `[${parts.join(', ')}]`;
    return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
  }

  #key(key: string): string {
    const plain = /^[A-Za-z_$][\w$-]*$/.test(key) ? key : JSON.stringify(key);
    return `${this.#paint('cyan', printable(plain))}: `;
  }

  #scalar(value: string | number | boolean | null): string {
    if (typeof value !== 'string') return this.#paint('yellow', String(value));
    const { text } = this.#limits;
    const shown =
      value.length <= text
        ? JSON.stringify(value)
        : `${JSON.stringify(value.slice(0, text))}… (${bytesText(Buffer.byteLength(value))})`;
    return this.#paint('green', printable(shown));
  }
}

type Container = readonly JsonValue[] | { readonly [key: string]: JsonValue };

function isContainer(value: JsonValue): value is Container {
  return typeof value === 'object' && value !== null;
}

function entriesOf(value: Container): readonly (readonly [string | undefined, JsonValue])[] {
  return Array.isArray(value)
    ? value.map((item: JsonValue) => [undefined, item] as const)
    : Object.entries(value);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character.
const ESCAPE_SEQUENCE = /\u001b\[[0-9;]*m/g;

/** The length of a text on the screen, without the sequences that colour it. */
export function visibleLength(text: string): number {
  return text.replace(ESCAPE_SEQUENCE, '').length;
}
