import { quoteTimeText as quote } from './quote.js';
import { daysOf, GoTime } from './time.js';
import { layoutParts, MONTHS, WEEKDAYS } from './time-layout.js';
import { offsetForLocal, type Zone } from './zones.js';

interface Fields {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  half: 'AM' | 'PM' | undefined;
  utc: boolean;
  offset: number | undefined;
  zoneName: string;
}

/** An element that does not fit; `range` says which field is out of range. */
class Misfit extends Error {
  constructor(
    readonly range?: string,
    readonly rest?: string,
  ) {
    super('misfit');
  }
}

/** `time.ParseInLocation`; a text that does not fit gives Go's message. */
export function parseTime(
  layout: string,
  text: string,
  zone: Zone,
): { readonly time: GoTime } | { readonly problem: string } {
  const fields: Fields = {
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    half: undefined,
    utc: false,
    offset: undefined,
    zoneName: '',
  };
  const refuse = (
    element: string,
    rest: string,
    message?: string,
  ): { readonly problem: string } => ({
    problem:
      message === undefined
        ? `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(element)}`
        : `parsing time ${quote(text)}: ${message}`,
  });
  let rest = text;
  const parts = layoutParts(layout);
  for (const [at, { literal, element }] of parts.entries()) {
    const skipped = skipLiteral(rest, literal);
    if (skipped.problem) return refuse(literal, skipped.rest);
    rest = skipped.rest;
    if (element === '') {
      if (rest !== '') return refuse('', rest, `extra text: ${quote(rest)}`);
      break;
    }
    const hold = rest;
    try {
      rest = readElement(fields, element, rest, parts[at + 1]);
    } catch (thrown) {
      if (!(thrown instanceof Misfit)) throw thrown;
      return thrown.range === undefined
        ? refuse(element, hold)
        : refuse(element, hold, `${thrown.range} out of range`);
    }
  }
  return finish(fields, zone, (message) => refuse('', '', message));
}

function finish(
  fields: Fields,
  zone: Zone,
  refuse: (message: string) => { readonly problem: string },
): { readonly time: GoTime } | { readonly problem: string } {
  if (fields.half === 'PM' && fields.hour < 12) fields.hour += 12;
  else if (fields.half === 'AM' && fields.hour === 12) fields.hour = 0;
  let month = fields.month < 0 ? 1 : fields.month;
  let day = fields.day < 0 ? 1 : fields.day;
  if (fields.yearDay >= 0) {
    const days = daysOf(fields.year + 1, 1, 1) - daysOf(fields.year, 1, 1);
    if (fields.yearDay < 1 || fields.yearDay > days) return refuse('day-of-year out of range');
    const start = new GoTime(
      (daysOf(fields.year, 1, 1) + fields.yearDay - 1) * 86_400,
      0,
      'UTC',
    ).civil();
    if (fields.month >= 0 && fields.month !== start.month)
      return refuse('day-of-year does not match month');
    if (fields.day >= 0 && fields.day !== start.day)
      return refuse('day-of-year does not match day');
    month = start.month;
    day = start.day;
  }
  const length =
    daysOf(month === 12 ? fields.year + 1 : fields.year, month === 12 ? 1 : month + 1, 1) -
    daysOf(fields.year, month, 1);
  if (day < 1 || day > length) return refuse('day out of range');
  const local =
    daysOf(fields.year, month, day) * 86_400 +
    fields.hour * 3_600 +
    fields.minute * 60 +
    fields.second;
  if (fields.utc) return { time: new GoTime(local, fields.nanosecond, 'UTC') };
  if (fields.offset !== undefined) {
    const seconds = local - fields.offset;
    const shown = new GoTime(seconds, fields.nanosecond, zone).civil();
    const same =
      shown.offsetSeconds === fields.offset &&
      (fields.zoneName === '' || shown.zoneName === fields.zoneName);
    const fixed: Zone = same ? zone : { name: fields.zoneName, offsetSeconds: fields.offset };
    return { time: new GoTime(seconds, fields.nanosecond, fixed) };
  }
  if (fields.zoneName !== '') {
    const offset = offsetForLocal(zone, local);
    if (new GoTime(local - offset, 0, zone).civil().zoneName === fields.zoneName) {
      return { time: new GoTime(local - offset, fields.nanosecond, zone) };
    }
    const gmt = /^GMT([+-]\d+)$/.exec(fields.zoneName);
    const offsetSeconds = gmt === null ? 0 : Number(gmt[1]) * 3_600;
    return {
      time: new GoTime(local - offsetSeconds, fields.nanosecond, {
        name: fields.zoneName,
        offsetSeconds,
      }),
    };
  }
  return { time: new GoTime(local - offsetForLocal(zone, local), fields.nanosecond, zone) };
}

/** Literal text must match; a run of spaces in the layout matches any run of spaces. */
function skipLiteral(
  value: string,
  literal: string,
): { readonly rest: string; readonly problem: boolean } {
  let rest = value;
  for (let at = 0; at < literal.length; at += 1) {
    if (literal[at] === ' ') {
      if (rest !== '' && rest[0] !== ' ') return { rest, problem: true };
      while (literal[at + 1] === ' ') at += 1;
      rest = rest.replace(/^ +/, '');
      continue;
    }
    if (rest === '' || rest[0] !== literal[at]) return { rest, problem: true };
    rest = rest.slice(1);
  }
  return { rest, problem: false };
}

function take(rest: string, pattern: RegExp): readonly [string, string] {
  const match = pattern.exec(rest);
  if (match === null) throw new Misfit();
  return [match[0], rest.slice(match[0].length)];
}

