import type { JsonObject } from '@engramkit/core';

/** What is recorded of a call, by step. The codes beside 0x2A01 are ours. Source: function-descriptor section 7.1. */
export const FUNCTION_EVENTS = Object.freeze({
  invoked: { kind: 'FUNCTION_INVOKED', code: '0x2A01', type: 'dev.gsap.function.invoked' },
  completed: { kind: 'FUNCTION_COMPLETED', code: '0x2A02', type: 'dev.gsap.function.completed' },
  failed: { kind: 'FUNCTION_FAILED', code: '0x2A03', type: 'dev.gsap.function.failed' },
});

/** The steps of a call that are recorded. */
export type FunctionEventStep = keyof typeof FUNCTION_EVENTS;

/** An event of the chronicle: a CloudEvents 1.0 map. Source: function-descriptor section 7.2. */
export interface ChronicleEvent extends JsonObject {
  readonly specversion: '1.0';
  /** The invocation id, a slash and the step. */
  readonly id: string;
  /** `gsap://functions/` and the function id. */
  readonly source: string;
  readonly type: string;
  /** The function id. */
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: JsonObject;
}

/** Where an event stands in its chronicle. */
export interface ChronicleReceipt {
  /** Content id of the event, scheme `python`. */
  readonly cid: string;
  /** Grows with every event of the chronicle. */
  readonly sequence: number;
}

/** Where the events of functions are recorded. Source: function-descriptor section 7.2. */
export interface ChronicleClient {
  /** Records one event; resolves when it is kept. */
  append(event: ChronicleEvent): Promise<ChronicleReceipt>;
}

/** Where events are found again. */
export interface ChronicleSource {
  /** The event with that content id. */
  find(cid: string): Promise<ChronicleEvent | undefined>;
}

/** The facts of one step of a call. */
export interface FunctionStep {
  readonly step: FunctionEventStep;
  readonly functionId: string;
  readonly invocationId: string;
  readonly nowMs: number;
  readonly data: JsonObject;
}

/** The event that records one step of a call. */
export function chronicleEvent(given: FunctionStep): ChronicleEvent {
  const { step, functionId, invocationId, nowMs, data } = given;
  const { kind, code, type } = FUNCTION_EVENTS[step];
  return {
    specversion: '1.0',
    id: `${invocationId}/${step}`,
    source: `gsap://functions/${functionId}`,
    type,
    subject: functionId,
    time: new Date(nowMs).toISOString(),
    datacontenttype: 'application/json',
    data: { event_code: code, event_kind: kind, ...data },
  };
}
