import type { JsonValue } from '@engramkit/core';
import { isJsonArray } from './json-array.js';
import { StorageError } from './storage-error.js';

/** One step into a value. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'every' };

const MOST_STEPS = 256;

/**
 * The part of a value that a `$bubuStoragePath` names: `items[0].name`, `items[*].id`.
 *
 * After `[*]` what is missing is `null`; elsewhere a missing field or index, or a wrong container, is an error. Source:
 * bobrapet-batch section 4.5.
 */
export function selectPath(value: JsonValue, path: string): JsonValue {
  return follow(value, parsePath(path), 0, path, false);
}

function parsePath(path: string): readonly Step[] {
  const refuse = (reason: string): never => {
    throw invalid(path, reason);
  };
  const steps: Step[] = [];
  let at = 0;
  while (at < path.length) {
    if (steps.length >= MOST_STEPS) refuse(`it has more than ${MOST_STEPS} steps`);
    if (path[at] === '.') {
      at++;
    } else if (path[at] === '[') {
      const end = path.indexOf(']', at);
      if (end < 0) refuse('a ] is missing');
      const inner = path.slice(at + 1, end).trim();
      if (inner === '*') steps.push({ kind: 'every' });
      else if (/^[0-9]{1,9}$/.test(inner)) steps.push({ kind: 'index', index: Number(inner) });
      else refuse('an index must be a number or *');
      at = end + 1;
    } else {
      const rest = path.slice(at).search(/[.[]/);
      const end = rest < 0 ? path.length : at + rest;
      const name = path.slice(at, end).trim();
      if (name === '') refuse('a field has no name');
      steps.push({ kind: 'field', name });
      at = end;
    }
  }
  return steps;
}

function follow(
  value: JsonValue,
  steps: readonly Step[],
  at: number,
  path: string,
  lenient: boolean,
): JsonValue {
  const step = steps[at];
  if (step === undefined) return value;
  const missing = (reason: string): JsonValue => {
    if (lenient) return null;
    throw invalid(path, reason);
  };
  if (step.kind === 'field') {
    if (typeof value !== 'object' || value === null || isJsonArray(value)) {
      return missing(`the value is no object where the field ${JSON.stringify(step.name)} is read`);
    }
    const member = Object.hasOwn(value, step.name) ? value[step.name] : undefined;
    if (member === undefined) return missing(`there is no field ${JSON.stringify(step.name)}`);
    return follow(member, steps, at + 1, path, lenient);
  }
  if (!isJsonArray(value)) return missing('the value is no array where an index is read');
  if (step.kind === 'every') {
    return value.map((item: JsonValue) => follow(item, steps, at + 1, path, true));
  }
  const item: JsonValue | undefined = value[step.index];
  if (item === undefined) return missing(`there is no index ${step.index}`);
  return follow(item, steps, at + 1, path, lenient);
}

function invalid(path: string, reason: string): StorageError {
  return new StorageError(
    `storage path ${JSON.stringify(path.slice(0, 200))} cannot be followed: ${reason}`,
    {
      code: 'STORAGE_REFERENCE_INVALID',
      details: { path: path.slice(0, 200) },
      hint: 'Compare the path with what the earlier step really returned.',
    },
  );
}
