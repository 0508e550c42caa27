import type { CanonicalizationError } from './canonical-error.js';
import { compareCodePoints, type KeyOrder } from './key-order.js';
import { pythonFloatText } from './number-text.js';
import { isPyFloat, type PyDict, type PyKey } from './py-values.js';

/** How the caller words its refusals. */
interface Refusals {
  /** For a key that no dict of JSON can have. */
  readonly fail: (kind: string) => CanonicalizationError;
  /** For keys of kinds that Python cannot compare. */
  readonly uncomparable: (message: string) => CanonicalizationError;
}

/**
 * The entries of a dict in the order in which they are written, with the texts of their keys.
 *
 * Python sorts the keys themselves, not their texts: numbers and booleans by value, strings by code point; kinds that do not
 * compare are refused. Other schemes know string keys only. Source: function-descriptor section 3.4.
 */
export function orderedEntries(
  dict: PyDict,
  order: KeyOrder,
  isPython: boolean,
  refusals: Refusals,
): (readonly [string, unknown])[] {
  const texts = new Set<string>();
  for (const [key] of dict.entries) {
    const kind = keyKind(key);
    if (kind === 'other') throw refusals.fail(pythonTypeName(key));
    if (!isPython && kind !== 'str') throw refusals.fail(`${kind} outside of Python`);
    const text = keyText(key);
    if (texts.has(text)) throw refusals.fail(`used twice (${JSON.stringify(text)})`);
    texts.add(text);
  }
  const entries = dict.entries.slice();
  if (order === 'code-unit') {
    entries.sort(([left], [right]) => (String(left) < String(right) ? -1 : 1));
  } else if (order !== 'insertion') {
    entries.sort(([left], [right]) => compareKeys(left, right, refusals));
  }
  return entries.map(([key, member]) => [keyText(key), member] as const);
}

type KeyKind = 'str' | 'int' | 'float' | 'bool' | 'NoneType' | 'other';

function keyKind(key: unknown): KeyKind {
  switch (typeof key) {
    case 'string':
      return 'str';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isSafeInteger(key) && !Object.is(key, -0) ? 'int' : 'float';
    case 'object':
      return key === null ? 'NoneType' : isPyFloat(key) ? 'float' : 'other';
    default:
      return 'other';
  }
}

function pythonTypeName(key: unknown): string {
  if (Array.isArray(key)) return 'tuple';
  if (key instanceof Uint8Array) return 'bytes';
  return typeof key === 'object' ? (key?.constructor?.name ?? 'object') : typeof key;
}

function compareKeys(left: PyKey, right: PyKey, refusals: Refusals): number {
  if (typeof left === 'string' && typeof right === 'string') return compareCodePoints(left, right);
  const [one, other] = [numeric(left), numeric(right)];
  if (one === undefined || other === undefined) {
    throw refusals.uncomparable(
      `'<' not supported between instances of '${keyKind(left)}' and '${keyKind(right)}'`,
    );
  }
  return one < other ? -1 : one > other ? 1 : 0;
}

function numeric(key: PyKey): number | bigint | undefined {
  if (typeof key === 'boolean') return key ? 1 : 0;
  if (typeof key === 'number' || typeof key === 'bigint') return key;
  return typeof key === 'object' && key !== null ? key.value : undefined;
}

function keyText(key: PyKey): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'object' && key !== null) return pythonFloatText(key.value);
  return keyKind(key) === 'float' ? pythonFloatText(Number(key)) : String(key);
}
