import {
  type Clock,
  describeThrown,
  EngramkitError,
  type JsonObject,
  type Random,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import { contentId, memoryIdempotencyStore } from '@engramkit/ids';
import { silentLogger } from '@engramkit/runtime';
import { callEvents, chronicleProblem } from './call-events.js';
import { type Call, carryOut, type Ended } from './call-once.js';
import { refusalOf } from './call-refusal.js';
import { type Cascade, enter, eventCid, NO_CASCADE } from './cascade.js';
import type { ChronicleClient, ChronicleReceipt } from './chronicle/chronicle-event.js';
import { runHandler } from './function-call.js';
import { type FunctionContext, functionContext } from './function-context.js';
import type { FunctionRegistry } from './function-registry.js';
import { type FunctionResult, failed } from './function-result.js';
import type {
  DispatchedResult,
  DispatchOptions,
  FunctionIdempotency,
  FunctionObserver,
  FunctionRuntimeOptions,
  InvokeOptions,
} from './runtime-options.js';
import { inTurns } from './turns.js';

const CONCURRENCY = 8;
const MAX_DEPTH = 16;
const GRACE_MS = 1_000;
const CHRONICLE_TIMEOUT_MS = 5_000;
/** How long results of keys are kept in memory when no store is given. */
const KEEP_MS = 3_600_000;

/**
 * Calls the functions of a registry: checks, time limits, lineage, idempotency, routing of events.
 *
 * Nothing is ever thrown out of `invoke` and `dispatch`. Source: function-descriptor section 7.
 */
export class FunctionRuntime {
  readonly registry: FunctionRegistry;
  readonly chronicle: ChronicleClient | undefined;
  readonly #options: FunctionRuntimeOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #idempotency: FunctionIdempotency;
  readonly #observers = new Set<FunctionObserver>();
  #chronicleFailures = 0;

  constructor(
    registry: FunctionRegistry,
    chronicle?: ChronicleClient,
    options: FunctionRuntimeOptions = {},
  ) {
    this.registry = registry;
    this.chronicle = chronicle;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#logger = options.logger ?? silentLogger;
    this.#idempotency = options.idempotency ?? { store: memoryIdempotencyStore(), keepMs: KEEP_MS };
    if (options.observer !== undefined) this.#observers.add(options.observer);
  }

  /** How many events the chronicle did not take. */
  get chronicleFailures(): number {
    return this.#chronicleFailures;
  }

  /** Tells the observer about every call from now on; returns what stops it. */
  observe(observer: FunctionObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /**
   * Calls one function. The context is copied; `metadata.invocation_id` says under which id the call ran.
   *
   * `metadata.code` tells refusals and failures apart: `UNKNOWN_FUNCTION`, `GSAP_CONTEXT_REQUIRED`, `CAPABILITY_DENIED`,
   * `EVENT_INVALID`, `CHRONICLE_FAILED`, `TIMEOUT`, `IDEMPOTENCY_…` and the codes of errors that the handler throws. Source:
   * function-descriptor section 7.1.
   */
  async invoke(
    functionId: string,
    event: unknown = {},
    context: Partial<FunctionContext> = {},
    options: InvokeOptions = {},
  ): Promise<FunctionResult> {
    const cascade = { depth: 1, visited: NO_CASCADE.visited };
    return this.#invoke(functionId, event, functionContext(context), options, cascade, 'invoke');
  }

  /**
   * Calls every function that a kind of event triggers; results are in order of registration, none is no error.
   *
   * No function affects another one. Source: function-descriptor section 7.3.
   */
  async dispatch(
    eventKind: string,
    event: unknown = {},
    context: Partial<FunctionContext> = {},
    options: DispatchOptions = {},
  ): Promise<readonly DispatchedResult[]> {
    return this.#dispatch(eventKind, event, functionContext(context), options, NO_CASCADE);
  }

  async #dispatch(
    eventKind: string,
    event: unknown,
    given: FunctionContext,
    options: DispatchOptions,
    cascade: Cascade,
  ): Promise<readonly DispatchedResult[]> {
    const targets = [...this.registry.entriesFor(eventKind)];
    if (targets.length === 0) return [];
    let contentCid: string;
    try {
      contentCid = eventCid(eventKind, event);
    } catch (thrown) {
      const result = failed(`The event has no content id: ${describeThrown(thrown)}`, {
        code: 'EVENT_INVALID',
      });
      return targets.map(({ attributes }) => ({ functionId: attributes.function_id, result }));
    }
    const triggerCid = given.trigger_event_cid === '' ? contentCid : given.trigger_event_cid;
    const context = {
      ...given,
      trigger_event_kind: eventKind,
      trigger_event_cid: triggerCid,
      invocation_id: '',
    };
    const { ordered, concurrency, ...rest } = options;
    const atOnce = ordered === true ? 1 : (concurrency ?? this.#options.concurrency ?? CONCURRENCY);
    return inTurns(targets, atOnce, async (target) => {
      const { function_id: functionId } = target.attributes;
      const below = enter(cascade, functionId, [triggerCid, contentCid]);
      if (below === undefined || below.depth > (this.#options.maxDepth ?? MAX_DEPTH)) {
        const result = failed('Dispatch cycle detected', { code: 'DISPATCH_CYCLE' });
        return { functionId, result };
      }
      const keyed =
        this.#options.idempotency !== undefined ? { ...rest, idempotencyKey: triggerCid } : rest;
      const result = await this.#invoke(functionId, event, context, keyed, below, 'dispatch');
      return { functionId, result };
    });
  }

  async #invoke(
    functionId: string,
    event: unknown,
    given: FunctionContext,
    options: InvokeOptions,
    cascade: Cascade,
    origin: Call['origin'],
  ): Promise<FunctionResult> {
    const startedAtMs = this.#clock.now();
    const entry = this.registry.entry(functionId);
    // An unknown id leaves no trace: it may be anything that a caller made up.
    if (entry === undefined) {
      return failed(`Unknown function: ${functionId}`, { code: 'UNKNOWN_FUNCTION' });
    }
    const id = given.invocation_id === '' ? this.#random.uuid() : given.invocation_id;
    const context = { ...given, invocation_id: id };
    let ended: Ended;
    try {
      ended =
        (await refusalOf(entry, context, options, this.#options.capabilityPolicy)) ??
        (await carryOut(
          { entry, event, context, options, cascade, origin },
          {
            idempotency: this.#idempotency,
            clock: this.#clock,
            random: this.#random,
            run: (call) => this.#run(call),
          },
        ));
    } catch (thrown) {
      ended = failure(thrown, this.#options.redact);
    }
    const { code } = ended;
    const result = ended.result.with({
      metadata: {
        ...ended.result.metadata,
        ...(code === undefined ? {} : { code }),
        invocation_id: ended.result.metadata.invocation_id ?? id,
      },
    });
    this.#tell((observer) =>
      observer.ended?.({
        functionId,
        version: entry.version,
        context,
        result,
        startedAtMs,
        ...(code === undefined ? {} : { code }),
      }),
    );
    return result;
  }

  /** Source: function-descriptor section 7.1, steps 4 to 9. */
  async #run(call: Call): Promise<Ended> {
    const { entry, event, context, options } = call;
    const { function_id: functionId, chronicle_enabled: enabled } = entry.attributes;
    const logger = this.#logger.child({
      function: functionId,
      invocationId: context.invocation_id,
    });
    let problem: string | undefined;
    const recorded = async (append: () => Promise<ChronicleReceipt>): Promise<string> => {
      try {
        return (await append()).cid;
      } catch (thrown) {
        this.#chronicleFailures += 1;
        problem ??= chronicleProblem(thrown);
        logger.warn('the chronicle did not take an event', { error: problem });
        return '';
      }
    };
    const events =
      enabled && this.chronicle !== undefined
        ? callEvents({
            client: this.chronicle,
            entry,
            context,
            inputCid: inputCid(event),
            clock: this.#clock,
            timeoutMs: this.#options.chronicleTimeoutMs ?? CHRONICLE_TIMEOUT_MS,
          })
        : undefined;
    const invokedCid = events === undefined ? '' : await recorded(events.invoked);
    if (problem !== undefined && this.#options.chronicle === 'required') {
      const result = failed('The call cannot be recorded', { chronicle_error: problem });
      return { result, code: 'CHRONICLE_FAILED' };
    }
    const followUps: (readonly [kind: string, event: unknown])[] = [];
    this.#tell((observer) => observer.started?.(functionId));
    const outcome = await runHandler({
      entry,
      event,
      context,
      options,
      clock: this.#clock,
      logger,
      graceMs: this.#options.graceMs ?? GRACE_MS,
      redact: this.#options.redact ?? unchanged,
      emit: (kind, emitted) => void followUps.push([kind, emitted]),
    });
    const cid = events === undefined ? '' : await recorded(() => events.ended(outcome, invokedCid));
    const followed = outcome.result.success ? await this.#follow(call, followUps, cid) : [];
    const { result, code, durationMs } = outcome;
    const metadata = {
      ...result.metadata,
      ...(problem === undefined ? {} : { chronicle_error: problem }),
      ...(followed.length === 0 ? {} : { follow_ups: followed }),
    };
    return {
      result: result.with({ lineage_cid: cid, duration_ms: durationMs, metadata }),
      ...(code === undefined ? {} : { code }),
    };
  }

  /** Dispatches what a call emitted, with its completion as the cause. Source: function-descriptor section 7.2. */
  async #follow(
    { context, options, cascade }: Call,
    followUps: readonly (readonly [kind: string, event: unknown])[],
    completionCid: string,
  ): Promise<readonly JsonObject[]> {
    const told: JsonObject[] = [];
    const { principal, trace } = options;
    for (const [kind, event] of followUps) {
      const below = { ...context, trigger_event_cid: completionCid };
      const results = await this.#dispatch(kind, event, below, { principal, trace }, cascade);
      for (const { functionId, result } of results) {
        const { success, error, lineage_cid } = result;
        told.push({ event_kind: kind, function_id: functionId, success, error, lineage_cid });
      }
    }
    return told;
  }

  #tell(tell: (observer: FunctionObserver) => void): void {
    for (const observer of this.#observers) {
      try {
        tell(observer);
      } catch (error) {
        this.#logger.warn('an observer of calls threw', { error: describeThrown(error) });
      }
    }
  }
}

/** The content id of an event; throws `EVENT_INVALID` for one that has none. */
function inputCid(event: unknown): string {
  try {
    return contentId(event);
  } catch (cause) {
    throw new EngramkitError(`The event has no content id: ${describeThrown(cause)}`, {
      code: 'EVENT_INVALID',
      cause,
      hint: 'Pass plain JSON.',
    });
  }
}

function failure(thrown: unknown, redact: (text: string) => string = unchanged): Ended {
  const { code, message } = EngramkitError.from(thrown);
  return { result: failed(redact(message)), code };
}

function unchanged(text: string): string {
  return text;
}
