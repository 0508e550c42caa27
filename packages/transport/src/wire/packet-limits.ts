import type { DataPacket, PacketFrame } from './data-packet.js';

/** The limits of the wire. Source: bobrapet-streaming sections 1.2, 1.4 and 8. */
export const MAX_FRAME_BYTES = 10_485_760;
const MAX_METADATA_ENTRIES = 100;
const MAX_METADATA_KEY = 128;
const MAX_METADATA_VALUE = 1_024;
const MAX_TRANSPORTS = 10;
const MAX_ID = 128;
const MAX_CODEC = 32;
const MAX_MIME_TYPE = 255;
const MAX_PIXELS = 16_384;
const MAX_CHUNKS = 256;
const MAX_TOTAL_BYTES = 67_108_864;

/** The first limit that a packet exceeds; `undefined` when it keeps all. Source: bobrapet-streaming sections 1.2 to 1.5. */
export function packetProblem(packet: DataPacket): string | undefined {
  const { frame, metadata, transports, envelope } = packet;
  return (
    (frame === undefined ? undefined : frameProblem(frame)) ??
    metadataProblem(metadata) ??
    transportsProblem(transports) ??
    (envelope === undefined ? undefined : envelopeProblem(envelope))
  );
}

/** The first limit that a metadata map exceeds: META100. */
export function metadataProblem(metadata: ReadonlyMap<string, string>): string | undefined {
  if (metadata.size > MAX_METADATA_ENTRIES) {
    return `metadata: at most ${MAX_METADATA_ENTRIES} pairs, got ${metadata.size}`;
  }
  for (const [key, value] of metadata) {
    if (key === '') return 'metadata: a key must have at least 1 character';
    if (longer(key, MAX_METADATA_KEY)) {
      return `metadata: the key ${JSON.stringify(`${key.slice(0, 40)}…`)} has more than ${MAX_METADATA_KEY} characters`;
    }
    if (longer(value, MAX_METADATA_VALUE)) {
      return `metadata: the value of ${JSON.stringify(key)} has more than ${MAX_METADATA_VALUE} characters`;
    }
  }
  return undefined;
}

function frameProblem(frame: PacketFrame): string | undefined {
  const size = frame.kind === 'audio' ? frame.pcm.byteLength : frame.payload.byteLength;
  if (size > MAX_FRAME_BYTES) {
    return `${frame.kind}: at most ${MAX_FRAME_BYTES} bytes, got ${size}`;
  }
  if (frame.kind === 'binary') {
    return longer(frame.mimeType, MAX_MIME_TYPE)
      ? `binary.mime_type: at most ${MAX_MIME_TYPE} characters`
      : undefined;
  }
  if (longer(frame.codec, MAX_CODEC)) return `${frame.kind}.codec: at most ${MAX_CODEC} characters`;
  if (frame.kind === 'audio') {
    if (!within(frame.sampleRateHz, 8_000, 192_000)) {
      return `audio.sample_rate_hz: must be from 8000 to 192000, got ${frame.sampleRateHz}`;
    }
    return within(frame.channels, 1, 8)
      ? undefined
      : `audio.channels: must be from 1 to 8, got ${frame.channels}`;
  }
  return within(frame.width, 0, MAX_PIXELS) && within(frame.height, 0, MAX_PIXELS)
    ? undefined
    : `video: width and height must be at most ${MAX_PIXELS}, got ${frame.width} and ${frame.height}`;
}

function transportsProblem(transports: DataPacket['transports']): string | undefined {
  if (transports.length > MAX_TRANSPORTS) {
    return `transports: at most ${MAX_TRANSPORTS} items, got ${transports.length}`;
  }
  for (const { name, kind = '', mode = '', typedConfig } of transports) {
    if ([name, kind, mode].some((text) => longer(text, MAX_ID))) {
      return `transports: name, kind and mode have at most ${MAX_ID} characters`;
    }
    const { transportRef = '', modeReason = '' } = typedConfig ?? {};
    if (longer(transportRef, 253) || longer(modeReason, 512)) {
      return 'transports.typed_config: transport_ref has at most 253, mode_reason at most 512 characters';
    }
  }
  return undefined;
}

function envelopeProblem(envelope: NonNullable<DataPacket['envelope']>): string | undefined {
  const { streamId = '', partition = '', chunkId = '' } = envelope;
  const { chunkIndex = 0, chunkCount = 0, chunkBytes = 0, totalBytes = 0 } = envelope;
  if ([streamId, partition, chunkId].some((text) => longer(text, MAX_ID))) {
    return `envelope: stream_id, partition and chunk_id have at most ${MAX_ID} characters`;
  }
  if (chunkCount > MAX_CHUNKS) return `envelope.chunk_count: at most ${MAX_CHUNKS}`;
  if (chunkBytes > MAX_FRAME_BYTES) return `envelope.chunk_bytes: at most ${MAX_FRAME_BYTES}`;
  if (totalBytes > MAX_TOTAL_BYTES) return `envelope.total_bytes: at most ${MAX_TOTAL_BYTES}`;
  if (chunkCount === 0) {
    const isPlain = chunkId === '' && chunkIndex === 0 && chunkBytes === 0 && totalBytes === 0;
    return isPlain ? undefined : 'envelope: chunk fields need a chunk_count';
  }
  if (chunkId === '') return 'envelope: chunk_id is required with chunk_count';
  if (streamId === '') return 'envelope: stream_id is required with chunk_count';
  return chunkIndex < chunkCount
    ? undefined
    : 'envelope: chunk_index must be less than chunk_count';
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** Whether the text has more characters (Unicode code points) than that. */
export function longer(text: string, most: number): boolean {
  if (text.length <= most) return false;
  return text.length > most * 2 || [...text].length > most;
}
