import type { JsonValue } from '@engramkit/core';
import { printable } from './layout.js';
import type { Output } from './terminal.js';

const GAP = 2;
const NARROWEST_TEXT = 12;

type Row = Readonly<Record<string, string | number | boolean | null>>;

/**
 * A list of flat objects with the same members as a table: a line of names, then one line per object.
 *
 * `undefined` when the list is not of that kind or does not fit into the room; texts are cut when that makes it fit.
 */
export function tableLines(
  list: readonly JsonValue[],
  room: number,
  paint: Output['paint'],
): string[] | undefined {
  const rows = rowsOf(list);
  const [first] = rows ?? [];
  if (rows === undefined || first === undefined) return undefined;
  const columns = Object.keys(first).map((name) => columnOf(name, rows));
  const excess = columns.reduce((sum, { width }) => sum + width + GAP, -GAP) - room;
  if (excess > 0) {
    const widest = columns
      .filter(({ numeric }) => !numeric)
      .reduce((best, column) => (column.width > best.width ? column : best), { width: 0 });
    if (widest.width - excess < NARROWEST_TEXT) return undefined;
    widest.width -= excess;
  }
  const head = columns.map(({ name, numeric, width }) => fit(name, width, numeric)).join('  ');
  return [
    paint('cyan', head.trimEnd()),
    ...rows.map((row) =>
      columns
        .map(({ key, numeric, width }) => fit(cellText(row[key] ?? null), width, numeric))
        .join('  ')
        .trimEnd(),
    ),
  ];
}

interface Column {
  readonly key: string;
  readonly name: string;
  readonly numeric: boolean;
  width: number;
}

function columnOf(key: string, rows: readonly Row[]): Column {
  const values = rows.map((row) => row[key] ?? null);
  const name = printable(key);
  return {
    key,
    name,
    numeric: values.every((value) => typeof value === 'number' || value === null),
    width: Math.max(name.length, ...values.map((value) => cellText(value).length)),
  };
}

function rowsOf(list: readonly JsonValue[]): readonly Row[] | undefined {
  const [first] = list;
  if (list.length < 2 || !isFlat(first)) return undefined;
  const names = Object.keys(first).join('\0');
  if (names === '') return undefined;
  const rows = list.filter(isFlat).filter((row) => Object.keys(row).join('\0') === names);
  return rows.length === list.length ? rows : undefined;
}

function isFlat(value: JsonValue | undefined): value is Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((member) => typeof member !== 'object' || member === null);
}

function cellText(value: Row[string]): string {
  return value === null ? '–' : printable(String(value)).replace(/\s+/g, ' ');
}

function fit(text: string, width: number, right: boolean): string {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return right ? cut.padStart(width) : cut.padEnd(width);
}
