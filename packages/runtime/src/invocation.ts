import type { Clock, JsonObject, JsonValue, Random } from '@engramkit/core';
import type { Effects, Logger, Signals, StoryInfo, TriggerClient } from '@engramkit/engram';
import type { Secrets } from '@engramkit/secrets';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { FaultListener } from './fault-listener.js';
import type { StageEvent } from './outcome.js';

/** One piece of work, as a host found it. */
export interface Invocation {
  /** Names this run in logs and records; unique per run. */
  readonly runId: string;
  readonly story: StoryInfo;
  /** Raw: not yet hydrated, resolved or decoded. */
  readonly config: unknown;
  /** Raw: not yet hydrated, resolved or decoded. */
  readonly inputs: unknown;
  /** What templates may refer to. */
  readonly templateContext?: JsonObject;
  /** How long the run may take up to the end of `process`, in milliseconds; absent means no limit. */
  readonly timeoutMs?: number;
  /**
   * How long author code may go on after its signal aborted, in milliseconds; default 1,000, and after a cancellation until
   * `abandon` aborts, if that is given.
   *
   * Whatever has not settled by then is left behind and the outcome is reported without it.
   */
  readonly graceMs?: number;
  /** Aborts on shutdown and cancellation. */
  readonly signal?: AbortSignal;
  /** Aborts when nothing may be waited for any longer: ends the grace at once. */
  readonly abandon?: AbortSignal;
}

/** Delivers the secrets of a run; rejects as a whole when one descriptor fails. */
export interface SecretSource {
  open(options: { readonly signal: AbortSignal }): Promise<Secrets>;
}

/** Moves large values out of and into documents. */
export interface PayloadStore {
  /** Replaces storage references by what they point to. */
  hydrate(value: unknown, options: { readonly signal: AbortSignal }): Promise<unknown>;
  /**
   * Replaces large values by storage references.
   *
   * Failures are tried again, at most three times in all, unless the error says `retry: 'never'`.
   */
  dehydrate(value: JsonValue, options: { readonly signal: AbortSignal }): Promise<JsonValue>;
}

/** Resolves the expressions of a story in config and inputs. */
export interface TemplateResolver {
  resolve(
    value: unknown,
    scope: { readonly inputs: unknown; readonly context: JsonObject },
    options: { readonly signal: AbortSignal },
  ): Promise<unknown>;
}

/** Checks documents against schemas that the surrounding system holds, beside the author's own. */
export interface DocumentGuard {
  /** Rejects when the resolved inputs are refused. Source: bobrapet-batch section 2.6. */
  checkInputs(inputs: unknown, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Rejects when the dehydrated output is refused. Source: bobrapet-batch section 2.6. */
  checkOutput(output: JsonValue, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** How the spans of a run nest; present only when tracing is on. */
export interface SpanScope {
  /** The parent of the run's span, if the surrounding system handed one over. */
  readonly parent?: Context;
  /** The context in which the span is the parent of new ones. */
  contextOf(span: Span): Context;
  /** Calls `work` with the span as the active one. */
  activate<Value>(span: Span, work: () => Value): Value;
}

/** Everything that differs between the places where a component runs. */
export interface HostPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** With it, the lifecycle makes one span per run and one per stage. */
  readonly spans?: SpanScope;
  readonly secrets: SecretSource;
  readonly effects: Effects;
  readonly signals: Signals;
  readonly payloads?: PayloadStore;
  readonly templates?: TemplateResolver;
  readonly guard?: DocumentGuard;
  readonly triggers?: TriggerClient;
  /** Ties rejections that nobody awaits and uncaught exceptions to the run; without it they stay with the process. */
  readonly faults?: FaultListener;
  /** Told about every stage; must not throw. */
  readonly onStage?: (event: StageEvent) => void;
}
