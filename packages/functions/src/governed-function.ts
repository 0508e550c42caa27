import type { StandardSchemaV1 } from '@engramkit/core';
import {
  FUNCTION_DEFAULTS,
  type FunctionAttributes,
  type FunctionDescriptor,
  functionDescriptor,
  type KnativeManifestOptions,
  type KnativeService,
  knativeManifest,
} from '@engramkit/descriptor';
import type { Logger } from '@engramkit/engram';
import type { FunctionContext } from './function-context.js';
import type { FunctionResult } from './function-result.js';

/** Who calls, as an authenticator found out. */
export interface Principal {
  /** Names the caller; appears in logs and bills. */
  readonly id: string;
  /** What else is known, such as the claims of a token; never logged. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The W3C trace context of a call. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** What a function sees of the call around it, beside event and context. */
export interface FunctionCall {
  /** Aborts at the time limit and when the caller is gone; work that goes on after it is not waited for. */
  readonly signal: AbortSignal;
  /** When the call must be over, milliseconds since 1970-01-01T00:00:00Z. */
  readonly deadlineMs: number;
  readonly logger: Logger;
  /** The event as it came, with floats and large integers told apart; `event` has plain numbers. */
  readonly rawEvent: unknown;
  /** The key under which the call is carried out once, if it has one. */
  readonly idempotencyKey?: string;
  readonly principal?: Principal;
  readonly trace?: TraceContext;
  /**
   * Dispatches a further event when this call has succeeded, with the id of its completion as the cause.
   *
   * The call waits for the functions that the event triggers. Nothing is dispatched for a call that failed.
   */
  emit(eventKind: string, event: unknown): void;
}

/** The schemas of a function, for checks and for descriptions. */
export interface FunctionSchemas {
  readonly event?: StandardSchemaV1;
  readonly result?: StandardSchemaV1;
}

/** A function as registries and runtimes take it: attributes, a handler and a health check. */
export interface GovernedFunction extends FunctionAttributes {
  readonly schemas?: FunctionSchemas;
  /** Does the work. A throw fails the call with the message of the error. */
  handle(
    event: never,
    context: FunctionContext,
    call: FunctionCall,
  ): FunctionResult | Promise<FunctionResult>;
  healthCheck(): boolean | Promise<boolean>;
}

/** A function written as a class. Source: function-descriptor section 1.1. */
export abstract class FunctionPlugin implements GovernedFunction {
  readonly function_id: string = FUNCTION_DEFAULTS.function_id;
  readonly corpus_entry_cid: string = FUNCTION_DEFAULTS.corpus_entry_cid;
  readonly capability_mask: number = FUNCTION_DEFAULTS.capability_mask;
  readonly trigger_events: readonly string[] = [];
  readonly accord_template: string = FUNCTION_DEFAULTS.accord_template;
  readonly gsap_required: boolean = FUNCTION_DEFAULTS.gsap_required;
  readonly chronicle_enabled: boolean = FUNCTION_DEFAULTS.chronicle_enabled;
  readonly max_duration_seconds: number = FUNCTION_DEFAULTS.max_duration_seconds;
  readonly display_name: string = FUNCTION_DEFAULTS.display_name;
  readonly description: string = FUNCTION_DEFAULTS.description;
  readonly version: string = FUNCTION_DEFAULTS.version;

  /** Does the work. A throw fails the call with the message of the error. */
  abstract handle(
    event: never,
    context: FunctionContext,
    call: FunctionCall,
  ): FunctionResult | Promise<FunctionResult>;

  /** Whether the function can be called now. */
  abstract healthCheck(): boolean | Promise<boolean>;

  /** The descriptor in JSON-LD. Source: function-descriptor section 2. */
  descriptor(): FunctionDescriptor {
    return functionDescriptor(this);
  }

  /** The Knative Service. Source: function-descriptor section 5. */
  knativeManifest(
    image: string,
    namespace = 'default',
    options: KnativeManifestOptions = {},
  ): KnativeService {
    return knativeManifest(this, image, namespace, options);
  }
}
