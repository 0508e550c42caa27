import type { InferOutput, StandardSchemaV1 } from '@engramkit/core';
import type { StreamingComponent } from './component.js';
import { brandComponent } from './component-brand.js';
import type { ComponentContext, StatefulContext } from './component-context.js';
import type { ControlDirective } from './control.js';
import { type AnyObjectSchema, type DefinitionBase, definedLifecycle } from './define.js';
import { specOfDefinition } from './spec-check.js';
import type { InboundMessage } from './stream-message.js';
import type { StreamingEngram, StreamOutput } from './streaming.js';

/** What {@link defineStreaming} takes. */
export interface StreamingDefinition<
  ConfigSchema extends StandardSchemaV1 = AnyObjectSchema,
  SecretName extends string = never,
  State = undefined,
> extends DefinitionBase<ConfigSchema, SecretName> {
  /** Describes the step inputs that messages carry; messages are not checked against it. */
  readonly inputs?: StandardSchemaV1;
  /** Describes the payloads that the engram sends; messages are not checked against it. */
  readonly output?: StandardSchemaV1;
  /** Runs once before the first `stream`; what it returns is `context.state`. */
  init?(context: ComponentContext<InferOutput<ConfigSchema>, SecretName>): State | Promise<State>;
  /**
   * Runs until the input ends or `context.signal` aborts; a throw ends the stream as failed.
   *
   * A host that reconnects calls it again on the same instance, without another `init`.
   */
  stream(
    inbound: AsyncIterable<InboundMessage>,
    out: StreamOutput,
    context: StatefulContext<InferOutput<ConfigSchema>, SecretName, State>,
  ): Promise<void>;
  /** Answers every control directive; without it the host's default answers apply. Return nothing for `ack`. */
  handleControl?(
    directive: ControlDirective,
    context: StatefulContext<InferOutput<ConfigSchema>, SecretName, State>,
  ): ControlDirective | undefined | Promise<ControlDirective | undefined>;
  /** Runs once after everything, whatever the outcome; `state` is `undefined` when `init` did not return. */
  close?(state: State | undefined): void | Promise<void>;
}

/**
 * Defines a streaming engram: messages in, messages out, without an end of its own.
 *
 * Config, secret names and state are inferred; write `init` before `stream`. Throws `INVALID_DEFINITION` with every problem at
 * once. Source: bobrapet-streaming sections 4 to 6.
 */
export function defineStreaming<
  ConfigSchema extends StandardSchemaV1 = AnyObjectSchema,
  const SecretName extends string = never,
  State = undefined,
>(
  definition: StreamingDefinition<ConfigSchema, SecretName, State>,
): StreamingComponent<InferOutput<ConfigSchema>> {
  const spec = specOfDefinition('defineStreaming', definition, {
    required: ['stream'],
    optional: ['init', 'handleControl', 'close'],
  });
  return brandComponent({
    kind: 'streaming' as const,
    spec,
    create() {
      const lifecycle = definedLifecycle(definition);
      const instance: StreamingEngram<InferOutput<ConfigSchema>> = {
        init: lifecycle.init,
        stream: async (inbound, out, context) =>
          definition.stream(inbound, out, lifecycle.contextFor(context)),
        close: lifecycle.close,
      };
      // An instance with a handler replaces the default answers, so there must be none unless the author wrote one.
      if (definition.handleControl === undefined) return instance;
      return Object.assign(instance, {
        handleControl: async (
          directive: ControlDirective,
          context: Parameters<NonNullable<typeof instance.handleControl>>[1],
        ) => definition.handleControl?.(directive, lifecycle.contextFor(context)),
      });
    },
  });
}
