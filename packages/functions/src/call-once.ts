import {
  type Clock,
  describeThrown,
  EngramkitError,
  type JsonObject,
  type Random,
} from '@engramkit/core';
import { contentId, once } from '@engramkit/ids';
import { recordOf, resultOf } from './call-record.js';
import type { Cascade } from './cascade.js';
import type { FunctionContext } from './function-context.js';
import type { RegisteredFunction } from './function-registry.js';
import type { FunctionResult } from './function-result.js';
import type { FunctionIdempotency, InvokeOptions } from './runtime-options.js';

/** A call on its way. */
export interface Call {
  readonly entry: RegisteredFunction;
  readonly event: unknown;
  readonly context: FunctionContext;
  readonly options: InvokeOptions;
  readonly cascade: Cascade;
  /** Keys of callers and ids of events never meet, even when they are equal. */
  readonly origin: 'invoke' | 'dispatch';
}

/** A call that is over. */
export interface Ended {
  readonly result: FunctionResult;
  /** The refusal or failure, as a stable code. */
  readonly code?: string;
}

/** What {@link carryOut} works with. */
export interface OnceParts {
  readonly idempotency: FunctionIdempotency;
  readonly clock: Clock;
  readonly random: Random;
  readonly run: (call: Call) => Promise<Ended>;
}

/** How much longer than its function a claim lasts, milliseconds: for the events and the follow-ups. */
const LEASE_MARGIN_MS = 30_000;

/**
 * Carries out a call; with a key, once. A call that could not be recorded in the chronicle does not count.
 *
 * Source: function-descriptor section 7.3, step 4.
 */
export async function carryOut(call: Call, parts: OnceParts): Promise<Ended> {
  const { idempotency, clock, random, run } = parts;
  const { idempotencyKey, principal, signal } = call.options;
  if (idempotencyKey === undefined) return run(call);
  const { store, keepMs, onFailure } = idempotency;
  const { function_id: id, max_duration_seconds: seconds } = call.entry.attributes;
  const byCaller = call.origin === 'invoke';
  const scope = byCaller
    ? ['key', idempotencyKey, principal?.id ?? null]
    : ['event', idempotencyKey];
  let first: Ended | undefined;
  try {
    const record = await once(
      `function:${contentId([id, ...scope])}`,
      async (): Promise<JsonObject> => {
        first = await run(call);
        const counts = first.result.success || onFailure !== 'release';
        if (!counts || first.code === 'CHRONICLE_FAILED') throw new NotCounted();
        return recordOf(first.result.with({ metadata: metadataOf(first, call) }));
      },
      {
        store,
        signal,
        keepMs,
        clock,
        random,
        // A trigger names its event; a key of a caller does not.
        fingerprint: byCaller ? contentId(call.event) : undefined,
        leaseMs: Math.trunc(Number.isFinite(seconds) ? seconds * 1000 : 0) + LEASE_MARGIN_MS,
      },
    );
    return first ?? replay(record);
  } catch (thrown) {
    if (first === undefined) throw thrown;
    if (thrown instanceof NotCounted) return first;
    // The call is over; only its record is not: the caller must know both.
    const metadata = { ...first.result.metadata, idempotency_error: describeThrown(thrown) };
    return { ...first, result: first.result.with({ metadata }) };
  }
}

/** Ends `once` without a record, so that the next call tries again. */
class NotCounted extends EngramkitError {
  static override readonly brand: string = 'NotCounted';

  constructor() {
    super('the call does not count', { code: 'NOT_COUNTED', retry: 'safe' });
  }
}

function metadataOf({ result, code }: Ended, { context }: Call): Readonly<Record<string, unknown>> {
  const { invocation_id } = context;
  return { ...result.metadata, ...(code === undefined ? {} : { code }), invocation_id };
}

function replay(record: JsonObject): Ended {
  const result = resultOf(record);
  const { code } = result.metadata;
  return { result, ...(typeof code === 'string' ? { code } : {}) };
}
