import { FunctionError } from '../errors.js';
import { deepEqual, isTrue, kindName, typeName } from '../go/values.js';
import { type FunctionTable, fn, text } from './signature.js';

/** Defaults, types and control. Source: template section 6. */
export const CHOICES: FunctionTable = {
  default: fn('any ...any', (args) => (args.length > 1 && isTrue(args[1]) ? args[1] : args[0])),
  empty: fn('any', ([value]) => !isTrue(value)),
  coalesce: fn('...any', (args) => args.find((value) => isTrue(value)) ?? null),
  all: fn('...any', (args) => args.every((value) => isTrue(value))),
  any: fn('...any', (args) => args.some((value) => isTrue(value))),
  ternary: fn('any any bool', ([yes, no, condition]) => (condition === true ? yes : no)),
  typeOf: fn('any', ([value]) => typeName(value)),
  typeIs: fn('string any', (args) => text(args, 0) === typeName(args[1])),
  typeIsLike: fn(
    'string any',
    (args) => text(args, 0) === typeName(args[1]) || `*${text(args, 0)}` === typeName(args[1]),
  ),
  kindOf: fn('any', ([value]) => kindName(value)),
  kindIs: fn('string any', (args) => text(args, 0) === kindName(args[1])),
  deepEqual: fn('any any', ([left, right]) => deepEqual(left, right)),
  fail: fn('string', (args) => {
    throw new FunctionError(text(args, 0));
  }),
};
