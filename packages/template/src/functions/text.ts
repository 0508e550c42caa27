import { trimSpace } from '@engramkit/core';
import { FunctionError, FunctionLimitError } from '../errors.js';
import { byteLength, fromBytes, isAscii, sliceBytes, toBytes } from '../go/bytes.js';
import { printValue } from '../go/format.js';
import { quoteText } from '../go/quote.js';
import { type GoInt, isList, itemsOf, StringList, StringTable } from '../go/values.js';
import { type FunctionEnvironment, type FunctionTable, fn, text } from './signature.js';
import {
  connectWords,
  isSpace,
  pascalCase,
  toLower,
  toTitle,
  toUpper,
  untitle,
} from './text-case.js';

/** A checked `int` argument as a number; sizes beyond 2^53 do not occur in what it is used for. */
export function count(args: readonly unknown[], at: number): number {
  return Number((args[at] as GoInt).value);
}

function outOfRange(range: string): FunctionError {
  return new FunctionError(`runtime error: slice bounds out of range ${range}`);
}

function substring(start: number, end: number, value: string): string {
  const length = byteLength(value);
  if (start < 0) {
    if (end < 0) throw outOfRange(`[:${end}]`);
    if (end > length) throw outOfRange(`[:${end}] with length ${length}`);
    return sliceBytes(value, 0, end);
  }
  if (end < 0 || end > length) {
    if (start > length) throw outOfRange(`[${start}:${length}]`);
    return sliceBytes(value, start, length);
  }
  if (start > end) throw outOfRange(`[${start}:${end}]`);
  return sliceBytes(value, start, end);
}

function truncate(size: number, value: string): string {
  const length = byteLength(value);
  if (size < 0 && length + size > 0) return sliceBytes(value, length + size, length);
  return size >= 0 && length > size ? sliceBytes(value, 0, size) : value;
}

function abbreviate(value: string, from: number, width: number): string {
  const length = byteLength(value);
  if (length <= width) return value;
  let offset = Math.min(from, length);
  if (length - offset < width - 3) offset = length - (width - 3);
  if (offset <= 4) return `${sliceBytes(value, 0, width - 3)}...`;
  if (width < 7) return '';
  if (offset + width - 3 < length)
    return `...${abbreviate(sliceBytes(value, offset, length), 0, width - 3)}`;
  return `...${sliceBytes(value, length - (width - 3), length)}`;
}

/** Bytes as characters U+0000 to U+00FF, for functions that walk over bytes. */
function binary(value: string): string {
  if (isAscii(value)) return value;
  let out = '';
  for (const byte of toBytes(value)) out += String.fromCharCode(byte);
  return out;
}

function unbinary(value: string): string {
  return isAscii(value)
    ? value
    : fromBytes(Uint8Array.from(value, (character) => character.charCodeAt(0)));
}

function wrapText(value: string, size: number, lineBreak: string, cutsWords: boolean): string {
  const bytes = binary(value);
  const width = Math.max(size, 1);
  const end = binary(lineBreak === '' ? '\n' : lineBreak);
  let out = '';
  let offset = 0;
  while (bytes.length - offset > width) {
    if (bytes[offset] === ' ') {
      offset += 1;
      continue;
    }
    const space = bytes.lastIndexOf(' ', offset + width);
    if (space >= offset) {
      out += bytes.slice(offset, space) + end;
      offset = space + 1;
    } else if (cutsWords) {
      out += bytes.slice(offset, offset + width) + end;
      offset += width;
    } else {
      const next = bytes.indexOf(' ', offset + width);
      if (next < 0) {
        out += bytes.slice(offset);
        offset = bytes.length;
      } else {
        out += bytes.slice(offset, next) + end;
        offset = next + 1;
      }
    }
  }
  return unbinary(out + bytes.slice(offset));
}

/** The library walks over bytes and writes each as a character, so other alphabets come out changed once a space was removed. */
function withoutSpaces(value: string): string {
  const bytes = binary(value);
  const kept = Array.from(bytes).filter((character) => !isSpace(character));
  return kept.length === bytes.length ? value : kept.join('');
}

function initials(value: string): string {
  let gap = true;
  let out = '';
  for (const character of binary(value)) {
    if (isSpace(character)) gap = true;
    else if (gap) {
      out += character;
      gap = false;
    }
  }
  return out;
}

function trimCharacters(value: string, cutset: string): string {
  const cut = new Set(cutset);
  const characters = [...value];
  let start = 0;
  let end = characters.length;
  while (start < end && cut.has(characters[start] ?? '')) start += 1;
  while (end > start && cut.has(characters[end - 1] ?? '')) end -= 1;
  return characters.slice(start, end).join('');
}

function indent(spaces: number, value: string, environment: FunctionEnvironment): string {
  if (spaces < 0) throw new FunctionError('strings: negative Repeat count');
  const lines = value.split('\n');
  if (spaces * lines.length + value.length > environment.largestValue)
    throw new FunctionLimitError('indented text is too large');
  const pad = ' '.repeat(spaces);
  return pad + lines.join(`\n${pad}`);
}

function replaceAll(
  value: string,
  old: string,
  next: string,
  environment: FunctionEnvironment,
): string {
  const pieces = old === '' ? ['', ...value, ''] : value.split(old);
  if (old === '' && value === '') return next;
  if (next.length * pieces.length + value.length > environment.largestValue)
    throw new FunctionLimitError('replaced text is too large');
  return pieces.join(next);
}

