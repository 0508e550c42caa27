import type { Clock, Random } from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import type { IdempotencyStore } from '@engramkit/ids';
import type { FunctionContext } from './function-context.js';
import type { FunctionResult } from './function-result.js';
import type { Principal, TraceContext } from './governed-function.js';

/** What a capability policy says; a refusal has a reason for the caller. */
export type CapabilityDecision =
  | { readonly allow: true }
  | { readonly allow: false; readonly reason: string };

/** What a capability policy may look at. */
export interface CapabilityQuestion {
  readonly functionId: string;
  readonly context: FunctionContext;
  readonly principal?: Principal;
}

/** Whether a call may use the capabilities of a function. What a mask means is up to the policy. */
export type CapabilityPolicy = (
  mask: number,
  question: CapabilityQuestion,
) => CapabilityDecision | Promise<CapabilityDecision>;

/** How calls are carried out once per key. */
export interface FunctionIdempotency {
  readonly store: IdempotencyStore;
  /** How long a result is kept, milliseconds; default: for ever. */
  readonly keepMs?: number;
  /** Whether the result of a call that failed counts, or the next call tries again; default `record`. */
  readonly onFailure?: 'record' | 'release';
}

/** One call that is over, as observers see it. */
export interface ObservedCall {
  readonly functionId: string;
  readonly version: string;
  readonly context: FunctionContext;
  readonly result: FunctionResult;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly startedAtMs: number;
  /** The refusal or failure as a stable code; absent after success. */
  readonly code?: string;
}

/** Told about calls; what an observer throws is ignored. */
export interface FunctionObserver {
  /** A handler begins. */
  started?(functionId: string): void;
  /** A handler, or a replay of its result, is over; also told of refusals. */
  ended?(call: ObservedCall): void;
}

/** Options of `FunctionRuntime`. */
export interface FunctionRuntimeOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /**
   * What a chronicle that fails means: `best-effort` reports it in the metadata, `required` refuses calls whose beginning cannot
   * be recorded. Default `best-effort`.
   */
  readonly chronicle?: 'best-effort' | 'required';
  /** How long the chronicle may take for one event, milliseconds; default 5,000. */
  readonly chronicleTimeoutMs?: number;
  /** Default: every mask is allowed. */
  readonly capabilityPolicy?: CapabilityPolicy;
  /**
   * With it, `dispatch` carries out each function once per event. Keys of `invoke` are kept there, too; default for those: in
   * memory, for an hour.
   */
  readonly idempotency?: FunctionIdempotency;
  /** How many functions of one dispatch run at once; default 8. */
  readonly concurrency?: number;
  /** How many events may follow from each other; default 16. */
  readonly maxDepth?: number;
  /** How long a handler may go on after its caller is gone, milliseconds; default 1,000. */
  readonly graceMs?: number;
  /** Takes secrets out of the messages of errors. */
  readonly redact?: (text: string) => string;
  readonly observer?: FunctionObserver;
}

/** Options of a single call. */
export interface InvokeOptions {
  /** Aborts the call; with an idempotency key the handler is still waited for, so that its result is recorded. */
  readonly signal?: AbortSignal | undefined;
  /** Calls of a function with the same key are carried out once; the same key with another event is refused. */
  readonly idempotencyKey?: string | undefined;
  readonly principal?: Principal | undefined;
  readonly trace?: TraceContext | undefined;
}

/** Options of a dispatch. */
export interface DispatchOptions extends Omit<InvokeOptions, 'idempotencyKey'> {
  /** Runs one function after the other; default: several at once. */
  readonly ordered?: boolean;
  readonly concurrency?: number;
}

/** One result of a dispatch, with the function it is of. */
export interface DispatchedResult {
  readonly functionId: string;
  readonly result: FunctionResult;
}
