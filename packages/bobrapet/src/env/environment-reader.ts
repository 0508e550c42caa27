import {
  durationToMs,
  EngramkitError,
  type JsonObject,
  type JsonValue,
  parseDuration,
  parseJson,
  trimSpace,
} from '@engramkit/core';
import type { EnvironmentPart, EnvironmentProblem } from './environment-error.js';

/** The environment of a process, handed in. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** A variable whose value was passed over in favour of its default. */
export interface EnvironmentWarning {
  readonly variable: string;
  /** The value, bounded. */
  readonly value: string;
  readonly expected: string;
  /** What is used instead. */
  readonly used: string;
}

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 'true', 't', 'yes', 'y', 'on']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['0', 'false', 'f', 'no', 'n', 'off']);
const GO_TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const GO_FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);
const INTEGER = /^[+-]?[0-9]{1,19}$/;
const VALUE_SHOWN = 80;

/** A value as reports show it: quoted, at most 80 characters. */
export function shownValue(value: string): string {
  const cut = value.length > VALUE_SHOWN ? `${value.slice(0, VALUE_SHOWN)}…` : value;
  return JSON.stringify(cut);
}

/**
 * Reads single variables and collects what is wrong with them, so that one report names everything.
 *
 * The parsing rules are those of bobrapet-batch section 1.1.
 */
export class EnvironmentReader {
  readonly problems: EnvironmentProblem[] = [];
  readonly warnings: EnvironmentWarning[] = [];
  readonly #variables: EnvironmentVariables;

  constructor(variables: EnvironmentVariables) {
    this.#variables = variables;
  }

  /** The value as it is; unset is the empty text. */
  raw(name: string): string {
    return this.#variables[name] ?? '';
  }

  isSet(name: string): boolean {
    return this.#variables[name] !== undefined;
  }

  trimmed(name: string): string {
    return trimSpace(this.raw(name));
  }

  /** Names and values of all variables with a prefix, without it. */
  withPrefix(prefix: string): readonly (readonly [key: string, value: string])[] {
    return Object.entries(this.#variables).flatMap(([name, value]) =>
      value !== undefined && name.startsWith(prefix) && name.length > prefix.length
        ? [[name.slice(prefix.length), value] as const]
        : [],
    );
  }

  problem(variable: string, part: EnvironmentPart, got: string, expected: string): void {
    this.problems.push({ variable, part, got, expected });
  }

  warn(variable: string, expected: string, used: string | number | boolean): void {
    this.warnings.push({
      variable,
      value: shownValue(this.raw(variable)),
      expected,
      used: String(used),
    });
  }

  /** `posInt`: anything but a positive integer warns and yields the default. */
  positiveInteger<Fallback extends number | undefined>(
    name: string,
    fallback: Fallback,
    options: { readonly warn?: boolean } = {},
  ): number | Fallback {
    const text = this.trimmed(name);
    if (text === '') return fallback;
    const value = integerOf(text);
    if (value !== undefined && value > 0) return value;
    if (options.warn !== false) this.warn(name, 'a positive integer', fallback ?? 'nothing');
    return fallback;
  }

  /** `posDur`: milliseconds; anything but a positive Go duration warns and yields the default. */
  positiveDuration(
    name: string,
    fallbackMs: number,
    options: { readonly warn?: boolean } = {},
  ): number {
    const text = this.trimmed(name);
    if (text === '') return fallbackMs;
    const value = durationOf(text);
    if (value !== undefined && value > 0) return value;
    if (options.warn !== false) {
      this.warn(name, 'a positive Go duration such as 30s', `${fallbackMs}ms`);
    }
    return fallbackMs;
  }

  /** `obsBool`: unknown words warn and yield the default. */
  observabilityFlag(name: string, fallback: boolean): boolean {
    const word = this.trimmed(name).toLowerCase();
    if (word === '') return fallback;
    if (TRUE_WORDS.has(word)) return true;
    if (FALSE_WORDS.has(word)) return false;
    this.warn(name, 'true or false', fallback);
    return fallback;
  }

  /** `s3Bool`: unknown words, and the empty text when the variable is set, are problems. */
  storageFlag(name: string): boolean | undefined {
    if (!this.isSet(name)) return undefined;
    const word = this.trimmed(name).toLowerCase();
    if (TRUE_WORDS.has(word)) return true;
    if (FALSE_WORDS.has(word)) return false;
    this.problem(name, 'storage', shownValue(this.raw(name)), 'true or false');
    return undefined;
  }

  /** A Go boolean; anything else warns and is false. */
  goFlag(name: string): boolean {
    const text = this.trimmed(name);
    if (text === '' || GO_FALSE.has(text)) return false;
    if (GO_TRUE.has(text)) return true;
    this.warn(name, 'true or false', false);
    return false;
  }

  /** True for one of the words, whatever the case; false for any other text. */
  isOneOf(name: string, words: readonly string[]): boolean {
    return words.includes(this.trimmed(name).toLowerCase());
  }

  /** An integer of at least `least`, or a problem. */
  requiredInteger(
    name: string,
    part: EnvironmentPart,
    least: number,
    options: { readonly trim?: boolean } = {},
  ): number | undefined {
    const text = options.trim === false ? this.raw(name) : this.trimmed(name);
    if (text === '') return undefined;
    const value = integerOf(text);
    if (value !== undefined && value >= least) return value;
    this.problem(name, part, shownValue(text), `an integer of at least ${least}`);
    return undefined;
  }

  /** A positive duration in milliseconds, or a problem. */
  requiredDuration(name: string, part: EnvironmentPart): number | undefined {
    const text = this.trimmed(name);
    if (text === '') return undefined;
    const value = durationOf(text);
    if (value !== undefined && value > 0) return value;
    this.problem(name, part, shownValue(text), 'a positive Go duration such as 1s');
    return undefined;
  }

  /** `jsonObj`: white space and `null` are the empty object; the value is never shown. */
  jsonObject(name: string): JsonObject {
    const value = this.json(name);
    if (value === undefined || value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
    this.problem(name, 'context', kindOf(value), 'a JSON object');
    return {};
  }

  /** Any JSON; `undefined` when there is none or when it cannot be read, which is a problem. */
  json(name: string): JsonValue | undefined {
    const text = this.raw(name);
    if (trimSpace(text) === '') return undefined;
    try {
      // The last of equal keys counts, as every reader of this variable has it.
      return parseJson(text, { what: name, duplicateKeys: 'last', hideContent: true });
    } catch (error) {
      const reason = EngramkitError.from(error).message.slice(0, 300);
      this.problem(name, 'context', `${text.length} characters (${reason})`, 'JSON');
      return undefined;
    }
  }
}

/** The integer of a decimal text within the safe range. */
export function integerOf(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The milliseconds of a Go duration; below a microsecond stays a fraction. */
function durationOf(text: string): number | undefined {
  try {
    return durationToMs(parseDuration(text));
  } catch {
    return undefined; // The caller says which variable it is and what was expected.
  }
}

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'a JSON array';
  return value === null ? 'null' : `a JSON ${typeof value}`;
}
