import { compareText } from './bytes.js';
import { printFloat } from './float.js';
import { sortedKeys } from './quote.js';
import { GoInt, GoObject, isList, itemsOf, StringTable } from './values.js';

const DEEPEST = 1_000;

/** What `fmt.Fprint` prints for one value (`%v`). */
export function printValue(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return printFloat(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null || value === undefined) return '<nil>';
  if (value instanceof GoInt) return value.value.toString();
  if (value instanceof GoObject) return value.toString();
  if (depth > DEEPEST) throw new RangeError('value nests too deeply to print');
  if (isList(value)) {
    let out = '[';
    const items = itemsOf(value);
    for (let at = 0; at < items.length; at += 1)
      out += (at === 0 ? '' : ' ') + printValue(items[at], depth + 1);
    return `${out}]`;
  }
  let out = '';
  for (const [key, entry] of entriesOf(value as object)) {
    out += `${out === '' ? '' : ' '}${key}:${printValue(entry, depth + 1)}`;
  }
  return `map[${out}]`;
}

/** The entries of a map in Go's print order. */
export function entriesOf(value: object): Array<readonly [string, unknown]> {
  if (value instanceof StringTable)
    return [...value.entries].sort((a, b) => compareText(a[0], b[0]));
  return sortedKeys(value).map(
    (key) => [key, (value as Readonly<Record<string, unknown>>)[key]] as const,
  );
}

/** `fmt.Sprint`: a space between operands of which neither is a string. */
export function sprint(values: readonly unknown[]): string {
  let out = '';
  let previousText = true;
  for (const [at, value] of values.entries()) {
    const text = typeof value === 'string';
    if (at > 0 && !text && !previousText) out += ' ';
    out += printValue(value);
    previousText = text;
  }
  return out;
}

/** `fmt.Sprintln`: spaces between all operands and a line feed. */
export function sprintln(values: readonly unknown[]): string {
  return `${values.map((value) => printValue(value)).join(' ')}\n`;
}
