import type { JsonValue } from '@engramkit/core';
import { isJsonArray } from './json-array.js';

const HTML = /[<>&\u2028\u2029]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const SURROGATE = /[\ud800-\udfff]/;
const NEEDS_CARE = /[<>&\u2028\u2029\ud800-\udfff]/;

/**
 * The JSON text that the operator and its SDK write for a value: keys in the order of their UTF-8 bytes, no white space, and
 * `<`, `>`, `&`, U+2028 and U+2029 escaped.
 *
 * It decides thresholds, hashes and stored bytes. Source: bobrapet-batch section 4.4.
 */
export function goJson(value: JsonValue): string {
  if (typeof value === 'string') return textOf(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isJsonArray(value)) return `[${value.map((item: JsonValue) => goJson(item)).join(',')}]`;
  const members = orderedKeys(value).map((key) => `${textOf(key)}:${goJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** The bytes of {@link goJson}, without writing it; at least `limit + 1` when there are more than `limit`. */
export function goJsonSize(value: JsonValue, limit = Number.POSITIVE_INFINITY): number {
  let size = 0;
  const visit = (item: JsonValue): void => {
    if (size > limit) return;
    if (typeof item === 'string') size += textSize(item);
    else if (typeof item !== 'object' || item === null) size += JSON.stringify(item).length;
    else if (isJsonArray(item)) {
      size += Math.max(2, item.length + 1);
      for (const element of item) visit(element);
    } else {
      const keys = Object.keys(item);
      size += Math.max(2, keys.length + 1);
      for (const key of keys) {
        size += textSize(key) + 1;
        visit(item[key] ?? null);
        if (size > limit) return;
      }
    }
  };
  visit(value);
  return size;
}

function orderedKeys(object: Readonly<Record<string, JsonValue>>): string[] {
  const keys = Object.keys(object);
  // UTF-16 order is that of UTF-8 unless a character beyond the basic plane is involved.
  return keys.some((key) => SURROGATE.test(key))
    ? keys.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    : keys.sort();
}

function textOf(text: string): string {
  const written = JSON.stringify(NEEDS_CARE.test(text) ? wellFormed(text) : text);
  return written.replace(
    HTML,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function textSize(text: string): number {
  return Buffer.byteLength(textOf(text));
}

/** A lone surrogate is no character; UTF-8 writes U+FFFD for it. */
function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATE, '\ufffd');
}
