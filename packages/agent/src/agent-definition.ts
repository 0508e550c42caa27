import type { Budget, Credential, Lease, LogEventLevel } from '@engramkit/arcp';
import type { JsonObject, JsonValue } from '@engramkit/core';
import type { DelegatedJob, DelegateOptions } from './delegation.js';
import type { GuardedFiles } from './guarded-fs.js';
import type { ResultWriter } from './result-writer.js';

/** What an agent may do and see while it works on a job. */
export interface AgentContext {
  readonly jobId: string;
  /** `name@version`, or the bare name. */
  readonly agent: string;
  readonly principal: string;
  readonly traceId: string;
  readonly lease: Lease;
  readonly budget: Budget;
  readonly credentials: readonly Credential[];
  /** Aborts on cancel, timeout, expiry of the lease and shutdown; the reason is an `ArcpError`. */
  readonly signal: AbortSignal;
  /**
   * Emits an event; resolves when the observers' backlog allows for more, so that awaiting it is back-pressure.
   *
   * Throws `INVALID_REQUEST` for a kind that is neither reserved nor a vendor's.
   */
  emit(kind: string, body: JsonObject): Promise<void>;
  log(level: LogEventLevel, message: string, attributes?: JsonObject): Promise<void>;
  thought(text: string): Promise<void>;
  status(phase: string, message?: string): Promise<void>;
  progress(
    current: number,
    options?: { readonly total?: number; readonly units?: string; readonly message?: string },
  ): Promise<void>;
  /**
   * Reports a number. A name that starts with `cost.` with a budgeted unit is subtracted from the budget; a negative or
   * non-finite cost throws `INVALID_REQUEST` and nothing is emitted. Source: arcp section 5.7, L-52.
   */
  metric(
    name: string,
    value: number,
    options?: { readonly unit?: string; readonly dimensions?: Readonly<Record<string, string>> },
  ): Promise<void>;
  artifact(
    uri: string,
    contentType: string,
    options?: { readonly byteSize?: number; readonly sha256?: string },
  ): Promise<void>;
  /**
   * Checks the lease for an operation; throws `LEASE_EXPIRED`, `BUDGET_EXHAUSTED` or `PERMISSION_DENIED`, and shows the refusal as
   * a `tool_result`. Source: arcp section 5.4.
   */
  authorize(capability: string, target: string, callId?: string): void;
  /** Checks `tool.call`, emits `tool_call` and gives the call's identifier. */
  toolCall(tool: string, args?: JsonValue): Promise<string>;
  /** Emits the `tool_result` of a call. */
  toolResult(
    callId: string,
    outcome: { readonly result?: JsonValue; readonly error?: unknown },
  ): Promise<void>;
  /** A whole tool call: check, `tool_call`, the work, `tool_result`. */
  tool<Value extends JsonValue | undefined>(
    tool: string,
    args: JsonValue,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value>;
  /** `fetch` under `net.fetch`: every address, also of redirects, is checked. */
  readonly fetch: (address: string | URL, init?: RequestInit) => Promise<Response>;
  /** Files under `fs.read` and `fs.write`. */
  readonly fs: GuardedFiles;
  /**
   * A call of a model under `model.use`. What the provider says about budgets and refused models becomes `BUDGET_EXHAUSTED` and
   * `PERMISSION_DENIED`. Source: arcp sections 5.8 and 7.1.
   */
  model<Value>(name: string, call: (signal: AbortSignal) => Promise<Value>): Promise<Value>;
  /** Runs a job of another agent in the same session, under a part of this lease. Source: arcp section 5.9. */
  delegate(agent: string, input?: JsonValue, options?: DelegateOptions): Promise<DelegatedJob>;
  /** Streams the result instead of returning it. */
  streamResult(): ResultWriter;
}

/** The work of an agent: input in, result out. */
export type AgentHandler = (input: JsonValue | undefined, context: AgentContext) => unknown;

/** One agent, in one version or without any. */
export interface AgentDefinition {
  /** Lower case letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  readonly version?: string;
  /** Whether a bare name means this version; else the last one registered. */
  readonly isDefault?: boolean;
  readonly description?: string;
  readonly handler: AgentHandler;
}

/** Declares an agent. */
export function defineAgent(definition: AgentDefinition): AgentDefinition {
  return Object.freeze({ ...definition });
}
