import { FunctionError } from '../errors.js';
import { printValue } from '../go/format.js';
import { sortedKeys } from '../go/quote.js';
import { type GoMap, isMap, newMap, ownValue, StringList, typeName } from '../go/values.js';
import { type FunctionTable, fn, text } from './signature.js';

function map(args: readonly unknown[], at: number): GoMap {
  return args[at] as GoMap;
}

function dict(args: readonly unknown[]): GoMap {
  const made = newMap();
  for (let at = 0; at < args.length; at += 2)
    made[printValue(args[at])] = at + 1 < args.length ? args[at + 1] : '';
  return made;
}

function asserted(value: unknown, wanted: string): FunctionError {
  const found = value === null ? 'nil' : typeName(value);
  return new FunctionError(`interface conversion: interface {} is ${found}, not ${wanted}`);
}

function dig(args: readonly unknown[]): unknown {
  if (args.length < 3) throw new FunctionError('dig needs at least three arguments');
  let current = args.at(-1);
  if (!isMap(current)) throw asserted(current, 'map[string]interface {}');
  const keys = args.slice(0, -2).map((key) => {
    if (typeof key !== 'string') throw asserted(key, 'string');
    return key;
  });
  for (const key of keys) {
    if (!isMap(current)) throw asserted(current, 'map[string]interface {}');
    const next: unknown = ownValue(current, key);
    if (next === undefined) return args.at(-2);
    current = next;
  }
  return current;
}

function pick(source: GoMap, keys: Iterable<string>): GoMap {
  const made = newMap();
  for (const key of keys) {
    const value = ownValue(source, key);
    if (value !== undefined) made[key] = value;
  }
  return made;
}

/** Functions on objects; where Go's order is random, keys are in sorted order here. Source: template section 6. */
export const MAPS: FunctionTable = {
  dict: fn('...any', dict),
  get: fn(
    'map string',
    (args) =>
      ownValue(map(args, 0), text(args, 1)) ??
      (Object.hasOwn(map(args, 0), text(args, 1)) ? null : ''),
  ),
  hasKey: fn('map string', (args) => Object.hasOwn(map(args, 0), text(args, 1))),
  pluck: fn('string ...map', (args) => {
    const found: unknown[] = [];
    for (const source of args.slice(1)) {
      const value = ownValue(source as GoMap, text(args, 0));
      if (value !== undefined) found.push(value);
    }
    return found;
  }),
  keys: fn(
    '...map',
    (args) => new StringList(args.flatMap((source) => sortedKeys(source as GoMap))),
  ),
  values: fn('map', (args) => sortedKeys(map(args, 0)).map((key) => map(args, 0)[key] ?? null)),
  pick: fn('map ...string', (args) => pick(map(args, 0), args.slice(1) as readonly string[])),
  omit: fn('map ...string', (args) => {
    const omitted = new Set(args.slice(1));
    return pick(
      map(args, 0),
      Object.keys(map(args, 0)).filter((key) => !omitted.has(key)),
    );
  }),
  dig: fn('...any', dig),
};
