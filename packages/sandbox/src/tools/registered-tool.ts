import type { JsonObject, JsonValue } from '@engramkit/core';
import type { Capability } from '../wire/capability.js';

/** What a handler gets. Source: sandbox section 1.4. */
export interface ToolCallContext {
  readonly name: string;
  readonly args: readonly JsonValue[];
  readonly kwargs: JsonObject;
  /** Aborts at the timeout of the capability and when the run is cancelled. */
  readonly signal: AbortSignal;
  /** The same for every attempt of this call: for systems that take an idempotency key. */
  readonly idempotencyKey: string;
  readonly sessionId: string;
}

/** What carries out a capability: returns JSON, or throws; a {@link ToolError} chooses its code. */
export type ToolHandler = (context: ToolCallContext) => unknown;

/** A capability with what carries it out. Source: sandbox section 1.4. */
export interface RegisteredTool {
  readonly capability: Capability;
  /** Python programs get an awaitable when true and the value when false; TypeScript programs always get a promise. */
  readonly async_mode: boolean;
  readonly handler: ToolHandler;
}

/** A failure of a handler that the guest sees with its code. Source: sandbox section 1.4. */
export class ToolError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ToolError';
    this.code = code;
  }
}

/** A tool whose value Python programs get without `await`. */
export function syncTool(capability: Capability, handler: ToolHandler): RegisteredTool {
  return { capability, async_mode: false, handler };
}

/** A tool that Python programs await. */
export function asyncTool(capability: Capability, handler: ToolHandler): RegisteredTool {
  return { capability, async_mode: true, handler };
}
