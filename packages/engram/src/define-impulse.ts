import type { InferOutput, StandardSchemaV1 } from '@engramkit/core';
import type { ImpulseComponent } from './component.js';
import { brandComponent } from './component-brand.js';
import type { ComponentContext, StatefulContext } from './component-context.js';
import { type AnyObjectSchema, type DefinitionBase, definedLifecycle } from './define.js';
import type { TriggerClient } from './impulse.js';
import { specOfDefinition } from './spec-check.js';

/** What {@link defineImpulse} takes. */
export interface ImpulseDefinition<
  ConfigSchema extends StandardSchemaV1 = AnyObjectSchema,
  SecretName extends string = never,
  State = undefined,
> extends DefinitionBase<ConfigSchema, SecretName> {
  /** Describes the inputs of the stories that the impulse starts; they are not checked against it. */
  readonly output?: StandardSchemaV1;
  /** Runs before `run`; what it returns is `context.state`. */
  init?(context: ComponentContext<InferOutput<ConfigSchema>, SecretName>): State | Promise<State>;
  /** Runs until `context.signal` aborts; returning or throwing earlier ends the impulse. */
  run(
    client: TriggerClient,
    context: StatefulContext<InferOutput<ConfigSchema>, SecretName, State>,
  ): Promise<void>;
  /** Runs once after everything, whatever the outcome; `state` is `undefined` when `init` did not return. */
  close?(state: State | undefined): void | Promise<void>;
}

/**
 * Defines an impulse: it watches something outside and starts stories when it happens.
 *
 * Config, secret names and state are inferred; write `init` before `run`. Throws `INVALID_DEFINITION` with every problem at
 * once. Source: bobrapet-batch section 2.12.
 */
export function defineImpulse<
  ConfigSchema extends StandardSchemaV1 = AnyObjectSchema,
  const SecretName extends string = never,
  State = undefined,
>(
  definition: ImpulseDefinition<ConfigSchema, SecretName, State>,
): ImpulseComponent<InferOutput<ConfigSchema>> {
  const spec = specOfDefinition('defineImpulse', definition, {
    required: ['run'],
    optional: ['init', 'close'],
  });
  return brandComponent({
    kind: 'impulse' as const,
    spec,
    create() {
      const lifecycle = definedLifecycle(definition);
      return {
        init: lifecycle.init,
        run: async (client, context) => definition.run(client, lifecycle.contextFor(context)),
        close: lifecycle.close,
      };
    },
  });
}
