import type { DecodingPlan } from './decoding-schema.js';
import { putMember } from './json-diagnosis.js';
import { isScalarType, zeroScalars } from './weak-scalar.js';

/** Whether the value has members. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Dates, maps, functions and the like come from callers in the same process: the schema decides about them. */
export function isJsonKind(value: unknown): boolean {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value);
    return (
      prototype === null ||
      prototype === Object.prototype ||
      Object.getPrototypeOf(prototype) === null
    );
  }
  return typeof value !== 'function' && typeof value !== 'symbol' && typeof value !== 'bigint';
}

/** Whether the value is of a JSON Schema type as it is. */
export function hasType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

/** Whether a scalar is of its type already, so that nothing remains to be done or to be checked. */
export function isSettled(plan: DecodingPlan, type: string, value: unknown): boolean {
  if (type === 'string') return plan.format !== 'duration' && plan.format !== 'go-duration';
  if (type === 'integer') return Number.isSafeInteger(value) && value !== 0; // Zero may be negative.
  return type === 'boolean' || (type === 'number' && Number.isFinite(value));
}

/** A copy of the named members. */
export function membersOf(
  object: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const key of keys) putMember(members, key, object[key]);
  return members;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'a boolean',
  array: 'a list',
  object: 'an object',
};

/** The types in words, for messages. */
export function typeWords(types: readonly string[]): string {
  return types.map((type) => TYPE_WORDS[type] ?? type).join(' or ');
}

const MAX_UNION_NESTING = 32;

/** Whether an alternative takes a value of this kind without conversion. */
export function couldBe(plan: DecodingPlan, value: unknown, nesting: number): boolean {
  if (plan.types.length > 0) return plan.types.some((type) => hasType(value, type));
  if (plan.unions.length === 0 || nesting > MAX_UNION_NESTING) return !plan.nullable;
  return plan.unions.every((union) =>
    union.some((branch) => couldBe(branch.plan(), value, nesting + 1)),
  );
}

/** Whether null is a value of its own at a place. */
export function acceptsNull(plan: DecodingPlan, nesting: number): boolean {
  if (plan.nullable || plan.allowed?.has('null') === true) return true;
  if (plan.types.length > 0) return false;
  if (plan.unions.length === 0 || nesting > MAX_UNION_NESTING) return plan.allowed === undefined;
  return plan.unions.every((union) =>
    union.some((branch) => acceptsNull(branch.plan(), nesting + 1)),
  );
}

/** What null stands for where something must be. Source: bobrapet-batch section 2.5. */
export function zeroValue(plan: DecodingPlan, value: null | undefined): unknown {
  const [type] = plan.types;
  if (type === undefined) return value;
  if (type === 'object') return {};
  if (type === 'array') return [];
  if (plan.format === 'duration' || plan.format === 'go-duration') return '0s';
  return isScalarType(type) ? zeroScalars[type] : value;
}
