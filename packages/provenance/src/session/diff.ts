import type { JsonValue } from '@engramkit/core';
import { compareCodePoints, pythonEquals, pythonStr } from './python-text.js';
import { isMap, type RecordedMap, type RecordedValue, toPlainJson } from './recorded-value.js';

/** One step of a JSON Patch. Source: RFC 6902. */
export type DiffOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'replace'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string };

/**
 * One line that says what differs between two states, member by member: `replicas: 0 -> 2 | zone: changed`.
 *
 * `no change` when the states are equal by Python's rules. Source: provenance section 5.
 */
export function summarizeDiff(before: RecordedMap, after: RecordedMap): string {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(
    compareCodePoints,
  );
  const parts: string[] = [];
  for (const key of keys) {
    const left = Object.hasOwn(before, key) ? before[key] : undefined;
    const right = Object.hasOwn(after, key) ? after[key] : undefined;
    if (pythonEquals(left, right)) continue;
    parts.push(
      isScalar(left) || isScalar(right)
        ? `${key}: ${pythonStr(left)} -> ${pythonStr(right)}`
        : `${key}: changed`,
    );
  }
  return parts.length === 0 ? 'no change' : parts.join(' | ');
}

/**
 * The JSON Patch (RFC 6902) that turns `before` into `after`; empty when they are equal.
 *
 * Objects are compared member by member, arrays item by item: items past the end are added or removed there.
 */
export function diffOperations(before: RecordedMap, after: RecordedMap): readonly DiffOperation[] {
  const operations: DiffOperation[] = [];
  compare(before, after, '', operations);
  return operations;
}

function compare(
  before: RecordedValue,
  after: RecordedValue,
  path: string,
  operations: DiffOperation[],
): void {
  if (isMap(before) && isMap(after)) {
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(after, key)) operations.push({ op: 'remove', path: at(path, key) });
    }
    for (const key of Object.keys(after)) {
      const value = after[key];
      if (value === undefined) continue;
      const old = Object.hasOwn(before, key) ? before[key] : undefined;
      if (old === undefined) {
        operations.push({ op: 'add', path: at(path, key), value: toPlainJson(value) });
      } else compare(old, value, at(path, key), operations);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    compareItems(before, after, path, operations);
    return;
  }
  const left = toPlainJson(before);
  const right = toPlainJson(after);
  if (left !== right) operations.push({ op: 'replace', path, value: right });
}

function compareItems(
  before: readonly RecordedValue[],
  after: readonly RecordedValue[],
  path: string,
  operations: DiffOperation[],
): void {
  const shared = Math.min(before.length, after.length);
  for (let index = 0; index < shared; index += 1) {
    compare(before[index] ?? null, after[index] ?? null, at(path, String(index)), operations);
  }
  for (let index = before.length - 1; index >= shared; index -= 1) {
    operations.push({ op: 'remove', path: at(path, String(index)) });
  }
  for (let index = shared; index < after.length; index += 1) {
    operations.push({ op: 'add', path: at(path, '-'), value: toPlainJson(after[index] ?? null) });
  }
}

function at(path: string, key: string): string {
  return `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function isScalar(value: RecordedValue | undefined): boolean {
  return value !== null && value !== undefined && !Array.isArray(value) && !isMap(value);
}
