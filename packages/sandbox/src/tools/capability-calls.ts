import {
  type Clock,
  type JsonObject,
  type JsonValue,
  openDeadline,
  type Random,
  stringifyJson,
  toJsonValue,
  utf8Length,
} from '@engramkit/core';
import { digestJson, type IdempotencyStore, once } from '@engramkit/ids';
import { type ErrorObject, errorObject, type PendingApproval } from '../wire/run-types.js';
import { type ApprovalDecision, type ApprovalRule, askPolicy } from './approval.js';
import { callStatusOf, errorOfThrown } from './call-error.js';
import type { CallGate } from './call-gate.js';
import type { OpenRecord, WaitingCall } from './call-ledger.js';
import { checkRequest, requestDigest } from './check-request.js';
import type { GuestCall, Settlement } from './guest-call.js';
import type { CheckedTool, ToolRegistry } from './tool-registry.js';
import { untilAborted } from './until-aborted.js';

/** What the calls of a run need from around them. */
export interface CapabilityCallsOptions {
  readonly sessionId: string;
  readonly runId: string;
  readonly registry: ToolRegistry;
  readonly gate: CallGate;
  readonly rules: Readonly<Record<string, ApprovalRule>>;
  readonly approvalTtlMs: number | null;
  /** What people see of the arguments of a call that waits. */
  readonly redact: (name: string, args: readonly JsonValue[]) => JsonValue;
  readonly effects: IdempotencyStore | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts with the run. */
  readonly signal: AbortSignal;
}

type Outcome = { readonly value: JsonValue } | { readonly error: ErrorObject };

/** The capability calls of one run, in the order of the contract. Source: sandbox section 5.4. */
export class CapabilityCalls {
  readonly records: OpenRecord[];
  readonly waiting: WaitingCall[];
  readonly #options: CapabilityCallsOptions;

  constructor(
    options: CapabilityCallsOptions,
    earlier: {
      readonly records?: readonly OpenRecord[];
      readonly waiting?: readonly WaitingCall[];
    } = {},
  ) {
    this.#options = options;
    this.records = (earlier.records ?? []).map((record) => ({ ...record }));
    this.waiting = [...(earlier.waiting ?? [])];
  }

  /** Carries a call out; `undefined` when it waits for consent. Never rejects. */
  async answer(call: GuestCall): Promise<Settlement | undefined> {
    const { registry, gate, sessionId, rules } = this.#options;
    const tool = registry.get(call.name);
    const record = this.#open(call, tool);
    const refuse = (error: ErrorObject): Settlement => this.#settle(record, { error });
    if (tool === undefined) {
      return refuse(errorObject('UNKNOWN_TOOL', `there is no capability '${call.name}'`));
    }
    const refusal = checkRequest(tool, call);
    if (refusal !== undefined) return refuse(refusal);
    if (!gate.takeRate(sessionId, tool.capability)) {
      const { rate_per_min: rate } = tool.capability.limits;
      return refuse(
        errorObject('RATE_LIMITED', `'${call.name}' may be called ${rate} times a minute`),
      );
    }
    const { capability } = tool;
    const { args, kwargs } = call;
    const consent = await askPolicy({ sessionId, capability, args, kwargs }, rules);
    if (consent === 'ask') {
      this.#wait(call, record);
      return undefined;
    }
    if (consent === 'deny') {
      return refuse(errorObject('APPROVAL_DENIED', `a rule of the host refuses '${call.name}'`));
    }
    return this.#settle(record, await this.#perform(tool, record, args, kwargs));
  }

