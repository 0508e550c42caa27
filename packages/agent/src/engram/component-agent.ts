import { ArcpError } from '@engramkit/arcp';
import {
  type Clock,
  InvalidInputError,
  type JsonValue,
  type Random,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import { type Component, type ExecutionContext, emptyStoryInfo } from '@engramkit/engram';
import { type IdempotencyStore, memoryIdempotencyStore } from '@engramkit/ids';
import type { Failure, Outcome } from '@engramkit/runtime';
import type { AgentContext, AgentDefinition } from '../agent-definition.js';
import { defineAgent } from '../agent-definition.js';
import { eventLogger } from './event-logger.js';
import { eventSignals } from './event-signals.js';
import { eventTracer } from './event-tracer.js';

/** Options of {@link agentFromComponent}. */
export interface ComponentAgentOptions {
  /** Default: the component's own name. */
  readonly name?: string;
  /** Default: the component's own version; `false` registers it without one. */
  readonly version?: string | false;
  /** The configuration of every job; checked by the component's schema. */
  readonly config?: JsonValue;
  /** Where the component's secrets come from: `env:VARIABLE` or `file:PATH` by name. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What `env:` sources of secrets refer to; default empty. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A tracer of your own; default: spans become events of the job. */
  readonly tracer?: ExecutionContext['tracer'];
  /** Where effects that happen once are recorded; default: in memory, for one job. */
  readonly effects?: IdempotencyStore;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Makes an agent of a batch engram: the input of a job is its inputs, checked by its schema, and its output is the result.
 *
 * Every job runs the whole lifecycle of the engram. Logs, spans, progress and signals become events of the job; a refused input is
 * `INVALID_REQUEST`, any other failure `INTERNAL_ERROR` with `details.code` and `details.stage`. Throws
 * `COMPONENT_KIND_UNSUPPORTED` for streaming engrams and impulses, and `AGENT_NAME_MISSING` for a component without a name.
 */
export function agentFromComponent(
  component: Component,
  options: ComponentAgentOptions = {},
): AgentDefinition {
  if (component.kind !== 'batch') {
    throw new InvalidInputError(`an agent needs a batch engram, got a ${component.kind} one`, {
      code: 'COMPONENT_KIND_UNSUPPORTED',
      hint: 'Give the module a batch mode: defineEngram({ batch, streaming }) or defineBatch(…).',
    });
  }
  const { spec } = component;
  const name = options.name ?? spec.name;
  if (name === undefined) {
    throw new InvalidInputError('the component has no name, and an agent needs one', {
      code: 'AGENT_NAME_MISSING',
      hint: "Write name: '…' in its definition, or pass { name } to agentFromComponent.",
    });
  }
  const version = options.version === false ? undefined : (options.version ?? spec.version);
  const { clock = systemClock, random = systemRandom } = options;
  return defineAgent({
    name,
    ...(version === undefined ? {} : { version }),
    ...(spec.description === undefined ? {} : { description: spec.description }),
    async handler(input, context) {
      // Loaded with the first job: whoever serves other agents does not pay for it.
      const { createRedaction, effectsOn, runBatch } = await import('@engramkit/runtime');
      const redaction = createRedaction();
      const redact = <Value>(value: Value): Value => redaction.redact(value as never) as Value; // Redaction keeps the form.
      const logger = eventLogger(context, redact);
      const outcome = await runBatch(
        component,
        {
          runId: context.jobId,
          story: {
            ...emptyStoryInfo,
            storyRunId: context.traceId,
            stepName: name,
            stepRunId: context.jobId,
          },
          config: options.config ?? {},
          inputs: input ?? {},
          signal: context.signal,
        },
        {
          clock,
          random,
          logger,
          tracer: options.tracer ?? eventTracer(context, clock, redact),
          signals: eventSignals(context, clock, redact),
          effects: effectsOn({ store: options.effects ?? memoryIdempotencyStore(), clock, random }),
          secrets: {
            open: async ({ signal }) => {
              const { secretsFromSources, secretValues } = await import('@engramkit/secrets');
              const secrets = await secretsFromSources(options.secrets ?? {}, {
                env: options.env ?? {},
                signal,
                logger,
              });
              redaction.add(secretValues(secrets));
              return secrets;
            },
          },
        },
      );
      return resultOf(outcome, context);
    },
  });
}

function resultOf(outcome: Outcome, context: AgentContext): JsonValue | undefined {
  if (outcome.failure === undefined && outcome.status === 'succeeded') return outcome.output;
  // Whoever told the job to stop also said why.
  if (context.signal.aborted) throw context.signal.reason;
  throw jobError(outcome.failure);
}

/** The error of a job for a failed run; nothing of the stack leaves the runtime. Source: arcp section 6, X-1 and X-4. */
function jobError(failure: Failure | undefined): ArcpError {
  if (failure === undefined) return new ArcpError('INTERNAL_ERROR', 'the engram failed');
  const { thrown, stage, error, structured } = failure;
  if (thrown instanceof ArcpError) return thrown;
  const refused = stage === 'decode-inputs' || stage === 'resolve-inputs';
  return new ArcpError(refused ? 'INVALID_REQUEST' : 'INTERNAL_ERROR', error.message, {
    details: {
      code: error.code,
      stage,
      type: structured.type,
      ...(error.details === undefined ? {} : { about: error.details }),
    },
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: thrown,
  });
}
