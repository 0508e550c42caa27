import type { JsonValue } from 'engramkit';

/** Which value to take out of which item. */
export interface Selection {
  /** The list to look through, such as `data.channels`; the root itself when absent. */
  readonly itemsPath?: string | undefined;
  /** The path within an item that is compared; the first item is taken when absent. */
  readonly matchField?: string | undefined;
  readonly matchValue?: string | undefined;
  /** The path within the item that is taken; the whole item when absent. */
  readonly valuePath?: string | undefined;
  /** The key of the result; default `value`. */
  readonly outputKey?: string | undefined;
  /** Whether the whole item goes along under `item`. */
  readonly includeItem?: boolean | undefined;
  /** Whether it is an error when nothing matches; default yes. */
  readonly requireMatch?: boolean | undefined;
}

/** The selected value under its key. */
export type Selected = Readonly<Record<string, JsonValue>>;

/**
 * Applies a selection to a payload.
 *
 * Throws an `Error` whose text says which path or match was not there.
 */
export function select(root: JsonValue, selection: Selection): Selected {
  const itemsPath = selection.itemsPath?.trim() ?? '';
  const items = itemsPath === '' ? root : valueAt(root, itemsPath);
  if (items === undefined) throw new Error(`itemsPath not found: ${itemsPath}`);
  if (!Array.isArray(items)) throw new Error(`itemsPath is not a list: ${itemsPath}`);

  const field = selection.matchField?.trim() ?? '';
  const wanted = selection.matchValue ?? '';
  const item = items.filter(isObject).find((candidate) => {
    if (field === '') return true;
    const found = valueAt(candidate, field);
    return found !== undefined && textOf(found) === wanted;
  });
  if (item === undefined) {
    if (selection.requireMatch === false) return {};
    throw new Error(`no match for ${field}=${JSON.stringify(wanted)}`);
  }

  const valuePath = selection.valuePath?.trim() ?? '';
  const value = valuePath === '' ? item : valueAt(item, valuePath);
  if (value === undefined) throw new Error(`valuePath not found: ${valuePath}`);
  return {
    [selection.outputKey?.trim() || 'value']: value,
    ...(selection.includeItem === true ? { item } : {}),
  };
}

/**
 * Follows a path such as `a.b[2].c`; `undefined` when a part is missing or the path makes no sense.
 *
 * Only own members count, so that no path reaches a prototype.
 */
export function valueAt(root: JsonValue, path: string): JsonValue | undefined {
  let current: JsonValue | undefined = root;
  for (const token of tokensOf(path)) {
    if (current === undefined || current === null || typeof current !== 'object') return undefined;
    if (typeof token === 'number') {
      current = Array.isArray(current) ? (current[token] as JsonValue | undefined) : undefined;
    } else {
      current = isObject(current) && Object.hasOwn(current, token) ? current[token] : undefined;
    }
  }
  return current;
}

function tokensOf(path: string): readonly (string | number)[] {
  const tokens: (string | number)[] = [];
  for (const segment of path.split('.')) {
    if (segment === '') continue;
    const parts = /^([^[\]]*)((?:\[\d+\])*)$/.exec(segment);
    if (parts === null) return ['']; // Matches nothing.
    const [, key = '', indexes = ''] = parts;
    if (key !== '') tokens.push(key);
    for (const [, index] of indexes.matchAll(/\[(\d+)\]/g)) tokens.push(Number(index));
  }
  return tokens;
}

function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
