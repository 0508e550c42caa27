import { type Clock, type Random, systemClock, systemRandom } from '@engramkit/core';
import { type FunctionAttributes, functionAttributes } from '@engramkit/descriptor';
import type { BatchComponent, Logger } from '@engramkit/engram';
import { type IdempotencyStore, memoryIdempotencyStore } from '@engramkit/ids';
import { effectsOn, noopTracer, runBatch, type SecretSource } from '@engramkit/runtime';
import { secretsFromValues } from '@engramkit/secrets';
import { failed, succeeded } from './function-result.js';
import type { FunctionCall, GovernedFunction } from './governed-function.js';

/** Options of {@link functionFromBatch}. */
export interface BatchFunctionOptions {
  /** Attributes that the component does not say; its name, version and description are taken from it. */
  readonly attributes?: Partial<FunctionAttributes>;
  /** Used when the component has no name of its own. */
  readonly name?: string;
  /** The config of every run. */
  readonly config?: unknown;
  readonly secrets?: SecretSource;
  /** Where effects of the component are kept; default: in memory. */
  readonly effects?: IdempotencyStore;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * A batch engram as a governed function: the event is its input, its output the data of the result.
 *
 * The component runs unchanged, once per call, with the whole lifecycle. No authorization context is required unless the
 * attributes say so, because a batch engram has no say in it. Throws `FUNCTION_INVALID` when its name is no function id.
 */
export function functionFromBatch(
  component: BatchComponent,
  options: BatchFunctionOptions = {},
): GovernedFunction {
  const { spec } = component;
  const { clock = systemClock, random = systemRandom, config = {} } = options;
  const store = options.effects ?? memoryIdempotencyStore();
  const secrets = options.secrets ?? { open: async () => secretsFromValues({}) };
  const attributes = functionAttributes({
    gsap_required: false,
    version: spec.version ?? '0.0.0',
    description: spec.description ?? '',
    display_name: spec.name ?? options.name ?? '',
    ...options.attributes,
    function_id: options.attributes?.function_id ?? spec.name ?? options.name ?? '',
  });
  return Object.freeze({
    ...attributes,
    schemas: {
      ...(spec.inputs === undefined ? {} : { event: spec.inputs }),
      ...(spec.output === undefined ? {} : { result: spec.output }),
    },
    async handle(event: unknown, context: { readonly invocation_id: string }, call: FunctionCall) {
      const { invocation_id: runId } = context;
      // Calls under one key are one step of work: their effects are the same.
      const stepRunId = call.idempotencyKey ?? runId;
      const outcome = await runBatch(
        component,
        {
          runId,
          story: {
            storyName: '',
            storyRunId: stepRunId,
            stepName: attributes.function_id,
            stepRunId,
            stepRunNamespace: '',
          },
          config,
          inputs: event,
          signal: call.signal,
        },
        {
          clock,
          random,
          logger: call.logger as Logger,
          tracer: noopTracer,
          secrets,
          effects: effectsOn({ store: prefixed(store, stepRunId), clock, random }),
          signals: { emit: async () => undefined, async *replay() {} },
        },
      );
      const { failure, output } = outcome;
      if (failure === undefined) return succeeded(output ?? {});
      const { code } = failure.error;
      return failed(failure.error.message, { code, stage: failure.stage });
    },
    healthCheck: () => true,
  });
}

/** The part of a store that belongs to one step. */
function prefixed(store: IdempotencyStore, step: string): IdempotencyStore {
  const own = (key: string): string => `${step}/${key}`;
  const { watch } = store;
  return {
    get: (key) => store.get(own(key)),
    put: (key, record, expected) => store.put(own(key), record, expected),
    ...(watch === undefined
      ? {}
      : { watch: (key: string, onChange: () => void) => watch.call(store, own(key), onChange) }),
  };
}