/** `strings.SplitN`; a negative limit means all. */
export function splitText(value: string, separator: string, limit: number): readonly string[] {
  if (limit === 0) return [];
  const pieces = separator === '' ? [...value] : value.split(separator);
  if (limit < 0 || pieces.length <= limit) return pieces;
  return [...pieces.slice(0, limit - 1), pieces.slice(limit - 1).join(separator)];
}

function table(pieces: readonly string[]): StringTable {
  return new StringTable(new Map(pieces.map((piece, at) => [`_${at}`, piece])));
}

/** What `toStrings` and `join` make of a value; nil elements are left out. */
export function texts(value: unknown): readonly string[] {
  if (value === null) return [];
  if (!isList(value)) return [printValue(value)];
  return itemsOf(value)
    .filter((item) => item !== null && item !== undefined)
    .map((item) => printValue(item));
}

function joined(
  pieces: readonly string[],
  separator: string,
  environment: FunctionEnvironment,
): string {
  const size = pieces.reduce((sum, piece) => sum + piece.length + separator.length, 0);
  if (size > environment.largestValue) throw new FunctionLimitError('joined text is too large');
  return pieces.join(separator);
}

const present = (value: unknown): boolean => value !== null;

/** Functions on texts. Source: template section 6. */
export const TEXT: FunctionTable = {
  abbrev: fn('int string', (args) =>
    count(args, 0) < 4 ? text(args, 1) : abbreviate(text(args, 1), 0, count(args, 0)),
  ),
  abbrevboth: fn('int int string', (args) => {
    const [left, right] = [count(args, 0), count(args, 1)];
    return right < 4 || (left > 0 && right < 7)
      ? text(args, 2)
      : abbreviate(text(args, 2), left, right);
  }),
  trunc: fn('int string', (args) => truncate(count(args, 0), text(args, 1))),
  trim: fn('string', (args) => trimSpace(text(args, 0))),
  upper: fn('string', (args) => toUpper(text(args, 0))),
  lower: fn('string', (args) => toLower(text(args, 0))),
  title: fn('string', (args) => toTitle(text(args, 0))),
  untitle: fn('string', (args) => untitle(text(args, 0))),
  substr: fn('int int string', (args) => substring(count(args, 0), count(args, 1), text(args, 2))),
  trimall: fn('string string', (args) => trimCharacters(text(args, 1), text(args, 0))),
  trimAll: fn('string string', (args) => trimCharacters(text(args, 1), text(args, 0))),
  trimSuffix: fn('string string', (args) => {
    const suffix = text(args, 0);
    return suffix !== '' && text(args, 1).endsWith(suffix)
      ? text(args, 1).slice(0, -suffix.length)
      : text(args, 1);
  }),
  trimPrefix: fn('string string', (args) => {
    return text(args, 1).startsWith(text(args, 0))
      ? text(args, 1).slice(text(args, 0).length)
      : text(args, 1);
  }),
  nospace: fn('string', (args) => withoutSpaces(text(args, 0))),
  initials: fn('string', (args) => initials(text(args, 0))),
  snakecase: fn('string', (args) => connectWords(text(args, 0), '_')),
  camelcase: fn('string', (args) => pascalCase(text(args, 0))),
  kebabcase: fn('string', (args) => connectWords(text(args, 0), '-')),
  wrap: fn('int string', (args) => wrapText(text(args, 1), count(args, 0), '', false)),
  wrapWith: fn('int string string', (args) =>
    wrapText(text(args, 2), count(args, 0), text(args, 1), true),
  ),
  contains: fn('string string', (args) => text(args, 1).includes(text(args, 0))),
  hasPrefix: fn('string string', (args) => text(args, 1).startsWith(text(args, 0))),
  hasSuffix: fn('string string', (args) => text(args, 1).endsWith(text(args, 0))),
  quote: fn('...any', (args) =>
    args
      .filter(present)
      .map((value) => quoteText(printValue(value)))
      .join(' '),
  ),
  squote: fn('...any', (args) =>
    args
      .filter(present)
      .map((value) => `'${printValue(value)}'`)
      .join(' '),
  ),
  cat: fn('...any', (args, environment) =>
    joined(
      args.filter(present).map((value) => printValue(value)),
      ' ',
      environment,
    ),
  ),
  indent: fn('int string', (args, environment) =>
    indent(count(args, 0), text(args, 1), environment),
  ),
  nindent: fn(
    'int string',
    (args, environment) => `\n${indent(count(args, 0), text(args, 1), environment)}`,
  ),
  replace: fn('string string string', (args, environment) =>
    replaceAll(text(args, 2), text(args, 0), text(args, 1), environment),
  ),
  plural: fn('string string int', (args) => (count(args, 2) === 1 ? text(args, 0) : text(args, 1))),
  toString: fn('any', ([value]) => printValue(value)),
  split: fn('string string', (args) => table(splitText(text(args, 1), text(args, 0), -1))),
  splitn: fn('string int string', (args) =>
    table(splitText(text(args, 2), text(args, 0), count(args, 1))),
  ),
  splitList: fn(
    'string string',
    (args) => new StringList(splitText(text(args, 1), text(args, 0), -1)),
  ),
  toStrings: fn('any', ([value]) =>
    value instanceof StringList ? value : new StringList(texts(value)),
  ),
  join: fn('string any', (args, environment) => joined(texts(args[1]), text(args, 0), environment)),
};