function number(rest: string, fixed: boolean): readonly [number, string] {
  const [digits, left] = take(rest, fixed ? /^\d{2}/ : /^\d{1,2}/);
  return [Number(digits), left];
}

function name(rest: string, names: readonly string[], length?: number): readonly [number, string] {
  const lower = rest.toLowerCase();
  const at = names.findIndex((candidate) =>
    lower.startsWith(candidate.slice(0, length).toLowerCase()),
  );
  if (at < 0) throw new Misfit();
  return [at, rest.slice((names[at] ?? '').slice(0, length).length)];
}

function within(value: number, least: number, most: number, field: string): void {
  if (value < least || value > most) throw new Misfit(field);
}

function readElement(
  fields: Fields,
  element: string,
  value: string,
  next: { readonly element: string; readonly literal: string } | undefined,
): string {
  let rest = value;
  switch (element) {
    case '2006': {
      const [digits, left] = take(rest, /^\d{4}/);
      fields.year = Number(digits);
      return left;
    }
    case '06': {
      const [digits, left] = take(rest, /^\d{2}/);
      fields.year = Number(digits) + (Number(digits) >= 69 ? 1_900 : 2_000);
      return left;
    }
    case 'Jan':
    case 'January': {
      const [at, left] = name(rest, MONTHS, element === 'Jan' ? 3 : undefined);
      fields.month = at + 1;
      return left;
    }
    case '1':
    case '01':
      [fields.month, rest] = number(rest, element === '01');
      within(fields.month, 1, 12, 'month');
      return rest;
    case 'Mon':
    case 'Monday':
      return name(rest, WEEKDAYS, element === 'Mon' ? 3 : undefined)[1];
    case '2':
    case '_2':
    case '02':
      if (element === '_2') rest = rest.replace(/^ /, '');
      [fields.day, rest] = number(rest, element === '02');
      return rest;
    case '002':
    case '__2': {
      if (element === '__2') rest = rest.replace(/^ {0,2}/, '');
      const [digits, left] = take(rest, element === '002' ? /^\d{3}/ : /^\d{1,3}/);
      fields.yearDay = Number(digits);
      return left;
    }
    case '15':
      [fields.hour, rest] = number(rest, false);
      within(fields.hour, 0, 23, 'hour');
      return rest;
    case '3':
    case '03':
      [fields.hour, rest] = number(rest, element === '03');
      within(fields.hour, 0, 12, 'hour');
      return rest;
    case '4':
    case '04':
      [fields.minute, rest] = number(rest, element === '04');
      within(fields.minute, 0, 59, 'minute');
      return rest;
    case '5':
    case '05':
      [fields.second, rest] = number(rest, element === '05');
      within(fields.second, 0, 59, 'second');
      return /^[.,]\d/.test(rest) && !/^[.,]/.test(next?.element ?? '')
        ? readFraction(fields, rest)
        : rest;
    case 'PM':
    case 'pm': {
      const [half, left] = take(rest, element === 'PM' ? /^[AP]M/ : /^[ap]m/);
      fields.half = half.toUpperCase() === 'PM' ? 'PM' : 'AM';
      return left;
    }
    case 'MST':
      return readZoneName(fields, rest);
    default:
      if (/^[.,]/.test(element)) return readLayoutFraction(fields, element, rest);
      return readOffset(fields, element, rest);
  }
}

function readFraction(fields: Fields, rest: string): string {
  const digits = /^[.,](\d+)/.exec(rest)?.[1] ?? '';
  fields.nanosecond = Number(digits.slice(0, 9).padEnd(9, '0'));
  return rest.slice(digits.length + 1);
}

function readLayoutFraction(fields: Fields, element: string, rest: string): string {
  if (element[1] === '9') return /^[.,]\d/.test(rest) ? readFraction(fields, rest) : rest;
  const [digits] = take(rest, new RegExp(`^[.,]\\d{${Math.min(element.length - 1, 100)}}`));
  fields.nanosecond = Number(digits.slice(1, 10).padEnd(9, '0'));
  return rest.slice(digits.length);
}

function readZoneName(fields: Fields, rest: string): string {
  if (rest.startsWith('UTC')) {
    fields.utc = true;
    return rest.slice(3);
  }
  const match =
    /^(?:ChST|MeST|GMT(?:[+-]\d{1,2})?|WITA|[A-Z]{3,4}T|[A-Z]{3}(?![A-Z])|[+-]\d{2}(?!\d))/.exec(
      rest,
    );
  if (match === null || /^[A-Z]{6}/.test(rest)) throw new Misfit();
  [fields.zoneName] = match;
  return rest.slice(match[0].length);
}

function readOffset(fields: Fields, element: string, rest: string): string {
  if (element.startsWith('Z') && rest.startsWith('Z')) {
    fields.utc = true;
    return rest.slice(1);
  }
  const colon = element.includes(':') ? ':' : '';
  const groups = element.length <= 3 ? 1 : element.length <= 6 ? 2 : 3;
  const pattern = new RegExp(`^[+-]\\d{2}${`${colon}\\d{2}`.repeat(groups - 1)}`);
  const [text, left] = take(rest, pattern);
  const [hours = 0, minutes = 0, seconds = 0] = (text.slice(1).match(/\d{2}/g) ?? []).map(Number);
  within(hours, 0, 24, 'time zone offset hour');
  within(minutes, 0, 60, 'time zone offset minute');
  within(seconds, 0, 60, 'time zone offset second');
  fields.offset = (hours * 60 + minutes) * 60 + seconds;
  if (text.startsWith('-')) fields.offset = -fields.offset;
  return left;
}
