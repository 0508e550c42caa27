import { InvalidInputError } from '@engramkit/core';
import {
  parseErrorMessage,
  type StreamMessage,
  type StructuredErrorPayload,
  structuredErrorProblem,
  validateStreamMessage as validateForWire,
} from '@engramkit/engram';

/**
 * Throws `INVALID_STRUCTURED_ERROR` unless the value is a structured error of version v1.
 *
 * Source: bobrapet-batch section 12.5.
 */
export function validateStructuredError(value: unknown): asserts value is StructuredErrorPayload {
  const problem = structuredErrorProblem(value);
  if (problem === undefined) return;
  throw new InvalidInputError(problem, {
    code: 'INVALID_STRUCTURED_ERROR',
    hint: 'Throw a StructuredError, which is always valid.',
  });
}

/**
 * Throws `INVALID_STREAM_MESSAGE` unless a peer can make something of the message.
 *
 * Stricter than the wire: a message of kind `error` must carry a structured error, and every message something besides its kind.
 * Source: bobrapet-streaming section 10.3.
 */
export function validateStreamMessage(message: StreamMessage): void {
  if ((message.kind ?? '').trim() === 'error') validateStreamErrorMessage(message);
  validateForWire(message);
  const { audio, video, binary, payload, inputs, transports } = message;
  const hasContent =
    audio !== undefined ||
    video !== undefined ||
    binary !== undefined ||
    (payload?.byteLength ?? 0) > 0 ||
    (inputs?.byteLength ?? 0) > 0 ||
    (transports?.length ?? 0) > 0;
  if (!hasContent) throw invalid('stream message missing payload, inputs, transports, or media');
}

/**
 * Throws `INVALID_STREAM_MESSAGE` unless the message is of kind `error` and carries a structured error.
 *
 * Source: bobrapet-streaming section 10.3.
 */
export function validateStreamErrorMessage(message: StreamMessage): void {
  if (parseErrorMessage(message) !== undefined) return;
  throw invalid(`stream message kind must be "error", got ${JSON.stringify(message.kind ?? '')}`);
}

function invalid(text: string): InvalidInputError {
  return new InvalidInputError(text, { code: 'INVALID_STREAM_MESSAGE' });
}
