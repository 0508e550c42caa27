import { InvalidInputError } from '@engramkit/core';
import {
  type DefinedFunction,
  defineFunction,
  type FunctionDefinition,
} from './define-function.js';
import type { FunctionContext } from './function-context.js';
import type { FunctionResult } from './function-result.js';
import type { FunctionCall, GovernedFunction } from './governed-function.js';

type Work = (event: never, context: FunctionContext, call: FunctionCall) => unknown;

/** What {@link governed} does: wraps a function, or marks a method when it is used as a decorator. */
export interface Governed {
  /** Wraps an existing function. */
  <Event, Data>(
    work: (
      event: Event,
      context: FunctionContext,
      call: FunctionCall,
    ) => Data | FunctionResult<Data> | Promise<Data | FunctionResult<Data>>,
  ): DefinedFunction<Event, Data>;
  /** Marks a method of a class; `functionsOf(instance)` yields the functions. */
  <Method extends Work>(work: Method, context: ClassMethodDecoratorContext): Method;
}

const functionsByInstance = new WeakMap<object, GovernedFunction[]>();

/**
 * Governs a function that exists already: `governed({ function_id: 'tax' })(computeTax)`, or `@governed({ … })` on a method.
 *
 * Attributes and results are those of {@link defineFunction}. Source: function-descriptor section 8.
 */
export function governed(definition: FunctionDefinition): Governed {
  const wrap = (work: Work, context?: ClassMethodDecoratorContext): unknown => {
    // Events have no schema here unless the definition names one; then it has checked the event.
    if (context === undefined) return defineFunction(definition, work as never);
    if (context.kind !== 'method' || context.static) {
      throw new InvalidInputError(`${String(context.name)} cannot be governed`, {
        code: 'FUNCTION_INVALID',
        hint: 'Put @governed on a method of instances, or wrap a function: governed({ … })(work).',
      });
    }
    context.addInitializer(function (this: unknown) {
      const instance = this as object; // Initializers of methods run on the new instance.
      const bound = defineFunction(definition, work.bind(instance) as never);
      functionsByInstance.set(instance, [...(functionsByInstance.get(instance) ?? []), bound]);
    });
    return work;
  };
  return wrap as Governed; // One function serves both ways of calling, told apart by the second parameter.
}

/** The functions that an instance has through `@governed`, in the order of its methods. */
export function functionsOf(instance: object): readonly GovernedFunction[] {
  return functionsByInstance.get(instance) ?? [];
}
