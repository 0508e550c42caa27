import { InvalidInputError, trimSpace } from '@engramkit/core';
import { mediaTypeOf } from './media-type.js';
import type { AudioFrame, BinaryFrame, StreamMessage, VideoFrame } from './stream-message.js';
import { shapeProblem } from './stream-message-shape.js';

/** The media type of the document that carries JSON messages. Source: bobrapet-streaming section 4.2. */
export const PACKET_MIME_TYPE = 'application/vnd.bubu.packet+json';

const KIND = /^[A-Za-z0-9._-]*$/;

/**
 * Checks a message by the rules of the wire and returns it.
 *
 * Throws `INVALID_STREAM_MESSAGE` with a text that starts with `invalid stream message: `; the first rule that fails decides. Not
 * checked: whether there is anything in it, whether bytes are JSON, sizes, codec names. Source: bobrapet-streaming section 4.4.
 */
export function validateStreamMessage<Message extends StreamMessage>(message: Message): Message {
  const problem = streamMessageProblem(message);
  if (problem === undefined) return message;
  throw invalidStreamMessage(`invalid stream message: ${problem}`);
}

/** The error of everything that is wrong with a stream message. */
export function invalidStreamMessage(text: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(text, {
    code: 'INVALID_STREAM_MESSAGE',
    hint: 'Correct the message before it is sent; the message builders make valid ones.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The first rule that the message breaks, in the words of the wire; `undefined` when it keeps all. */
export function streamMessageProblem(message: StreamMessage): string | undefined {
  return (
    shapeProblem(message) ??
    textProblem(message) ??
    kindProblem(message) ??
    frameCountProblem(message) ??
    (message.audio === undefined ? undefined : audioProblem(message.audio)) ??
    (message.video === undefined ? undefined : videoProblem(message.video)) ??
    (message.binary === undefined ? undefined : binaryProblem(message.binary, message))
  );
}

/** Rules 1 to 5. */
function textProblem(message: StreamMessage): string | undefined {
  const { kind = '', messageId = '', metadata = {} } = message;
  if (!isTrimmed(kind)) return 'stream message kind must not have surrounding whitespace';
  if (!isTrimmed(messageId))
    return 'stream message message_id must not have surrounding whitespace';
  for (const key of Object.keys(metadata)) {
    if (trimSpace(key) === '') return 'stream message metadata keys must not be empty';
    if (!isTrimmed(key)) {
      return `stream message metadata key ${JSON.stringify(key)} must not have surrounding whitespace`;
    }
  }
  if (!KIND.test(kind)) {
    return `stream message kind ${JSON.stringify(kind)} contains unsupported characters`;
  }
  return undefined;
}

/** Rules 6 to 8. */
function kindProblem(message: StreamMessage): string | undefined {
  const kind = (message.kind ?? '').toLowerCase();
  const hasMedia =
    message.audio !== undefined || message.video !== undefined || message.binary !== undefined;
  if (kind === 'error') {
    if (!hasBytes(message.payload)) return 'error messages require payload';
    if (hasMedia) return 'error messages must not carry media frames';
  }
  if ((kind === 'heartbeat' || kind === 'noop') && (hasMedia || hasStructure(message))) {
    return `${kind} messages must not carry payload, metadata, or frames`;
  }
  return undefined;
}

/** Rule 9. */
function frameCountProblem({ audio, video, binary }: StreamMessage): string | undefined {
  const frames = Object.entries({ audio, video, binary }).filter(
    ([, frame]) => frame !== undefined,
  );
  if (frames.length < 2) return undefined;
  return `multiple frame payloads set (${frames.map(([name]) => name).join(', ')})`;
}

/** Rules 10 to 14. */
function audioProblem(audio: AudioFrame): string | undefined {
  if (!isTrimmed(audio.codec ?? ''))
    return 'audio frame codec must not have surrounding whitespace';
  if (!hasBytes(audio.pcm)) return 'audio frame missing pcm payload';
  if (audio.sampleRateHz <= 0) return 'audio frame sample rate must be positive';
  if (audio.channels <= 0) return 'audio frame channels must be positive';
  return (audio.timestampMs ?? 0) < 0 ? 'audio frame timestamp must not be negative' : undefined;
}

/** Rules 15 to 19. */
function videoProblem(video: VideoFrame): string | undefined {
  const codec = video.codec ?? '';
  const raw = video.raw === true;
  if (!isTrimmed(codec)) return 'video frame codec must not have surrounding whitespace';
  if (!hasBytes(video.payload)) return 'video frame missing payload';
  if (!raw && codec === '') return 'encoded video frame requires codec';
  if (raw && ((video.width ?? 0) === 0 || (video.height ?? 0) === 0)) {
    return 'raw video frame requires width and height';
  }
  return (video.timestampMs ?? 0) < 0 ? 'video frame timestamp must not be negative' : undefined;
}

/** Rules 20 to 27. */
function binaryProblem(binary: BinaryFrame, message: StreamMessage): string | undefined {
  const { mimeType = '' } = binary;
  if (!hasBytes(binary.payload)) return 'binary frame missing payload';
  if ((binary.timestampMs ?? 0) < 0) return 'binary frame timestamp must not be negative';
  if (!isTrimmed(mimeType)) return 'binary frame mime type must not have surrounding whitespace';
  const mediaType = mimeType === '' ? '' : mediaTypeOf(mimeType);
  if (mediaType === undefined) {
    return `binary frame mime type ${JSON.stringify(mimeType)} is invalid`;
  }
  const mirrors = hasBytes(message.payload) && sameBytes(message.payload, binary.payload);
  if (mediaType === PACKET_MIME_TYPE) {
    if (!hasStructure(message) && (message.kind ?? '') === '') {
      return `binary frame MIME type "${PACKET_MIME_TYPE}" is reserved for envelope payloads`;
    }
    if (!mirrors) {
      return 'reserved envelope MIME type requires binary payload to mirror the structured payload';
    }
  }
  if (hasBytes(message.payload) && !mirrors) {
    return 'payload and binary payload must match when both are set';
  }
  const structured =
    hasBytes(message.inputs) ||
    (message.transports?.length ?? 0) > 0 ||
    message.envelope !== undefined;
  if (structured && !mirrors) {
    return 'binary payload must mirror the structured payload when inputs, transports, or stream envelope are set';
  }
  return undefined;
}

/** Whether anything is set beside kind and media. */
function hasStructure(message: StreamMessage): boolean {
  return (
    hasBytes(message.payload) ||
    hasBytes(message.inputs) ||
    (message.transports?.length ?? 0) > 0 ||
    Object.keys(message.metadata ?? {}).length > 0 ||
    message.envelope !== undefined ||
    (message.messageId ?? '') !== '' ||
    message.timestampMs !== undefined
  );
}

/** Whether there is at least one byte; empty and absent are the same on the wire. */
export function hasBytes(bytes: Uint8Array | undefined): bytes is Uint8Array {
  return bytes !== undefined && bytes.byteLength > 0;
}

function isTrimmed(text: string): boolean {
  return trimSpace(text) === text;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left === right) return true;
  return left.byteLength === right.byteLength && Buffer.compare(left, right) === 0;
}
