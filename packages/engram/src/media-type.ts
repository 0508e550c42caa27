import { trimSpace } from '@engramkit/core';

const TOKEN = /^[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+/;
const SPACE_BEFORE = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const ESCAPABLE = '()<>@,;:\\"/[]?=';

/**
 * The media type of a `Content-Type` text in lower case, without parameters; `undefined` when the text is not well formed.
 *
 * Takes and refuses what Go's `mime.ParseMediaType` takes and refuses, as peers do: a type without a slash passes, a semicolon
 * at the end passes, a parameter without a value or given twice with different values does not.
 * Source: bobrapet-streaming section 4.4, rule 23.
 */
export function mediaTypeOf(text: string): string | undefined {
  const semicolon = text.indexOf(';');
  const base = semicolon === -1 ? text : text.slice(0, semicolon);
  const type = trimSpace(base.toLowerCase());
  if (!isType(type)) return undefined;
  return hasWellFormedParameters(text.slice(base.length)) ? type : undefined;
}

function isType(type: string): boolean {
  const main = token(type);
  if (main === '') return false;
  if (main.length === type.length) return true;
  const rest = type.slice(main.length);
  const sub = token(rest.slice(1));
  return rest.startsWith('/') && sub !== '' && sub.length === rest.length - 1;
}

function hasWellFormedParameters(text: string): boolean {
  const seen = new Map<string, string>();
  let rest = text;
  for (;;) {
    rest = afterSpace(rest);
    if (rest === '') return true;
    const parameter = consumeParameter(rest);
    if (parameter === undefined) return trimSpace(rest) === ';';
    const { name, value } = parameter;
    const earlier = seen.get(name);
    if (earlier !== undefined && earlier !== value) return false;
    seen.set(name, value);
    rest = parameter.rest;
  }
}

function consumeParameter(
  text: string,
): { readonly name: string; readonly value: string; readonly rest: string } | undefined {
  if (!text.startsWith(';')) return undefined;
  const named = afterSpace(text.slice(1));
  const name = token(named);
  const assigned = afterSpace(named.slice(name.length));
  if (name === '' || !assigned.startsWith('=')) return undefined;
  const given = afterSpace(assigned.slice(1));
  const taken = given.startsWith('"') ? quoted(given) : unquoted(given);
  return taken === undefined ? undefined : { name: name.toLowerCase(), ...taken };
}

function unquoted(text: string): { readonly value: string; readonly rest: string } | undefined {
  const value = token(text);
  return value === '' ? undefined : { value, rest: text.slice(value.length) };
}

/** A backslash escapes only where it is needed, so that paths of old browsers survive. */
function quoted(text: string): { readonly value: string; readonly rest: string } | undefined {
  let value = '';
  for (let index = 1; index < text.length; index++) {
    const unit = text.charAt(index);
    if (unit === '"') return { value, rest: text.slice(index + 1) };
    if (unit === '\r' || unit === '\n') return undefined;
    const next = text.charAt(index + 1);
    if (unit === '\\' && next !== '' && ESCAPABLE.includes(next)) {
      value += next;
      index++;
    } else {
      value += unit;
    }
  }
  return undefined;
}

function token(text: string): string {
  return TOKEN.exec(text)?.[0] ?? '';
}

function afterSpace(text: string): string {
  return text.replace(SPACE_BEFORE, '');
}
