import { describeThrown, type JsonValue, parseJson, trimSpace } from '@engramkit/core';
import type { StreamMessage } from './stream-message.js';
import { type StructuredErrorPayload, structuredErrorProblem } from './structured-error-payload.js';
import { hasBytes, invalidStreamMessage } from './validate-stream-message.js';

/** The most bytes of a JSON payload that are read. Source: bobrapet-streaming section 4.2. */
const MAX_JSON_BYTES = 10_485_760;

/**
 * The JSON value of the payload; `undefined` without a payload.
 *
 * Throws as `parseJson` of `@engramkit/core` does, for more than 10,485,760 bytes too. Source: bobrapet-streaming section 4.1.
 */
export function messageJson(message: StreamMessage): JsonValue | undefined {
  return jsonOf(message.payload, 'the payload of the stream message');
}

/** The JSON value of the evaluated step inputs that came with the message; `undefined` without any. Throws as `messageJson`. */
export function messageInputs(message: StreamMessage): JsonValue | undefined {
  return jsonOf(message.inputs, 'the inputs of the stream message');
}

/**
 * The structured error of a message of kind `error`; `undefined` for other kinds.
 *
 * Throws `INVALID_STREAM_MESSAGE`: `stream error message missing payload`, or `stream error payload invalid: …`.
 * Source: bobrapet-streaming section 4.3.
 */
export function parseErrorMessage(message: StreamMessage): StructuredErrorPayload | undefined {
  if (trimSpace(message.kind ?? '') !== 'error') return undefined;
  if (!hasBytes(message.payload))
    throw invalidStreamMessage('stream error message missing payload');
  let value: JsonValue;
  try {
    value = parseJson(message.payload, { maxBytes: MAX_JSON_BYTES });
  } catch (thrown) {
    throw invalidStreamMessage(`stream error payload invalid: ${describeThrown(thrown)}`, thrown);
  }
  const problem = structuredErrorProblem(value);
  if (problem !== undefined) throw invalidStreamMessage(`stream error payload invalid: ${problem}`);
  return value as unknown as StructuredErrorPayload; // `structuredErrorProblem` has checked every member.
}

function jsonOf(bytes: Uint8Array | undefined, what: string): JsonValue | undefined {
  return hasBytes(bytes) ? parseJson(bytes, { what, maxBytes: MAX_JSON_BYTES }) : undefined;
}
