import { type KeyOrder, orderKeys } from './key-order.js';

/** A set of member names that occurs again and again: how it is ordered and what its names look like in bytes. */
export interface Shape {
  /** As the objects have them. */
  readonly names: readonly string[];
  /** As they are written. */
  readonly ordered: readonly string[];
  /** Whether it was met before; what occurs once is not worth encoding. */
  seen: boolean;
  /** Everything that stands between the values. */
  encoded: Uint8Array | undefined;
  /** Where each name's part of `encoded` ends. */
  readonly ends: number[];
}

const LEVELS = 16;
const SHAPES_PER_LEVEL = 4;
const MOST_NAMES = 64;
const LONGEST_NAME = 128;

/** No shape has more bytes: six per unit, and four around each name. */
export const LONGEST_SHAPE_BYTES = MOST_NAMES * (LONGEST_NAME * 6 + 4);

/** Remembers a few shapes per level of nesting; a lookup compares names that are nearly always identical pointers. */
export class ShapeCache {
  readonly #order: KeyOrder;
  readonly #levels: Shape[][] = [];

  constructor(order: KeyOrder) {
    this.#order = order;
  }

  /** The shape of the names, remembered or new; `undefined` when it would not be worth remembering. */
  find(names: string[], level: number): Shape | undefined {
    if (level >= LEVELS || names.length > MOST_NAMES) return undefined;
    this.#levels[level] ??= [];
    const shapes = this.#levels[level];
    for (let index = 0; index < shapes.length; index++) {
      const shape = shapes[index]!;
      if (sameNames(shape.names, names)) {
        if (index > 0) {
          shapes[index] = shapes[index - 1]!;
          shapes[index - 1] = shape;
        }
        return shape;
      }
    }
    if (names.some((name) => name.length > LONGEST_NAME)) return undefined;
    const ordered = orderKeys(names, this.#order);
    const shape: Shape = { names, ordered, seen: false, encoded: undefined, ends: [] };
    if (shapes.length < SHAPES_PER_LEVEL) shapes.push(shape);
    else shapes[SHAPES_PER_LEVEL - 1] = shape;
    return shape;
  }
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}
