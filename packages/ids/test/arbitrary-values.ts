import fc from 'fast-check';
import { PyFloat } from '../src/index.js';

/** Names that programs stumble over, and any others. */
export function names(unit: 'grapheme' | 'binary'): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toJSON',
      '',
      '/',
      '0',
      '1',
      '10',
      '9',
      '-1',
      'a',
      'A',
      'b',
      '\ue000',
      '\uffff',
      '😀',
      '😁a',
      'é',
      '\u007f',
      '"',
      '\\',
    ),
    fc.string({ unit, maxLength: 6 }),
  );
}

/** Strings of all lengths that are treated in their own way. */
export function strings(unit: 'grapheme' | 'binary'): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit, maxLength: 12 }),
    fc.string({ unit: 'binary-ascii', maxLength: 12 }),
    fc.string({ unit: 'grapheme-ascii', minLength: 90, maxLength: 300 }),
    fc.string({ unit, minLength: 90, maxLength: 140 }),
  );
}

/** Numbers of all layouts: integers around the limits, floats of every exponent. */
export const finiteNumbers: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    0,
    -0,
    1e16,
    1e15,
    1e-4,
    1e-5,
    1e-6,
    1e-7,
    1e21,
    1e22,
    2 ** 53,
    -(2 ** 53),
    5e-324,
    2 ** 31,
    -(2 ** 31),
    2147483647,
    -2147483649,
  ),
  fc
    .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: -330, max: 304 }))
    .map(([digits, exponent]) => Number(`${digits}e${exponent}`)),
);

/** Values of plain data over the given scalars. */
export function values(
  scalars: fc.Arbitrary<unknown>,
  unit: 'grapheme' | 'binary',
): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalars,
      tie('list'),
      tie('object'),
      tie('records'),
    ),
    list: fc.array(tie('value'), { maxLength: 5 }),
    object: fc.array(fc.tuple(names(unit), tie('value')), { maxLength: 6 }).map(objectOf),
    // The same names again and again, as tables have them.
    records: fc
      .tuple(
        fc.uniqueArray(names(unit), { maxLength: 5 }),
        fc.array(fc.array(tie('value'), { minLength: 5, maxLength: 5 }), { maxLength: 4 }),
      )
      .map(([columns, rows]) =>
        rows.map((row) => objectOf(columns.map((name, index) => [name, row[index]] as const))),
      ),
  })).value;
}

/** An object with own members, whatever they are called. */
export function objectOf(
  entries: readonly (readonly [string, unknown])[],
): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

/** Plain JSON, as every scheme takes it: without members "/", which mean links and bytes in DAG-JSON. */
export const jsonValues = values(
  fc.oneof(fc.constantFrom(null, true, false), finiteNumbers, strings('grapheme')),
  'grapheme',
).filter((value) => !JSON.stringify(value).includes('"/":'));

/** Everything that the scheme of Python takes. */
export const pythonValues = values(
  fc.oneof(
    fc.constantFrom(
      null,
      true,
      false,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ),
    finiteNumbers,
    finiteNumbers.map((number) => new PyFloat(number)),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
    strings('binary'),
    fc
      .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 4 })
      .map((units) => String.fromCharCode(...units)),
  ),
  'binary',
);

/** The same value with the members of every object in another order. */
export function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null || value instanceof PyFloat) return value;
  return objectOf(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
