import { FunctionError } from '../errors.js';
import { compareText } from '../go/bytes.js';
import { printValue } from '../go/format.js';
import { sprintf } from '../go/printf.js';
import { GoInt, GoObject, isTrue, kindName, NIL_LIST, typeName } from '../go/values.js';
import { type FunctionTable, fn } from './signature.js';

type BasicKind = 'bool' | 'int' | 'uint' | 'float' | 'string' | undefined;

function basicKind(value: unknown): BasicKind {
  if (typeof value === 'number') return 'float';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof GoInt) return value.kind.startsWith('u') ? 'uint' : 'int';
  return undefined;
}

function isWhole(kind: BasicKind): boolean {
  return kind === 'int' || kind === 'uint';
}

function comparable(value: unknown): unknown {
  return value instanceof GoInt ? value.value : value;
}

function isEqual(left: unknown, right: unknown): boolean {
  const leftKind = basicKind(left);
  const rightKind = basicKind(right);
  if (leftKind !== undefined && leftKind === rightKind)
    return comparable(left) === comparable(right);
  if (isWhole(leftKind) && isWhole(rightKind)) return comparable(left) === comparable(right);
  const present = left !== undefined && right !== undefined;
  if (leftKind !== rightKind) {
    if (present)
      throw new FunctionError(
        `incompatible types for comparison: ${typeName(left)} and ${typeName(right)}`,
      );
    return false;
  }
  if (present && kindName(left) !== kindName(right)) {
    const [shown, type] = [printPlain(left), typeName(left)];
    throw new FunctionError(
      `non-comparable types ${shown}: ${type}, ${typeName(right)}: ${printValue(right)}`,
    );
  }
  if (isNil(left) || isNil(right)) return isNil(left) === isNil(right);
  if (left instanceof GoObject && right instanceof GoObject)
    return left === right || (left.kindName === 'struct' && left.equals(right));
  throw new FunctionError(`non-comparable type ${printPlain(right)}: ${typeName(right)}`);
}

function printPlain(value: unknown): string {
  return sprintf('%s', [value]);
}

function isNil(value: unknown): boolean {
  return value === undefined || value === null || value === NIL_LIST;
}

function equalsAny(args: readonly unknown[]): boolean {
  if (args.length < 2) throw new FunctionError('missing argument for comparison');
  const [first, ...others] = args;
  return others.some((other) => isEqual(first, other));
}

function isLess(left: unknown, right: unknown): boolean {
  const leftKind = basicKind(left);
  const rightKind = basicKind(right);
  if (leftKind === undefined || rightKind === undefined)
    throw new FunctionError('invalid type for comparison');
  if (leftKind !== rightKind && !(isWhole(leftKind) && isWhole(rightKind))) {
    throw new FunctionError(
      `incompatible types for comparison: ${typeName(left)} and ${typeName(right)}`,
    );
  }
  if (leftKind === 'bool') throw new FunctionError('invalid type for comparison');
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right) < 0;
  return (comparable(left) as number | bigint) < (comparable(right) as number | bigint);
}

/** `eq ne lt le gt ge not`; `and` and `or` are part of the evaluator, because they do not evaluate all arguments. */
export const COMPARISON: FunctionTable = {
  eq: fn('value ...value', equalsAny),
  ne: fn('value value', (args) => !equalsAny(args)),
  lt: fn('value value', ([a, b]) => isLess(a, b)),
  le: fn('value value', ([a, b]) => isLess(a, b) || isEqual(a, b)),
  gt: fn('value value', ([a, b]) => !(isLess(a, b) || isEqual(a, b))),
  ge: fn('value value', ([a, b]) => !isLess(a, b)),
  not: fn('value', ([value]) => !isTrue(value)),
};
