import type { Clock, Random } from '@engramkit/core';
import type { Zone } from '../go/zones.js';

/** The Go type of a parameter; `value` is what the built-ins take: anything, nil included. */
export type ParameterType =
  | 'any'
  | 'value'
  | 'string'
  | 'int'
  | 'bool'
  | 'float64'
  | 'map'
  | 'time';

/** How Go names the type in a message. */
export const TYPE_TEXT: Readonly<Record<ParameterType, string>> = {
  any: 'interface {}',
  value: 'reflect.Value',
  string: 'string',
  int: 'int',
  bool: 'bool',
  float64: 'float64',
  map: 'map[string]interface {}',
  time: 'time.Time',
};

/** What functions may use from outside. */
export interface FunctionEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  /** The zone that Go calls local. */
  readonly zone: Zone;
  /** Strings and lists may not grow beyond this many characters or elements. */
  readonly largestValue: number;
  /** Throws when time is up or the caller gave up; long-running functions call it now and then. */
  readonly checkpoint: () => void;
}

/**
 * A function of the dialect. Arguments arrive checked against the parameter types; a problem is thrown as `FunctionError`.
 */
export interface TemplateFunction {
  readonly parameters: readonly ParameterType[];
  readonly rest: ParameterType | undefined;
  readonly call: (args: readonly unknown[], environment: FunctionEnvironment) => unknown;
}

export type FunctionTable = Readonly<Record<string, TemplateFunction>>;

/** Declares a function: `fn('int string', …)`, with a trailing `...any` for the variadic part. */
export function fn(signature: string, call: TemplateFunction['call']): TemplateFunction {
  const names = signature === '' ? [] : signature.split(' ');
  const last = names.at(-1);
  const variadic = last?.startsWith('...') === true;
  const fixed = variadic ? names.slice(0, -1) : names;
  return {
    parameters: fixed as readonly ParameterType[],
    rest: variadic ? (last?.slice(3) as ParameterType) : undefined,
    call,
  };
}

/** A checked string argument. */
export function text(args: readonly unknown[], at: number): string {
  return args[at] as string;
}
