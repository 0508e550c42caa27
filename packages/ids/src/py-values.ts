const FLOAT = Symbol.for('engramkit.py-float');
const DICT = Symbol.for('engramkit.py-dict');

/**
 * A number that is a float even when it has no fraction: `1.0` and `1` have different identifiers in Python and in Rust.
 *
 * Plain numbers are integers when they are safe integers other than -0, and floats otherwise; only integral floats need this
 * wrapper. Source: function-descriptor section 3.7.
 */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
    Object.defineProperty(this, FLOAT, { value: true });
  }

  /** The number, for arithmetic and comparison. */
  valueOf(): number {
    return this.value;
  }

  /** The number, for `JSON.stringify`. */
  toJSON(): number {
    return this.value;
  }
}

/** A key of a Python dict; booleans, numbers and null are no strings there. */
export type PyKey = string | number | bigint | boolean | null | PyFloat;

/**
 * A Python dict: keeps the order of its entries and keys that are not strings, which a JavaScript object cannot.
 *
 * Source: function-descriptor section 3.4.
 */
export class PyDict {
  readonly entries: readonly (readonly [PyKey, unknown])[];

  constructor(entries: Iterable<readonly [PyKey, unknown]>) {
    this.entries = Object.freeze([...entries]);
    Object.defineProperty(this, DICT, { value: true });
  }
}

/** Whether a value is a {@link PyFloat} of any copy of this package. */
export function isPyFloat(value: object): value is PyFloat {
  return Object.hasOwn(value, FLOAT);
}

/** Whether a value is a {@link PyDict} of any copy of this package. */
export function isPyDict(value: object): value is PyDict {
  return Object.hasOwn(value, DICT);
}
