import { stringifyJson, trimSpace } from '@engramkit/core';
import { sanitizeMessage } from './sanitize-message.js';
import type {
  AudioFrame,
  BinaryFrame,
  StreamMessage,
  TransportDescriptor,
  VideoFrame,
} from './stream-message.js';
import { shapeProblem } from './stream-message-shape.js';
import { structuredErrorFrom, structuredFormOf } from './structured-error-from.js';
import { type StructuredErrorPayload, structuredErrorProblem } from './structured-error-payload.js';
import {
  hasBytes,
  invalidStreamMessage,
  validateStreamMessage,
} from './validate-stream-message.js';

const ENCODER = new TextEncoder();

/** What the builders of messages with a given content take besides it. */
export type MessageFields = Omit<StreamMessage, 'payload' | 'audio' | 'video' | 'binary'>;

/**
 * A valid message of its own: texts trimmed, bytes and lists copied, empty members left out.
 *
 * Throws `INVALID_STREAM_MESSAGE`. Source: bobrapet-streaming section 4.3.
 */
export function streamMessage(fields: StreamMessage): StreamMessage {
  return built(fields);
}

/**
 * A message with a JSON payload; kind `data` unless said otherwise.
 *
 * `data` must be an object: peers cannot receive lists, texts or numbers at the top (section 4.5), so these throw
 * `INVALID_STREAM_MESSAGE`. What JSON cannot hold throws as `stringifyJson` of `@engramkit/core` does.
 * Source: bobrapet-streaming section 4.3.
 */
export function jsonMessage(data: object, fields: MessageFields = {}): StreamMessage {
  return built({ kind: 'data', ...fields }, jsonBytes(data));
}

/** A message with an audio frame. Source: bobrapet-streaming section 4.5. */
export function audioMessage(audio: AudioFrame, fields: MessageFields = {}): StreamMessage {
  return streamMessage({ ...fields, audio });
}

/** A message with a video frame. Source: bobrapet-streaming section 4.5. */
export function videoMessage(video: VideoFrame, fields: MessageFields = {}): StreamMessage {
  return streamMessage({ ...fields, video });
}

/** A message with bytes of any media type; peers see `application/octet-stream` when none is given. */
export function binaryMessage(binary: BinaryFrame, fields: MessageFields = {}): StreamMessage {
  return streamMessage({ ...fields, binary });
}

/**
 * A message of kind `error` that carries a structured error; its text is redacted and cut.
 *
 * Takes a `StructuredError`, the wire form of one, or any other error, which gets its form from `structuredErrorFrom`. Peers of
 * other SDKs end their session when such a message reaches them. Source: bobrapet-streaming sections 4.3, 4.8 and 13.2.
 */
export function errorMessage(
  error: Error | StructuredErrorPayload,
  fields: Omit<MessageFields, 'kind'> = {},
): StreamMessage {
  const form = error instanceof Error ? structuredFormOf(error) : error;
  const payload = isStructuredErrorPayload(form)
    ? form
    : structuredErrorFrom(error, { exitCode: 0 });
  const sanitized = { ...payload, message: sanitizeMessage(payload.message) };
  return built({ ...fields, kind: 'error' }, jsonBytes(sanitized));
}

/**
 * What an engram passes on of a message it received: everything but step inputs, transports and stream envelope.
 *
 * Those belong to this hop: forwarded inputs hide the next step's own, and a forwarded envelope collides with its numbering.
 * Source: bobrapet-streaming sections 4.6 and 13.2.
 */
export function forwardMessage(message: StreamMessage, changes: StreamMessage = {}): StreamMessage {
  const { inputs, transports, envelope, ...rest } = message;
  return streamMessage({ ...rest, ...changes });
}

/** Member by member, because a chain of conditional spreads takes several times as long; messages are many. */
function built(fields: StreamMessage, ownPayload?: Uint8Array): StreamMessage {
  // Before anything is read: bytes given as text would look empty, and be lost.
  const problem = shapeProblem(fields);
  if (problem !== undefined) throw invalidStreamMessage(`invalid stream message: ${problem}`);
  const { audio, video, binary, metadata, timestampMs, inputs, transports, envelope } = fields;
  const message: { -readonly [Name in keyof StreamMessage]: StreamMessage[Name] } = {};
  const kind = trimSpace(fields.kind ?? '');
  const messageId = trimSpace(fields.messageId ?? '');
  if (kind !== '') message.kind = kind;
  if (messageId !== '') message.messageId = messageId;
  if (timestampMs !== undefined) message.timestampMs = Math.floor(timestampMs);
  if (metadata !== undefined && Object.keys(metadata).length > 0)
    message.metadata = { ...metadata };
  if (ownPayload !== undefined) message.payload = ownPayload;
  else if (hasBytes(fields.payload)) message.payload = fields.payload.slice();
  if (audio !== undefined) message.audio = { ...audio, pcm: audio.pcm.slice() };
  if (video !== undefined) message.video = { ...video, payload: video.payload.slice() };
  if (binary !== undefined) message.binary = copyBinary(binary);
  if (hasBytes(inputs)) message.inputs = inputs.slice();
  if (transports !== undefined && transports.length > 0) {
    message.transports = transports.map(copyTransport);
  }
  if (envelope !== undefined) message.envelope = { ...envelope };
  return validateStreamMessage(message);
}

function isStructuredErrorPayload(form: unknown): form is StructuredErrorPayload {
  return structuredErrorProblem(form) === undefined;
}

function jsonBytes(data: object): Uint8Array {
  const text = stringifyJson(data, { what: 'the payload of the stream message' });
  if (text.startsWith('{')) return ENCODER.encode(text);
  throw invalidStreamMessage(
    'invalid stream message: the JSON payload must be an object; wrap lists and single values in one',
  );
}

function copyBinary(binary: BinaryFrame): BinaryFrame {
  const mimeType = trimSpace(binary.mimeType ?? '');
  const { timestampMs } = binary;
  return {
    payload: binary.payload.slice(),
    ...(mimeType === '' ? {} : { mimeType }),
    ...(timestampMs === undefined ? {} : { timestampMs }),
  };
}

function copyTransport(transport: TransportDescriptor): TransportDescriptor {
  const { typedConfig } = transport;
  return {
    ...transport,
    ...(typedConfig === undefined ? {} : { typedConfig: { ...typedConfig } }),
  };
}
