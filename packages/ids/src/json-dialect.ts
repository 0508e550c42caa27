import type { KeyOrder } from './key-order.js';
import {
  dagJsonFloatText,
  dagJsonNumberText,
  ecmaScriptNumberText,
  oldSerdeFloatText,
  pythonFloatText,
  serdeFloatText,
} from './number-text.js';

/** What a canonical JSON text looks like in one scheme. */
export interface JsonDialect {
  /** The name for messages. */
  readonly name: 'python' | 'jcs' | 'serde-json' | 'dag-json';
  /** Per ASCII character: 0 stands for itself, 1 is written `\u00xx`, anything else follows a backslash. */
  readonly escapes: Uint8Array;
  /** Everything beyond ASCII is written as `\uxxxx`, halves of pairs apart, and lone surrogates are allowed. */
  readonly asciiOnly: boolean;
  readonly keyOrder: KeyOrder;
  /** Which integers have a text of their own. */
  readonly integers: 'safe' | '64-bit' | 'any';
  readonly nonFinite: 'write' | 'refuse' | 'null';
  /** The text of a number that is no safe integer, or that is -0. */
  readonly numberText: (value: number) => string;
  /** The text of a number that is wrapped as a float. */
  readonly floatText: (value: number) => string;
}

/** Escapes common to all: quote, backslash, the five short forms, other controls. */
function escapeTable(deleteToo: boolean): Uint8Array {
  const table = new Uint8Array(128);
  table.fill(1, 0, 0x20);
  for (const [unit, letter] of [
    [0x08, 'b'],
    [0x09, 't'],
    [0x0a, 'n'],
    [0x0c, 'f'],
    [0x0d, 'r'],
    [0x22, '"'],
    [0x5c, '\\'],
  ] as const) {
    table[unit] = letter.charCodeAt(0);
  }
  if (deleteToo) table[0x7f] = 1;
  return table;
}

const PLAIN_ESCAPES = escapeTable(false);

/** `json.dumps(value, sort_keys=True, separators=(",", ":"))` of CPython. Source: function-descriptor section 3. */
export const pythonDialect: JsonDialect = {
  name: 'python',
  escapes: escapeTable(true),
  asciiOnly: true,
  keyOrder: 'code-point',
  integers: 'any',
  nonFinite: 'write',
  numberText: pythonFloatText,
  floatText: pythonFloatText,
};

/** RFC 8785, the JSON Canonicalization Scheme. */
export const jcsDialect: JsonDialect = {
  name: 'jcs',
  escapes: PLAIN_ESCAPES,
  asciiOnly: false,
  keyOrder: 'code-unit',
  integers: 'safe',
  nonFinite: 'refuse',
  numberText: ecmaScriptNumberText,
  floatText: ecmaScriptNumberText,
};

/** The compact text of serde_json with sorted members. Source: sandbox section 4. */
export const serdeDialect: JsonDialect = {
  name: 'serde-json',
  escapes: PLAIN_ESCAPES,
  asciiOnly: false,
  keyOrder: 'code-point',
  integers: '64-bit',
  nonFinite: 'refuse',
  numberText: serdeFloatText,
  floatText: serdeFloatText,
};

/** The variants of serde_json's text that its builds can have. */
export interface SerdeVariant {
  /** Order of members; `insertion` is what builds with the feature `preserve_order` write. Default `sorted`. */
  readonly order?: 'sorted' | 'insertion';
  /** Whether exponents carry a plus, as from serde_json 1.0.147 on. Default `true`. */
  readonly exponentPlus?: boolean;
  /** Whether NaN and infinities are refused or written as `null`, as serde_json does. Default `refuse`. */
  readonly nonFinite?: 'refuse' | 'null';
}

/** The dialect of a build of serde_json. */
export function serdeVariant(variant: SerdeVariant): JsonDialect {
  const { order = 'sorted', exponentPlus = true, nonFinite = 'refuse' } = variant;
  if (order === 'sorted' && exponentPlus && nonFinite === 'refuse') return serdeDialect;
  const floatText = exponentPlus ? serdeFloatText : oldSerdeFloatText;
  return {
    ...serdeDialect,
    keyOrder: order === 'insertion' ? 'insertion' : serdeDialect.keyOrder,
    nonFinite,
    numberText: floatText,
    floatText,
  };
}

/** DAG-JSON. Source: function-descriptor section 4.2. */
export const dagJsonDialect: JsonDialect = {
  name: 'dag-json',
  escapes: PLAIN_ESCAPES,
  asciiOnly: false,
  keyOrder: 'code-unit',
  integers: 'any',
  nonFinite: 'refuse',
  numberText: dagJsonNumberText,
  floatText: dagJsonFloatText,
};
