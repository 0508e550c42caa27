import type { Clock, JsonObject, JsonValue, Random } from '@engramkit/core';
import type { Effects, Logger, Signals, StoryInfo, TriggerClient } from '@engramkit/engram';
import type { Secrets } from '@engramkit/secrets';
import type { Tracer } from '@opentelemetry/api';

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
  /** How long `init` and `process` may take together, in milliseconds; absent means no limit. */
  readonly timeoutMs?: number;
  /** Aborts on shutdown and cancellation. */
  readonly signal?: AbortSignal;
}

/** Delivers the secrets of a run; rejects as a whole when one descriptor fails. */
export interface SecretSource {
  open(options: { readonly signal: AbortSignal }): Promise<Secrets>;
}

/** Moves large values out of and into documents. */
export interface PayloadStore {
  /** Replaces storage references by what they point to. */
  hydrate(value: unknown, options: { readonly signal: AbortSignal }): Promise<unknown>;
  /** Replaces large values by storage references. */
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

/** Everything that differs between the places where a component runs. */
export interface HostPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly secrets: SecretSource;
  readonly effects: Effects;
  readonly signals: Signals;
  readonly payloads?: PayloadStore;
  readonly templates?: TemplateResolver;
  readonly triggers?: TriggerClient;
}
