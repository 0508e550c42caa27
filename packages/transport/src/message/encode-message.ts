import { describeThrown, type JsonObject, parseJson, trimSpace } from '@engramkit/core';
import {
  mediaTypeOf,
  PACKET_MIME_TYPE,
  type StreamMessage,
  validateStreamMessage,
} from '@engramkit/engram';
import type { DataPacket, PacketFrame } from '../wire/data-packet.js';
import { packetProblem } from '../wire/packet-limits.js';
import { ReverseWriter } from '../wire/reverse-writer.js';
import { writeStruct } from '../wire/struct-codec.js';
import { writePacket } from '../wire/write-packet.js';
import { invalidMessage } from './invalid-message.js';
import { hasBytes, writeDocument } from './packet-document.js';
import {
  HEARTBEAT_KEY,
  JSON_MIME_TYPE,
  KIND_KEY,
  MESSAGE_ID_KEY,
  OCTET_STREAM,
  TIMESTAMP_KEY,
} from './packet-keys.js';

/**
 * The bytes of a message as DataRequest.
 *
 * Throws `INVALID_STREAM_MESSAGE` when a rule of the message or a limit of the wire is broken. Source: bobrapet-streaming
 * sections 4.4 and 4.5.
 */
export function encodeMessage(message: StreamMessage): Buffer {
  return writePacket(packetOf(message));
}

/** The bytes that say that somebody is there. Source: bobrapet-streaming section 5.6. */
export function encodeHeartbeat(): Buffer {
  return writePacket({ metadata: new Map([[HEARTBEAT_KEY, 'true']]), transports: [] });
}

/** The packet of a message, checked against every rule and limit. */
export function packetOf(message: StreamMessage): DataPacket {
  validateStreamMessage(message);
  const kind = message.kind?.toLowerCase();
  // Behind a hub these kinds gain metadata, which peers refuse; the heartbeat of the link means the same and is harmless.
  // Source: bobrapet-streaming section 13.2, trap 2.
  if (kind === 'heartbeat' || kind === 'noop') {
    return { metadata: new Map([[HEARTBEAT_KEY, 'true']]), transports: [] };
  }
  const raw = isRawBinary(message);
  const { payload, inputs, transports = [], envelope } = message;
  const outerPayload = raw || !hasBytes(payload) ? undefined : structOf(payload, 'payload');
  const outerInputs = raw || !hasBytes(inputs) ? undefined : structOf(inputs, 'inputs');
  const packet: DataPacket = {
    frame: frameOf(message, raw),
    metadata: outerMetadata(message),
    payload: outerPayload,
    inputs: outerInputs,
    transports: transports.map(trimmedTransport),
    envelope,
  };
  const problem = packetProblem(packet);
  if (problem !== undefined) throw invalidMessage(`transport publish request invalid: ${problem}`);
  return packet;
}

/** The choice of the frame. Source: bobrapet-streaming section 4.5. */
function frameOf(message: StreamMessage, raw: boolean): PacketFrame {
  const { audio, video, binary, kind = '', payload, inputs, transports = [] } = message;
  if (audio !== undefined) {
    return {
      kind: 'audio',
      pcm: audio.pcm,
      sampleRateHz: audio.sampleRateHz,
      channels: audio.channels,
      codec: trimSpace(audio.codec ?? ''),
      timestampMs: Math.floor(audio.timestampMs ?? 0),
    };
  }
  if (video !== undefined) {
    return {
      kind: 'video',
      payload: video.payload,
      codec: trimSpace(video.codec ?? ''),
      width: video.width ?? 0,
      height: video.height ?? 0,
      timestampMs: Math.floor(video.timestampMs ?? 0),
      raw: video.raw === true,
    };
  }
  if (!raw && (kind !== '' || hasBytes(payload) || hasBytes(inputs) || transports.length > 0)) {
    const timestampMs =
      binary === undefined ? (message.timestampMs ?? 0) : (binary.timestampMs ?? 0);
    return {
      kind: 'binary',
      payload: writeDocument(message),
      mimeType: PACKET_MIME_TYPE,
      timestampMs: Math.floor(timestampMs),
    };
  }
  if (binary === undefined) {
    throw invalidMessage('stream message missing audio, video, or binary payload');
  }
  const mimeType = trimSpace(binary.mimeType ?? '');
  return {
    kind: 'binary',
    payload: binary.payload,
    mimeType: mimeType === '' ? OCTET_STREAM : mimeType,
    timestampMs: Math.floor(binary.timestampMs ?? 0),
  };
}

/** Whether the bytes travel as they are, without a document. Source: bobrapet-streaming section 4.5, "bypass". */
function isRawBinary(message: StreamMessage): boolean {
  const { binary, payload, inputs, transports = [], envelope } = message;
  if (binary === undefined || hasBytes(inputs) || transports.length > 0 || envelope !== undefined) {
    return false;
  }
  const mediaType = mediaTypeOf(binary.mimeType ?? '') ?? '';
  if (mediaType === PACKET_MIME_TYPE) return false;
  // That the payload equals the bytes is a rule of the message already.
  return !hasBytes(payload) || mediaType !== JSON_MIME_TYPE;
}

function outerMetadata(message: StreamMessage): ReadonlyMap<string, string> {
  const { metadata, kind = '', messageId = '', timestampMs } = message;
  const outer = new Map(metadata === undefined ? undefined : Object.entries(metadata));
  if (kind !== '') outer.set(KIND_KEY, kind);
  if (messageId !== '') outer.set(MESSAGE_ID_KEY, messageId);
  if (timestampMs !== undefined) outer.set(TIMESTAMP_KEY, String(Math.floor(timestampMs)));
  return outer;
}

type Transport = NonNullable<StreamMessage['transports']>[number];

function trimmedTransport(transport: Transport): Transport {
  const { name, kind = '', mode = '', typedConfig } = transport;
  const transportRef = trimSpace(typedConfig?.transportRef ?? '');
  const modeReason = trimSpace(typedConfig?.modeReason ?? '');
  return {
    name,
    kind,
    mode,
    ...(transportRef === '' && modeReason === ''
      ? {}
      : { typedConfig: { transportRef, modeReason } }),
  };
}

/** The Struct of a JSON object; other JSON cannot travel. Source: bobrapet-streaming section 4.5. */
function structOf(json: Uint8Array, name: 'payload' | 'inputs'): Uint8Array {
  let value: unknown;
  try {
    value = parseJson(json, { what: `the ${name} of the stream message` });
  } catch (thrown) {
    throw invalidMessage(`envelope ${name} is not valid JSON: ${describeThrown(thrown)}`, thrown);
  }
  if (value === null) return new Uint8Array(0);
  if (typeof value !== 'object' || Array.isArray(value)) {
    const got = Array.isArray(value) ? 'a list' : `a ${typeof value}`;
    throw invalidMessage(`${name} decode failed: it must be a JSON object, got ${got}`);
  }
  const writer = new ReverseWriter(json.byteLength * 2 + 64);
  writeStruct(writer, value as JsonObject);
  return writer.finish();
}
