/** The integer types that expressions can meet. */
export type IntKind = 'int' | 'int64' | 'int32' | 'uint8' | 'uint64';

/**
 * An integer of Go. JSON numbers stay JavaScript numbers, they are `float64`.
 *
 * `null` is a nil interface that sits in a container, `undefined` is the untyped nil that a pipeline makes of it.
 */
export class GoInt {
  constructor(
    readonly kind: IntKind,
    readonly value: bigint,
  ) {}

  /** An `int`. */
  static of(value: number): GoInt {
    return new GoInt('int', BigInt(value));
  }
}

/** A `[]string`. */
export class StringList {
  constructor(readonly items: readonly string[]) {}
}

/** A `map[string]string`. */
export class StringTable {
  constructor(readonly entries: ReadonlyMap<string, string>) {}
}

/** A value with methods and a type of its own (times, versions). */
export abstract class GoObject {
  abstract readonly typeName: string;
  abstract readonly kindName: string;
  /** What `fmt` prints for it. */
  abstract toString(): string;
  /** What `encoding/json` makes of it, before quoting. */
  abstract toJsonText(): string;
  /** Equality as `==` of Go sees it. */
  abstract equals(other: GoObject): boolean;
}

/** The nil `[]interface {}`: empty, but encoded as `null`. */
export const NIL_LIST: readonly unknown[] = Object.freeze([]);

/** A JSON object or one made by `dict`; only own properties are its keys. */
export type GoMap = Readonly<Record<string, unknown>>;

/** Whether the value is a `map[string]interface {}`. */
export function isMap(value: unknown): value is GoMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof GoInt) &&
    !(value instanceof StringList) &&
    !(value instanceof StringTable) &&
    !(value instanceof GoObject)
  );
}

/** Whether the value is a slice: `[]interface {}` or `[]string`. */
export function isList(value: unknown): value is readonly unknown[] | StringList {
  return Array.isArray(value) || value instanceof StringList;
}

/** The elements of a slice. */
export function itemsOf(list: readonly unknown[] | StringList): readonly unknown[] {
  return list instanceof StringList ? list.items : list;
}

/** Reads an own key of a map; `undefined` when it is absent. Keys such as `__proto__` are plain data. */
export function ownValue(map: GoMap, key: string): unknown {
  return Object.hasOwn(map, key) ? (map[key] ?? null) : undefined;
}

/** A map that inherits nothing, to be filled with `put`. */
export function newMap(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

/** Sets an own property whatever its name is; `__proto__` becomes data like any other key. */
export function putOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(map, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else map[key] = value;
}

/** The name of the Go type, as `%T` prints it. */
export function typeName(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (value === null || value === undefined) return '<nil>';
  if (value instanceof GoInt) return value.kind;
  if (Array.isArray(value)) return '[]interface {}';
  if (value instanceof StringList) return '[]string';
  if (value instanceof StringTable) return 'map[string]string';
  if (value instanceof GoObject) return value.typeName;
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value;
}

/** The name of the reflection kind. */
export function kindName(value: unknown): string {
  if (value === null || value === undefined) return 'invalid';
  if (value instanceof GoInt) return value.kind;
  if (isList(value)) return 'slice';
  if (value instanceof GoObject) return value.kindName;
  return typeof value === 'object' ? 'map' : typeName(value);
}

/** Truth as `if`, `and` and `not` see it. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.length > 0;
  if (typeof value === 'number') return value !== 0;
  if (value === null || value === undefined) return false;
  if (value instanceof GoInt) return value.value !== 0n;
  if (isList(value)) return itemsOf(value).length > 0;
  if (value instanceof StringTable) return value.entries.size > 0;
  if (value instanceof GoObject) return true;
  return hasOwnKey(value);
}

function hasOwnKey(value: object): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return true;
  return false;
}

/** `reflect.DeepEqual`. */
export function deepEqual(left: unknown, right: unknown, depth = 0): boolean {
  if (left === right) return typeof left !== 'number' || !Number.isNaN(left);
  if (left === null || left === undefined || right === null || right === undefined) {
    return (left ?? null) === (right ?? null);
  }
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  if (depth > 1_000) throw new RangeError('values nest too deeply to compare');
  if (left instanceof GoInt)
    return right instanceof GoInt && left.kind === right.kind && left.value === right.value;
  if (left instanceof GoObject)
    return right instanceof GoObject && left.typeName === right.typeName && left.equals(right);
  if (left instanceof StringTable) {
    if (!(right instanceof StringTable) || left.entries.size !== right.entries.size) return false;
    return [...left.entries].every(([key, value]) => right.entries.get(key) === value);
  }
  if (isList(left)) {
    if (!isList(right) || typeName(left) !== typeName(right)) return false;
    if ((left === NIL_LIST) !== (right === NIL_LIST)) return false;
    const a = itemsOf(left);
    const b = itemsOf(right);
    return a.length === b.length && a.every((item, at) => deepEqual(item, b[at], depth + 1));
  }
  if (!isMap(left) || !isMap(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every(
    (key) => Object.hasOwn(right, key) && deepEqual(left[key], right[key], depth + 1),
  );
}
