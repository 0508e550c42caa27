import {
  InvalidInputError,
  type StandardSchemaV1,
  systemClock,
  validateSchema,
} from '@engramkit/core';
import { type FunctionAttributes, functionAttributes } from '@engramkit/descriptor';
import { silentLogger } from '@engramkit/runtime';
import { type FunctionContext, functionContext } from './function-context.js';
import { type FunctionResult, isFunctionResult, succeeded } from './function-result.js';
import type { FunctionCall, FunctionSchemas, GovernedFunction } from './governed-function.js';

type InferOutput<Schema> =
  Schema extends StandardSchemaV1<unknown, infer Output> ? Output : unknown;
type InferInput<Schema> = Schema extends StandardSchemaV1<infer Input, unknown> ? Input : unknown;

/** What a function is made of beside its handler: attributes, schemas and a health check. */
export interface FunctionDefinition<
  EventSchema extends StandardSchemaV1 = StandardSchemaV1,
  ResultSchema extends StandardSchemaV1 = StandardSchemaV1,
> extends Partial<FunctionAttributes> {
  readonly function_id: string;
  /** Shape of the event; without it any JSON value passes. */
  readonly event?: EventSchema;
  /** Shape of what the handler returns; without it any JSON value passes. */
  readonly result?: ResultSchema;
  /** Whether the function can be called now; default: always. */
  readonly health?: () => boolean | Promise<boolean>;
}

/** The handler of a function: event in, value out. */
export type FunctionHandler<Event, Data> = (
  event: Event,
  context: FunctionContext,
  call: FunctionCall,
) => Data | FunctionResult<Data> | Promise<Data | FunctionResult<Data>>;

/** A function that registries take and tests call: `await greet({ name: 'Ada' })` yields what the handler returns. */
export interface DefinedFunction<Event = unknown, Data = unknown> extends GovernedFunction {
  (
    event: Event,
    context?: Partial<FunctionContext>,
    call?: Partial<FunctionCall>,
  ): Promise<Data | FunctionResult<Data>>;
  readonly schemas: FunctionSchemas;
  handle(event: never, context: FunctionContext, call: FunctionCall): Promise<FunctionResult>;
}

/**
 * Defines a governed function: attributes and schemas, and the handler that does the work.
 *
 * A returned value becomes the data of a successful result; a `FunctionResult` is taken as it is. Event and result are checked by
 * their schemas. Throws `FUNCTION_INVALID` with every problem. Source: function-descriptor section 8.
 *
 * @example
 * ```ts
 * export const greet = defineFunction(
 *   { function_id: 'greet', gsap_required: false, event: z.object({ name: z.string() }) },
 *   ({ name }) => ({ greeting: `Hello, ${name}` }),
 * );
 * ```
 */
export function defineFunction<
  EventSchema extends StandardSchemaV1 = StandardSchemaV1,
  ResultSchema extends StandardSchemaV1 = StandardSchemaV1,
  Data extends InferInput<ResultSchema> = InferInput<ResultSchema>,
>(
  definition: FunctionDefinition<EventSchema, ResultSchema>,
  handler: FunctionHandler<InferOutput<EventSchema>, Data>,
): DefinedFunction<InferInput<EventSchema>, Data> {
  const { event: eventSchema, result: resultSchema, health = () => true, ...given } = definition;
  if (typeof handler !== 'function') {
    throw new InvalidInputError(`the function ${given.function_id} has no handler`, {
      code: 'FUNCTION_INVALID',
      hint: 'Pass the handler as the second parameter of defineFunction.',
    });
  }
  const attributes = functionAttributes({
    ...given,
    display_name: given.display_name ?? displayName(given.function_id),
  });
  const schemas: FunctionSchemas = Object.freeze({
    ...(eventSchema === undefined ? {} : { event: eventSchema }),
    ...(resultSchema === undefined ? {} : { result: resultSchema }),
  });
  const run = async (event: unknown, context: FunctionContext, call: FunctionCall) => {
    const checked =
      eventSchema === undefined
        ? event
        : await validateSchema(eventSchema, event, { what: 'the event' });
    // Without a schema the event is unknown, and so is the type that the handler sees.
    const returned = await handler(checked as InferOutput<EventSchema>, context, call);
    const data: unknown = isFunctionResult(returned) ? returned.data : returned;
    const failedResult = isFunctionResult(returned) && !returned.success;
    if (resultSchema === undefined || failedResult) return returned;
    const valid = await validateSchema(resultSchema, data, { what: 'the result' });
    // The schema says what the data is; its input type is what the handler promised.
    return isFunctionResult(returned) ? returned.with({ data: valid as Data }) : (valid as Data);
  };
  const callable = (
    event: unknown,
    context: Partial<FunctionContext> = {},
    call: Partial<FunctionCall> = {},
  ) => run(event, functionContext(context), { ...bareCall(event), ...call });
  return Object.freeze(
    Object.assign(callable, {
      ...attributes,
      schemas,
      async handle(event: unknown, context: FunctionContext, call: FunctionCall) {
        const returned = await run(event, context, call);
        return isFunctionResult(returned) ? returned : succeeded(returned ?? null);
      },
      healthCheck: health,
    }),
  );
}

/** The call that tests make: nothing around it. */
function bareCall(event: unknown): FunctionCall {
  return {
    signal: new AbortController().signal,
    deadlineMs: systemClock.now() + 3_600_000,
    logger: silentLogger,
    rawEvent: event,
    emit: () => undefined,
  };
}

/** `send-mail` is shown as `Send Mail`. Source: function-descriptor section 8. */
function displayName(functionId: string): string {
  return String(functionId)
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ');
}
