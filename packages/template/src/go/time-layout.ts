import type { Civil } from './time.js';

export const MONTHS =
  'January February March April May June July August September October November December'.split(
    ' ',
  );
export const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** One piece of a layout: literal text, or the element that the reference time stands for. */
export interface LayoutPart {
  readonly literal: string;
  /** The element's text as written, empty at the end of the layout. */
  readonly element: string;
}

/** The elements in the order in which they are tried; the names of months and days must not run on in lower case. */
const ELEMENT =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|2|_2(?=006)|_2|__2|3|4|5|PM|pm|[-Z]070000|[-Z]07:00:00|[-Z]0700|[-Z]07:00|[-Z]07|[.,](?:0+|9+)(?!\d)/g;

const layouts = new Map<string, readonly LayoutPart[]>();

/** Splits a Go layout such as `2006-01-02` into its elements. */
export function layoutParts(layout: string): readonly LayoutPart[] {
  const known = layouts.get(layout);
  if (known !== undefined) return known;
  const parts: LayoutPart[] = [];
  let from = 0;
  ELEMENT.lastIndex = 0;
  for (let match = ELEMENT.exec(layout); match !== null; match = ELEMENT.exec(layout)) {
    let [element] = match;
    let at = match.index;
    if (element === '_2' && layout.startsWith('_2006', at)) {
      element = '2006';
      at += 1;
      ELEMENT.lastIndex = at + 4;
    }
    parts.push({ literal: layout.slice(from, at), element });
    from = at + element.length;
  }
  parts.push({ literal: layout.slice(from), element: '' });
  if (layouts.size < 200) layouts.set(layout, parts);
  return parts;
}

/** `time.Format`. */
export function formatTime(time: Civil, layout: string): string {
  let out = '';
  for (const { literal, element } of layoutParts(layout))
    out += literal + (element === '' ? '' : show(time, element));
  return out;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function show(time: Civil, element: string): string {
  const hour12 = time.hour % 12 === 0 ? 12 : time.hour % 12;
  switch (element) {
    case '2006':
      return time.year < 0
        ? `-${String(-time.year).padStart(4, '0')}`
        : String(time.year).padStart(4, '0');
    case '06':
      return two(Math.abs(time.year) % 100);
    case '01':
      return two(time.month);
    case '1':
      return String(time.month);
    case 'Jan':
      return (MONTHS[time.month - 1] ?? '').slice(0, 3);
    case 'January':
      return MONTHS[time.month - 1] ?? '';
    case '02':
      return two(time.day);
    case '2':
      return String(time.day);
    case '_2':
      return String(time.day).padStart(2, ' ');
    case '002':
      return String(time.yearDay).padStart(3, '0');
    case '__2':
      return String(time.yearDay).padStart(3, ' ');
    case 'Mon':
      return (WEEKDAYS[time.weekday] ?? '').slice(0, 3);
    case 'Monday':
      return WEEKDAYS[time.weekday] ?? '';
    case '15':
      return two(time.hour);
    case '03':
      return two(hour12);
    case '3':
      return String(hour12);
    case '04':
      return two(time.minute);
    case '4':
      return String(time.minute);
    case '05':
      return two(time.second);
    case '5':
      return String(time.second);
    case 'PM':
      return time.hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return time.hour >= 12 ? 'pm' : 'am';
    case 'MST':
      return time.zoneName === '' ? showOffset(time.offsetSeconds, '-0700') : time.zoneName;
    default:
      return element.startsWith('.') || element.startsWith(',')
        ? showFraction(time.nanosecond, element)
        : showOffset(time.offsetSeconds, element);
  }
}

function showOffset(offsetSeconds: number, element: string): string {
  if (element.startsWith('Z') && offsetSeconds === 0) return 'Z';
  const minutes = Math.trunc(offsetSeconds / 60);
  const size = Math.abs(minutes);
  const colon = element.includes(':') ? ':' : '';
  let out = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}`;
  if (element.length > 3) out += colon + two(size % 60);
  if (element.length > 6) out += colon + two(Math.abs(offsetSeconds) % 60);
  return out;
}

function showFraction(nanosecond: number, element: string): string {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .slice(0, element.length - 1)
    .padEnd(element.length - 1, '0');
  if (element[1] === '0') return element.slice(0, 1) + digits;
  const shown = digits.replace(/0+$/, '');
  return shown === '' ? '' : element.slice(0, 1) + shown;
}
