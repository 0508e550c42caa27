import { stringifyJson, trimSpace } from '@engramkit/core';
import {
  mediaTypeOf,
  PACKET_MIME_TYPE,
  type StreamMessage,
  streamMessageProblem,
} from '@engramkit/engram';
import type { DataPacket } from '../wire/data-packet.js';
import { packetProblem } from '../wire/packet-limits.js';
import { readStruct } from '../wire/struct-codec.js';
import { invalidMessage } from './invalid-message.js';
import { hasBytes, readDocument } from './packet-document.js';
import {
  HEARTBEAT_KEY,
  JSON_MIME_TYPE,
  KIND_KEY,
  MESSAGE_ID_KEY,
  OCTET_STREAM,
  TIMESTAMP_KEY,
} from './packet-keys.js';

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * The message of a complete packet; `undefined` for packets that only show that somebody is there, and for empty ones.
 *
 * Throws `INVALID_STREAM_MESSAGE`. Source: bobrapet-streaming section 4.6.
 */
export function decodePacket(packet: DataPacket): StreamMessage | undefined {
  if (packet.frame === undefined) return undefined;
  const limit = packetProblem(packet);
  if (limit !== undefined) throw invalidMessage(`transport publish request invalid: ${limit}`);
  const message = fromFrame(packet);
  const isHeartbeat = trimSpace(packet.metadata.get(HEARTBEAT_KEY) ?? '').toLowerCase() === 'true';
  mergeOuter(message, packet);
  const kind = (message.kind ?? '').toLowerCase();
  // Heartbeats go before the rules: a hub adds metadata to them, which the rules forbid.
  // Source: bobrapet-streaming section 13.2, trap 2.
  if (isHeartbeat || kind === 'heartbeat' || kind === 'noop' || isEmpty(message)) return undefined;
  const problem = streamMessageProblem(message);
  if (problem !== undefined) {
    throw invalidMessage(`decoded stream message invalid: invalid stream message: ${problem}`);
  }
  return message;
}

function fromFrame(packet: DataPacket): Mutable<StreamMessage> {
  const { frame } = packet;
  if (frame?.kind === 'audio') {
    const { pcm, sampleRateHz, channels, codec, timestampMs } = frame;
    return { audio: { pcm, sampleRateHz, channels, codec, timestampMs } };
  }
  if (frame?.kind === 'video') {
    const { payload, codec, width, height, timestampMs, raw } = frame;
    return { video: { payload, codec, width, height, timestampMs, raw } };
  }
  if (frame === undefined) return {};
  const mimeType = trimSpace(frame.mimeType);
  if (!Number.isSafeInteger(frame.timestampMs)) {
    throw invalidMessage(`binary frame timestamp_ms is out of range: ${frame.timestampMs}`);
  }
  if (mimeType === PACKET_MIME_TYPE || mediaTypeOf(mimeType) === PACKET_MIME_TYPE) {
    return fromDocument(frame.payload, frame.timestampMs, packet);
  }
  const { payload, timestampMs } = frame;
  const binary = { payload, mimeType: mimeType === '' ? OCTET_STREAM : mimeType, timestampMs };
  return hasBytes(payload) ? { binary, payload } : { binary };
}

function fromDocument(
  bytes: Uint8Array,
  frameTimestampMs: number,
  packet: DataPacket,
): Mutable<StreamMessage> {
  const document = readDocument(bytes);
  const timestampMs = document.timestampMs > 0 ? document.timestampMs : frameTimestampMs;
  const message: Mutable<StreamMessage> = {};
  if (document.kind !== '') message.kind = document.kind;
  if (document.messageId !== '') message.messageId = document.messageId;
  if (timestampMs > 0) message.timestampMs = timestampMs;
  if (document.metadata !== undefined) message.metadata = document.metadata;
  if (document.inputs !== undefined) message.inputs = document.inputs;
  if ((document.transports?.length ?? 0) > 0) message.transports = document.transports ?? [];
  if (document.payload !== undefined) {
    message.payload = document.payload;
    const kind = trimSpace(packet.metadata.get(KIND_KEY) ?? '') || document.kind;
    // Error messages must not carry frames, so their payload has no mirror. Source: section 13.2, trap 1.
    if (kind.toLowerCase() !== 'error') {
      message.binary = { payload: document.payload, mimeType: JSON_MIME_TYPE, timestampMs };
    }
  }
  return message;
}

/** The outer fields. Source: bobrapet-streaming section 4.6. */
function mergeOuter(message: Mutable<StreamMessage>, packet: DataPacket): void {
  const { metadata, payload, inputs, transports, envelope } = packet;
  if (metadata.size > 0) mergeMetadata(message, metadata);
  if (payload !== undefined && !hasBytes(message.payload)) message.payload = jsonOf(payload);
  if (inputs !== undefined && !hasBytes(message.inputs)) message.inputs = jsonOf(inputs);
  if (transports.length > 0 && message.transports === undefined) message.transports = transports;
  if (envelope !== undefined) message.envelope = envelope;
}

function mergeMetadata(
  message: Mutable<StreamMessage>,
  metadata: ReadonlyMap<string, string>,
): void {
  const rest: Record<string, string> = {};
  let others = 0;
  for (const [key, value] of metadata) {
    switch (key) {
      case KIND_KEY:
        message.kind = trimSpace(value);
        break;
      case MESSAGE_ID_KEY:
        message.messageId = trimSpace(value);
        break;
      case TIMESTAMP_KEY: {
        const milliseconds = /^\s*\d{1,16}\s*$/.test(value) ? Number(value) : 0;
        if (milliseconds > 0) message.timestampMs = milliseconds;
        break;
      }
      case '__proto__':
        Object.defineProperty(rest, key, { value, enumerable: true, configurable: true });
        others += 1;
        break;
      default:
        rest[key] = value;
        others += 1;
    }
  }
  if (others > 0) message.metadata = rest;
}

function jsonOf(struct: Uint8Array): Uint8Array {
  return Buffer.from(stringifyJson(readStruct(struct)));
}

/** Source: bobrapet-streaming section 4.6: metadata alone is nothing. */
function isEmpty(message: StreamMessage): boolean {
  const { audio, video, binary, payload, inputs, kind, messageId, timestampMs } = message;
  return (
    !hasBytes(audio?.pcm) &&
    !hasBytes(video?.payload) &&
    !hasBytes(binary?.payload) &&
    !hasBytes(payload) &&
    !hasBytes(inputs) &&
    (kind ?? '') === '' &&
    (messageId ?? '') === '' &&
    timestampMs === undefined &&
    (message.transports?.length ?? 0) === 0 &&
    message.envelope === undefined
  );
}