  /** Carries out what a person decided about a waiting call. */
  async decide(call: WaitingCall, decision: ApprovalDecision): Promise<Settlement> {
    this.waiting.splice(this.waiting.indexOf(call), 1);
    const record =
      this.records.find(({ id }) => id === call.id) ?? this.#open({ ...call, bytes: 0 }, undefined);
    const { clock, registry } = this.#options;
    if (call.expires_at !== null && clock.now() >= call.expires_at) {
      return this.#settle(record, {
        error: errorObject('APPROVAL_DENIED', `nobody decided about '${call.name}' in time`),
      });
    }
    if (decision.decision === 'deny') {
      const reason = decision.reason === undefined ? '' : `: ${decision.reason}`;
      return this.#settle(record, {
        error: errorObject('APPROVAL_DENIED', `'${call.name}' was refused${reason}`),
      });
    }
    const tool = registry.get(call.name);
    if (tool === undefined) {
      return this.#settle(record, {
        error: errorObject('UNKNOWN_TOOL', `there is no capability '${call.name}' any more`),
      });
    }
    const args = decision.args ?? call.args;
    if (decision.args !== undefined) {
      record.request_digest = requestDigest(args, call.kwargs);
      record.amended = true;
      const bytes = utf8Length(stringifyJson(args));
      const refusal = checkRequest(tool, { ...call, args, bytes });
      if (refusal !== undefined) return this.#settle(record, { error: refusal });
    }
    return this.#settle(record, await this.#perform(tool, record, args, call.kwargs));
  }

  /** Closes what is still open when the run ends. */
  abandon(code: string): void {
    for (const record of this.records) {
      if (record.settled) continue;
      record.settled = true;
      record.status = 'error';
      record.error = errorObject(code, `the run ended before '${record.name}' did`);
    }
  }

  /** The waiting calls as the wire shows them. */
  pendingApprovals(): readonly PendingApproval[] {
    return this.waiting.map((call) => ({
      approval_id: call.approval_id,
      call_index: call.call_index,
      name: call.name,
      side_effect: this.records.find(({ id }) => id === call.id)?.side_effect ?? 'none',
      request_digest: call.request_digest,
      args: this.#options.redact(call.name, call.args),
      requested_at: call.requested_at,
      expires_at: call.expires_at,
    }));
  }

  #open(call: GuestCall, tool: CheckedTool | undefined): OpenRecord {
    const record: OpenRecord = {
      id: call.id,
      name: call.name,
      side_effect: tool?.capability.side_effect ?? 'none',
      duration_ms: 0,
      status: 'ok',
      request_digest: requestDigest(call.args, call.kwargs),
      response_digest: null,
      error: null,
      settled: false,
      amended: false,
    };
    this.records.push(record);
    return record;
  }

  #wait(call: GuestCall, record: OpenRecord): void {
    const { clock, random, approvalTtlMs } = this.#options;
    const requestedAt = clock.now();
    record.status = 'approval_pending';
    this.waiting.push({
      approval_id: `appr_${random.uuid().replaceAll('-', '')}`,
      id: call.id,
      call_index: this.records.indexOf(record),
      name: call.name,
      args: call.args,
      kwargs: call.kwargs,
      request_digest: record.request_digest,
      requested_at: requestedAt,
      expires_at: approvalTtlMs === null ? null : requestedAt + approvalTtlMs,
      started: false,
    });
  }

  #settle(record: OpenRecord, outcome: Outcome): Settlement {
    const { id } = record;
    if (record.settled) return { id, error: errorObject('CANCELLED', 'the run has ended') };
    record.settled = true;
    if ('error' in outcome) {
      record.status = callStatusOf(outcome.error.code);
      record.error = outcome.error;
      return { id, error: outcome.error };
    }
    record.status = 'ok';
    return { id, value: outcome.value };
  }

  async #perform(
    tool: CheckedTool,
    record: OpenRecord,
    args: readonly JsonValue[],
    kwargs: JsonObject,
  ): Promise<Outcome> {
    const { gate, clock, signal: run, sessionId } = this.#options;
    const { capability } = tool;
    let leave: (() => void) | undefined;
    try {
      leave = await gate.enter(capability, run);
      using deadline = openDeadline({
        clock,
        signal: run,
        timeoutMs: capability.limits.timeout_ms,
        what: `the capability ${capability.name}`,
      });
      const startedAt = clock.monotonic();
      try {
        const { signal } = deadline;
        const key = this.#key(record);
        const call = {
          name: capability.name,
          args,
          kwargs,
          signal,
          idempotencyKey: key,
          sessionId,
        };
        return this.#checked(tool, record, await this.#effect(tool, key, call, record));
      } catch (thrown) {
        if (run.aborted) return { error: errorObject('CANCELLED', 'the run was stopped') };
        if (deadline.signal.aborted) return { error: toolTimeout(tool) };
        return { error: errorOfThrown(thrown) };
      } finally {
        record.duration_ms = clock.monotonic() - startedAt;
      }
    } catch {
      return { error: errorObject('CANCELLED', 'the run was stopped') };
    } finally {
      leave?.();
    }
  }

  /** With a store, at most once per call over restarts; without one, as the handler does it. */
  #effect(
    tool: CheckedTool,
    key: string,
    call: Parameters<CheckedTool['handler']>[0],
    record: OpenRecord,
  ): Promise<unknown> {
    const { effects, clock, random } = this.#options;
    const act = async (): Promise<unknown> => tool.handler(call);
    if (effects === undefined) return untilAborted(act(), call.signal);
    return untilAborted(
      once(key, async () => plainJson(await act(), tool), {
        store: effects,
        signal: call.signal,
        unknown: tool.capability.idempotent ? 'repeat' : 'refuse',
        fingerprint: record.request_digest,
        clock,
        random,
      }),
      call.signal,
    );
  }

  #checked(tool: CheckedTool, record: OpenRecord, returned: unknown): Outcome {
    const { capability } = tool;
    const value = plainJson(returned, tool);
    const bytes = utf8Length(stringifyJson(value));
    if (bytes > capability.limits.max_response_bytes) {
      const most = capability.limits.max_response_bytes;
      const message = `the answer of '${capability.name}' has ${bytes} bytes, but at most ${most} are taken`;
      return { error: errorObject('RESPONSE_TOO_LARGE', message) };
    }
    const problem = tool.checkResult(value);
    if (problem !== undefined) {
      const message = `the answer of '${capability.name}' does not match its schema: ${problem}`;
      return { error: errorObject('OUTPUT_SCHEMA_MISMATCH', message) };
    }
    record.response_digest = digestJson(value);
    return { value };
  }

  /** Stays the same when the call is carried out again. Source: sandbox section 5.4. */
  #key(record: OpenRecord): string {
    const { sessionId, runId } = this.#options;
    const index = this.records.indexOf(record);
    return digestJson([sessionId, runId, index, record.request_digest]);
  }
}

function toolTimeout(tool: CheckedTool): ErrorObject {
  const { name, limits } = tool.capability;
  return errorObject('TIMEOUT_TOOL', `'${name}' did not answer within ${limits.timeout_ms} ms`);
}

function plainJson(returned: unknown, tool: CheckedTool): JsonValue {
  return toJsonValue(returned ?? null, { what: `the answer of '${tool.capability.name}'` });
}
