import { type Clock, describeThrown, EngramkitError, type JsonObject } from '@engramkit/core';
import type {
  ChronicleClient,
  ChronicleReceipt,
  FunctionEventStep,
} from './chronicle/chronicle-event.js';
import { chronicleEvent } from './chronicle/chronicle-event.js';
import type { HandlerOutcome } from './function-call.js';
import type { FunctionContext } from './function-context.js';
import type { RegisteredFunction } from './function-registry.js';

/** Records the steps of one call. */
export interface CallEvents {
  /** The beginning; rejects when it cannot be recorded. Source: function-descriptor section 7.1, step 4. */
  invoked(): Promise<ChronicleReceipt>;
  /** The end. Source: function-descriptor section 7.1, step 8. */
  ended(outcome: HandlerOutcome, invokedCid: string): Promise<ChronicleReceipt>;
}

/** What the events of a call are made of. */
export interface CallEventsOptions {
  readonly client: ChronicleClient;
  readonly entry: RegisteredFunction;
  readonly context: FunctionContext;
  readonly inputCid: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** The events of one call, each bounded in time. */
export function callEvents(options: CallEventsOptions): CallEvents {
  const { client, entry, context, inputCid, clock, timeoutMs } = options;
  const { function_id: functionId, corpus_entry_cid, capability_mask } = entry.attributes;
  const facts: JsonObject = {
    function_id: functionId,
    trigger_event_kind: context.trigger_event_kind,
    trigger_event_cid: context.trigger_event_cid,
    invocation_id: context.invocation_id,
    gsap_context_id: context.gsap_context_id,
    chronicle_session_id: context.chronicle_session_id,
    pipeline_run_id: context.pipeline_run_id,
    corpus_entry_cid,
    capability_mask,
    input_cid: inputCid,
  };
  const append = (step: FunctionEventStep, data: JsonObject): Promise<ChronicleReceipt> => {
    const { invocation_id: invocationId } = context;
    const event = chronicleEvent({ step, functionId, invocationId, nowMs: clock.now(), data });
    return within(timeoutMs, clock, () => client.append(event));
  };
  return {
    invoked: () => append('invoked', facts),
    ended({ result, durationMs }, invokedCid) {
      const { success, error } = result;
      return append(success ? 'completed' : 'failed', {
        ...facts,
        success,
        error: error === null ? null : wellFormed(error),
        duration_ms: durationMs,
        output_cid: result.outputCid(),
        parent_cid: invokedCid,
      });
    },
  };
}

/** What a chronicle said when it failed, as one line. */
export function chronicleProblem(thrown: unknown): string {
  return describeThrown(thrown);
}

/** Ledgers refuse half of a surrogate pair, which an error text that was cut may end in. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

function within<Value>(
  timeoutMs: number,
  clock: Clock,
  work: () => Promise<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      reject(
        new EngramkitError(`the chronicle did not answer within ${timeoutMs} ms`, {
          code: 'CHRONICLE_TIMEOUT',
          retry: 'unknown',
          hint: 'Look whether the disk or the service behind the chronicle is slow.',
        }),
      );
    }, timeoutMs);
    const settle = (end: () => void): void => {
      timer.cancel();
      end();
    };
    // A client that throws at once is one that fails.
    Promise.resolve()
      .then(work)
      .then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
  });
}
