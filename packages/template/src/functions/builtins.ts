import { FunctionError } from '../errors.js';
import { byteLength, toBytes } from '../go/bytes.js';
import { sprint, sprintln } from '../go/format.js';
import { sprintf } from '../go/printf.js';
import { isPrintable } from '../go/quote.js';
import { GoInt, isList, isMap, itemsOf, ownValue, StringTable, typeName } from '../go/values.js';
import { type FunctionTable, fn, text } from './signature.js';

const HTML: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};
const SCRIPT: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

/** What the escapers escape: one string as it is, anything else printed. */
function shown(args: readonly unknown[]): string {
  const [first] = args;
  if (args.length === 1 && typeof first === 'string') return first;
  return sprint(args.map((value) => value ?? '<no value>'));
}

function escapeScript(value: string): string {
  return value.replace(/[\\'"<>&=]|[^\u0020-\u007f]/gu, (character) => {
    const short = SCRIPT[character];
    if (short !== undefined) return short;
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x80 && isPrintable(character)) return character;
    return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

function escapeQuery(value: string): string {
  let out = '';
  for (const byte of toBytes(value)) {
    const character = String.fromCharCode(byte);
    if (/^[A-Za-z0-9\-_.~]$/.test(character)) out += character;
    else out += byte === 0x20 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function position(index: unknown, length: number, kind: 'slice' | 'string'): number {
  if (index === undefined) throw new FunctionError('cannot index slice/array with nil');
  if (!(index instanceof GoInt))
    throw new FunctionError(`cannot index slice/array with type ${typeName(index)}`);
  if (index.value < 0n || index.value > BigInt(length))
    throw new FunctionError(`index out of range: ${index.value}`);
  const at = Number(index.value);
  if (at === length) throw new FunctionError(`reflect: ${kind} index out of range`);
  return at;
}

function mapKey(index: unknown): string {
  if (index === undefined) throw new FunctionError('value is nil; should be of type string');
  if (typeof index !== 'string')
    throw new FunctionError(`value has type ${typeName(index)}; should be string`);
  return index;
}

function indexInto(args: readonly unknown[]): unknown {
  let [item] = args;
  if (item === undefined) throw new FunctionError('index of untyped nil');
  for (const index of args.slice(1)) {
    if (item === null) throw new FunctionError('index of nil pointer');
    if (typeof item === 'string') {
      const at = position(index, byteLength(item), 'string');
      item = new GoInt('uint8', BigInt(toBytes(item)[at] ?? 0));
    } else if (isList(item)) {
      const items = itemsOf(item);
      item = items[position(index, items.length, 'slice')] ?? null;
    } else if (item instanceof StringTable) item = item.entries.get(mapKey(index)) ?? '';
    else if (isMap(item)) item = ownValue(item, mapKey(index)) ?? null;
    else throw new FunctionError(`can't index item of type ${typeName(item)}`);
  }
  return item;
}

/** Go's own functions besides comparisons, `and`, `or`, `call`; `len` and `slice` are replaced by others of the dialect. */
export const BUILTINS: FunctionTable = {
  index: fn('value ...value', indexInto),
  print: fn('...any', (args) => sprint(args)),
  println: fn('...any', (args) => sprintln(args)),
  printf: fn('string ...any', (args) => sprintf(text(args, 0), args.slice(1))),
  html: fn('...any', (args) =>
    shown(args).replace(/[\0"'&<>]/g, (character) => HTML[character] ?? character),
  ),
  js: fn('...any', (args) => escapeScript(shown(args))),
  urlquery: fn('...any', (args) => escapeQuery(shown(args))),
};
