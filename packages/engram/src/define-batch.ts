import type { InferInput, InferOutput, StandardSchemaV1 } from '@engramkit/core';
import type { BatchComponent } from './component.js';
import { brandComponent } from './component-brand.js';
import type { ComponentContext, StatefulContext } from './component-context.js';
import { type AnyObjectSchema, type DefinitionBase, definedLifecycle } from './define.js';
import type { LiteralsWhileInferred } from './keep-literals.js';
import type { Result } from './result.js';
import { specOfDefinition } from './spec-check.js';

type Awaitable<Value> = Value | Promise<Value>;

/** What {@link defineBatch} takes. */
export interface BatchDefinition<
  ConfigSchema extends StandardSchemaV1 = AnyObjectSchema,
  InputsSchema extends StandardSchemaV1 = AnyObjectSchema,
  OutputSchema extends StandardSchemaV1 = StandardSchemaV1,
  SecretName extends string = never,
  State = undefined,
> extends DefinitionBase<ConfigSchema, SecretName> {
  /** Shape of the inputs; without it any JSON object passes. */
  readonly inputs?: InputsSchema;
  /** Shape of the output; without it any JSON-able value passes. */
  readonly output?: OutputSchema;
  /** Runs before `process`; what it returns is `context.state`. A throw fails the run with an initialization error. */
  init?(context: ComponentContext<InferOutput<ConfigSchema>, SecretName>): State | Promise<State>;
  /**
   * Does the work and returns the output, bare or as `result(output)`.
   *
   * `context.signal` aborts at the deadline and on shutdown; work that goes on after it is not waited for.
   */
  process(
    inputs: InferOutput<InputsSchema>,
    context: StatefulContext<InferOutput<ConfigSchema>, SecretName, State>,
  ): Awaitable<
    | InferInput<OutputSchema>
    | Result<InferInput<OutputSchema>>
    | LiteralsWhileInferred<OutputSchema>
  >;
  /** Runs once after everything, whatever the outcome; `state` is `undefined` when `init` did not return. */
  close?(state: State | undefined): void | Promise<void>;
}

/**
 * Defines a batch engram: a finite unit of work that runs once per step.
 *
 * Config, inputs, output, secret names and state are inferred from the schemas and from `init`; write `init` before `process`.
 * Throws `INVALID_DEFINITION` with every problem at once. Source: bobrapet-batch section 2.1.
 *
 * @example
 * ```ts
 * export default defineBatch({
 *   inputs: z.object({ name: z.string() }),
 *   output: z.object({ greeting: z.string() }),
 *   process: ({ name }) => ({ greeting: `Hello, ${name}` }),
 * });
 * ```
 */
export function defineBatch<
  ConfigSchema extends StandardSchemaV1 = AnyObjectSchema,
  InputsSchema extends StandardSchemaV1 = AnyObjectSchema,
  OutputSchema extends StandardSchemaV1 = StandardSchemaV1,
  const SecretName extends string = never,
  State = undefined,
>(
  definition: BatchDefinition<ConfigSchema, InputsSchema, OutputSchema, SecretName, State>,
): BatchComponent<InferOutput<ConfigSchema>, InferOutput<InputsSchema>, InferInput<OutputSchema>> {
  const spec = specOfDefinition('defineBatch', definition, {
    required: ['process'],
    optional: ['init', 'close'],
  });
  return brandComponent({
    kind: 'batch' as const,
    spec,
    create() {
      const lifecycle = definedLifecycle(definition);
      return {
        init: lifecycle.init,
        process: (inputs, context) => definition.process(inputs, lifecycle.contextFor(context)),
        close: lifecycle.close,
      };
    },
  });
}
