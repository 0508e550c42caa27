import { FunctionError, FunctionLimitError } from '../errors.js';
import { compareText } from '../go/bytes.js';
import { printValue } from '../go/format.js';
import {
  deepEqual,
  isList,
  isTrue,
  itemsOf,
  kindName,
  NIL_LIST,
  StringList,
} from '../go/values.js';
import { toInt64 } from './numbers.js';
import {
  type FunctionEnvironment,
  type FunctionTable,
  fn,
  type TemplateFunction,
} from './signature.js';
import { texts } from './text.js';

const NIL_DEREFERENCE = 'runtime error: invalid memory address or nil pointer dereference';

/** The elements of a list argument; `problem` names what cannot be done with anything else. */
function list(value: unknown, problem: string): readonly unknown[] {
  if (value === null) throw new FunctionError(NIL_DEREFERENCE);
  if (!isList(value)) throw new FunctionError(`${problem} ${kindName(value)}`);
  return itemsOf(value);
}

function bounded(items: readonly unknown[], environment: FunctionEnvironment): readonly unknown[] {
  if (items.length > environment.largestValue) throw new FunctionLimitError('list is too long');
  return items;
}

function unique(items: readonly unknown[], environment: FunctionEnvironment): readonly unknown[] {
  const found: unknown[] = [];
  const seen = new Set<unknown>();
  for (const item of items) {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
      // Not-a-number equals nothing, not even itself, so it is never a duplicate.
      if (seen.has(item) && !Number.isNaN(item)) continue;
      seen.add(item);
    } else {
      // Comparing each with each takes long for long lists.
      environment.checkpoint();
      if (found.some((known) => deepEqual(known, item))) continue;
    }
    found.push(item);
  }
  return found;
}

function slice(args: readonly unknown[]): unknown {
  const [value, from, to] = args;
  const items = list(value, 'list should be type of slice or array but');
  if (items.length === 0) return null;
  const start = args.length > 1 ? Number(toInt64(from)) : 0;
  const end = args.length > 2 ? Number(toInt64(to)) : items.length;
  if (start < 0 || end < start || end > items.length) {
    throw new FunctionError('reflect.Value.Slice: slice index out of bounds');
  }
  return value instanceof StringList
    ? new StringList(value.items.slice(start, end))
    : items.slice(start, end);
}

function sorted(value: unknown): StringList {
  return new StringList(isList(value) ? [...texts(value)].sort(compareText) : [printValue(value)]);
}

const push = fn('any any', ([value, item], environment) =>
  bounded([...list(value, 'Cannot push on type'), item], environment),
);
const prepend = fn('any any', ([value, item], environment) =>
  bounded([item, ...list(value, 'Cannot prepend on type')], environment),
);
const first = fn('any', ([value]) => list(value, 'Cannot find first on type')[0] ?? null);
const last = fn('any', ([value]) => list(value, 'Cannot find last on type').at(-1) ?? null);
const rest = fn('any', ([value]) => {
  const items = list(value, 'Cannot find rest on type');
  return items.length === 0 ? NIL_LIST : items.slice(1);
});
const initial = fn('any', ([value]) => {
  const items = list(value, 'Cannot find initial on type');
  return items.length === 0 ? NIL_LIST : items.slice(0, -1);
});
const reverse = fn('any', ([value]) => [...list(value, 'Cannot find reverse on type')].reverse());
const uniq = fn('any', ([value], environment) =>
  unique(list(value, 'Cannot find uniq on type'), environment),
);
const compact = fn('any', ([value]) =>
  list(value, 'Cannot compact on type').filter((item) => isTrue(item)),
);
const without = fn('any ...any', ([value, ...omitted]) => {
  return list(value, 'Cannot find without on type').filter(
    (item) => !omitted.some((other) => deepEqual(item, other)),
  );
});
const has = fn('any any', ([needle, value]) => {
  return (
    value !== null && list(value, 'Cannot find has on type').some((item) => deepEqual(needle, item))
  );
});
const makeList: TemplateFunction = fn('...any', (args) => [...args]);
const cut = fn('any ...any', slice);

/** Functions on lists. Source: template section 6. */
export const LISTS: FunctionTable = {
  list: makeList,
  tuple: makeList,
  append: push,
  push,
  mustAppend: push,
  mustPush: push,
  prepend,
  mustPrepend: prepend,
  first,
  mustFirst: first,
  last,
  mustLast: last,
  rest,
  mustRest: rest,
  initial,
  mustInitial: initial,
  reverse,
  mustReverse: reverse,
  uniq,
  mustUniq: uniq,
  compact,
  mustCompact: compact,
  without,
  mustWithout: without,
  has,
  mustHas: has,
  slice: cut,
  mustSlice: cut,
  concat: fn('...any', (lists, environment) => {
    const items: unknown[] = [];
    for (const value of lists) {
      if (value === null) throw new FunctionError(NIL_DEREFERENCE);
      if (!isList(value)) throw new FunctionError(`Cannot concat type ${kindName(value)} as list`);
      for (const item of itemsOf(value)) items.push(item);
      bounded(items, environment);
    }
    return items.length === 0 ? NIL_LIST : items;
  }),
  sortAlpha: fn('any', ([value]) => sorted(value)),
};
