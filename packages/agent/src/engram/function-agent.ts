import { ArcpError } from '@engramkit/arcp';
import {
  type Clock,
  InvalidInputError,
  type JsonObject,
  type JsonValue,
  systemClock,
  toJsonValue,
} from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import { type AgentContext, type AgentDefinition, defineAgent } from '../agent-definition.js';
import { eventLogger } from './event-logger.js';

/** What came of a call of a governed function. */
export interface FunctionOutcome {
  readonly success: boolean;
  readonly data: unknown;
  readonly error: string | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The call that a function sees beside its event. */
export interface FunctionAgentCall {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly logger: Logger;
  readonly rawEvent: unknown;
  readonly principal: { readonly id: string };
  readonly trace: { readonly traceparent: string };
  emit(eventKind: string, event: unknown): void;
}

/** What of a governed function an agent needs; the functions of `@engramkit/functions` fit. */
export interface AgentFunction {
  readonly function_id: string;
  readonly version?: string;
  readonly description?: string;
  readonly gsap_required?: boolean;
  /** Seconds; a call that takes longer fails. */
  readonly max_duration_seconds?: number;
  handle(event: never, context: never, call: never): FunctionOutcome | Promise<FunctionOutcome>;
}

/** Options of {@link agentFromFunction}. */
export interface FunctionAgentOptions {
  /** Default: the function's identifier. */
  readonly name?: string;
  /** Default: the function's version; `false` registers it without one. */
  readonly version?: string | false;
  /**
   * Carries the call out in place of the function's own `handle`: a registry that checks authorization and bills, for example.
   * Needed for functions with `gsap_required`.
   */
  readonly invoke?: (
    event: JsonValue,
    context: JsonObject,
    call: FunctionAgentCall,
  ) => FunctionOutcome | Promise<FunctionOutcome>;
  readonly clock?: Clock;
}

const DEFAULT_DURATION_SECONDS = 300;

/**
 * Makes an agent of a governed function: the input of a job is the event, the data of the result is the result.
 *
 * Log lines and dispatched events become events of the job. A failed call ends the job with `INTERNAL_ERROR`. Throws
 * `AUTHORIZATION_REQUIRED` for a function that needs an authorization context when `invoke` is missing.
 */
export function agentFromFunction(
  governed: AgentFunction,
  options: FunctionAgentOptions = {},
): AgentDefinition {
  const { clock = systemClock, invoke } = options;
  if (governed.gsap_required === true && invoke === undefined) {
    throw new InvalidInputError(
      `the function ${governed.function_id} needs an authorization context, which a job does not have`,
      {
        code: 'AUTHORIZATION_REQUIRED',
        hint: 'Pass { invoke } that calls it through what checks the authorization, or set gsap_required: false.',
      },
    );
  }
  const version =
    options.version === false ? undefined : (options.version ?? governed.version ?? undefined);
  return defineAgent({
    name: options.name ?? governed.function_id,
    ...(version === undefined || version === '' ? {} : { version }),
    ...(governed.description === undefined ? {} : { description: governed.description }),
    async handler(input, context) {
      const seconds = governed.max_duration_seconds ?? DEFAULT_DURATION_SECONDS;
      const limit = new AbortController();
      const timer = clock.setTimer(
        () =>
          limit.abort(new ArcpError('TIMEOUT', `the function ran longer than ${seconds} seconds`)),
        seconds * 1_000,
        { unref: true },
      );
      const signal = AbortSignal.any([context.signal, limit.signal]);
      try {
        const event = input ?? null;
        const call = callOf(event, context, signal, clock.now() + seconds * 1_000);
        const outcome = await orAborted(
          Promise.resolve(
            invoke === undefined
              ? governed.handle(event as never, contextOf(context) as never, call as never)
              : invoke(event, contextOf(context), call),
          ),
          signal,
        );
        if (outcome.success) return toJsonValue(outcome.data, { what: 'the data of the function' });
        throw new ArcpError('INTERNAL_ERROR', outcome.error ?? 'the function failed', {
          details: { reason: 'function_failed', function_id: governed.function_id },
        });
      } finally {
        timer.cancel();
      }
    },
  });
}

function contextOf(context: AgentContext): JsonObject {
  return {
    trigger_event_kind: 'arcp.job',
    trigger_event_cid: '',
    chronicle_session_id: '',
    gsap_context_id: '',
    invocation_id: context.jobId,
    pipeline_run_id: '',
  };
}

function callOf(
  event: JsonValue,
  context: AgentContext,
  signal: AbortSignal,
  deadlineMs: number,
): FunctionAgentCall {
  return {
    signal,
    deadlineMs,
    logger: eventLogger(context, (value) => value),
    rawEvent: event,
    principal: { id: context.principal },
    // The parent span is unknown: the trace goes on with a span made of its own beginning. Source: arcp section 7.2, O-2.
    trace: { traceparent: `00-${context.traceId}-${context.traceId.slice(0, 16)}-01` },
    emit: (eventKind, payload) => {
      context
        .emit('x-vendor.engramkit.event', {
          event_kind: eventKind,
          event: toJsonValue(payload, { what: 'the dispatched event' }),
        })
        .catch(() => undefined);
    },
  };
}

/** Work that ignores its signal is left behind. */
function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
