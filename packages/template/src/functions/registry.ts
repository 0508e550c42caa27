import { BUILTINS } from './builtins.js';
import { CHOICES } from './choices.js';
import { COMPARISON } from './comparison.js';
import { DATES } from './dates.js';
import { ENCODING } from './encoding.js';
import { LISTS } from './lists.js';
import { MAPS } from './maps.js';
import { NUMBERS } from './numbers.js';
import { OWN } from './own.js';
import { PATHS } from './paths.js';
import { RANDOM } from './random.js';
import type { TemplateFunction } from './signature.js';
import { TEXT } from './text.js';
import { VERSIONS } from './versions.js';

/** Names that the evaluator handles itself, because they do not evaluate all their arguments or take functions. */
export const SPECIAL_FUNCTIONS: ReadonlySet<string> = new Set(['and', 'or', 'call']);

/** Names of Go's own functions: only with these is a template a single action. Source: bobrapet-batch section 2.4. */
export const GO_FUNCTIONS: ReadonlySet<string> = new Set([
  ...SPECIAL_FUNCTIONS,
  ...Object.keys(COMPARISON),
  ...Object.keys(BUILTINS),
  'len',
  'slice',
]);

const DETERMINISTIC = new Map<string, TemplateFunction>(
  [
    BUILTINS,
    COMPARISON,
    CHOICES,
    DATES,
    ENCODING,
    LISTS,
    MAPS,
    NUMBERS,
    PATHS,
    TEXT,
    VERSIONS,
    OWN,
  ].flatMap((table) => Object.entries(table)),
);
const ALL = new Map<string, TemplateFunction>([...DETERMINISTIC, ...Object.entries(RANDOM)]);

/** The functions of the dialect besides the special ones; in deterministic mode without time and randomness. */
export function functionsFor(deterministic: boolean): ReadonlyMap<string, TemplateFunction> {
  return deterministic ? DETERMINISTIC : ALL;
}

/** Whether the name is a function that exists only outside of deterministic mode. */
export function isNondeterministic(name: string): boolean {
  return Object.hasOwn(RANDOM, name);
}

/** Every function name of the dialect, sorted. */
export function functionNames(
  options: { readonly deterministic?: boolean } = {},
): readonly string[] {
  return [...functionsFor(options.deterministic === true).keys(), ...SPECIAL_FUNCTIONS].sort();
}
