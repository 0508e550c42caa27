import type { StreamEnvelope, TransportDescriptor } from '@engramkit/engram';
import type { DataPacket, PacketFrame } from './data-packet.js';
import { WireReader } from './wire-reader.js';

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

const NO_METADATA: ReadonlyMap<string, string> = new Map();
const NO_TRANSPORTS: readonly TransportDescriptor[] = [];

/**
 * The packet in the bytes of a DataRequest or DataResponse; frames and Structs are views of these bytes.
 *
 * Fields may come in any order and unknown ones are passed over. Throws `PACKET_MALFORMED`.
 * Source: bobrapet-streaming sections 1.2 and 1.6.
 */
export function readPacket(bytes: Uint8Array): DataPacket {
  const reader = new WireReader(bytes);
  let frame: PacketFrame | undefined;
  let metadata: Map<string, string> | undefined;
  let payload: Uint8Array | undefined;
  let inputs: Uint8Array | undefined;
  let transports: TransportDescriptor[] | undefined;
  let envelope: StreamEnvelope | undefined;
  while (reader.more()) {
    switch (reader.tag()) {
      case 0x0a:
        frame = readAudio(reader.bytes());
        break;
      case 0x12:
        frame = readVideo(reader.bytes());
        break;
      case 0x1a:
        frame = readBinary(reader.bytes());
        break;
      case 0x22:
        metadata ??= new Map();
        readEntry(reader.bytes(), metadata);
        break;
      case 0x2a:
        payload = merged(payload, reader.bytes());
        break;
      case 0x32:
        inputs = merged(inputs, reader.bytes());
        break;
      case 0x3a:
        transports ??= [];
        transports.push(readTransport(reader.bytes()));
        break;
      case 0x42:
        envelope = readEnvelope(reader.bytes(), envelope);
        break;
      default:
        reader.skip();
    }
  }
  return {
    frame,
    metadata: metadata ?? NO_METADATA,
    payload,
    inputs,
    transports: transports ?? NO_TRANSPORTS,
    envelope,
  };
}

/** A message field that is given twice is the merge of both, which for encoded bytes is one after the other. */
function merged(earlier: Uint8Array | undefined, later: Uint8Array): Uint8Array {
  return earlier === undefined ? later : Buffer.concat([earlier, later]);
}

function readEntry(bytes: Uint8Array, into: Map<string, string>): void {
  const reader = new WireReader(bytes);
  let key = '';
  let value = '';
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === 0x0a) key = reader.text();
    else if (tag === 0x12) value = reader.text();
    else reader.skip();
  }
  into.set(key, value);
}

const NO_BYTES = new Uint8Array(0);

function readAudio(bytes: Uint8Array): PacketFrame {
  const reader = new WireReader(bytes);
  const frame: Mutable<Extract<PacketFrame, { kind: 'audio' }>> = {
    kind: 'audio',
    pcm: NO_BYTES,
    sampleRateHz: 0,
    channels: 0,
    codec: '',
    timestampMs: 0,
  };
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === 0x0a) frame.pcm = reader.bytes();
    else if (tag === 0x10) frame.sampleRateHz = reader.int32();
    else if (tag === 0x18) frame.channels = reader.int32();
    else if (tag === 0x22) frame.codec = reader.text();
    else if (tag === 0x28) frame.timestampMs = reader.varint();
    else reader.skip();
  }
  return frame;
}

function readVideo(bytes: Uint8Array): PacketFrame {
  const reader = new WireReader(bytes);
  const frame: Mutable<Extract<PacketFrame, { kind: 'video' }>> = {
    kind: 'video',
    payload: NO_BYTES,
    codec: '',
    width: 0,
    height: 0,
    timestampMs: 0,
    raw: false,
  };
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === 0x0a) frame.payload = reader.bytes();
    else if (tag === 0x12) frame.codec = reader.text();
    else if (tag === 0x18) frame.width = reader.varint();
    else if (tag === 0x20) frame.height = reader.varint();
    else if (tag === 0x28) frame.timestampMs = reader.varint();
    else if (tag === 0x30) frame.raw = reader.varint() !== 0;
    else reader.skip();
  }
  return frame;
}

function readBinary(bytes: Uint8Array): PacketFrame {
  const reader = new WireReader(bytes);
  const frame: Mutable<Extract<PacketFrame, { kind: 'binary' }>> = {
    kind: 'binary',
    payload: NO_BYTES,
    mimeType: '',
    timestampMs: 0,
  };
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === 0x0a) frame.payload = reader.bytes();
    else if (tag === 0x12) frame.mimeType = reader.text();
    else if (tag === 0x18) frame.timestampMs = reader.varint();
    else reader.skip();
  }
  return frame;
}

/** The field 4 of older peers is passed over. Source: bobrapet-streaming section 13.1. */
function readTransport(bytes: Uint8Array): TransportDescriptor {
  const reader = new WireReader(bytes);
  const transport: Mutable<TransportDescriptor> = { name: '' };
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === 0x0a) transport.name = reader.text();
    else if (tag === 0x12) transport.kind = reader.text();
    else if (tag === 0x1a) transport.mode = reader.text();
    else if (tag === 0x2a) transport.typedConfig = readConfig(reader.bytes());
    else reader.skip();
  }
  return transport;
}

function readConfig(bytes: Uint8Array): NonNullable<TransportDescriptor['typedConfig']> {
  const reader = new WireReader(bytes);
  const config: Mutable<NonNullable<TransportDescriptor['typedConfig']>> = {};
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === 0x0a) config.transportRef = reader.text();
    else if (tag === 0x12) config.modeReason = reader.text();
    else reader.skip();
  }
  return config;
}

function readEnvelope(bytes: Uint8Array, earlier: StreamEnvelope | undefined): StreamEnvelope {
  const reader = new WireReader(bytes);
  const envelope: Mutable<StreamEnvelope> = { ...earlier };
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === 0x0a) envelope.streamId = reader.text();
    else if (tag === 0x10) envelope.sequence = reader.bigVarint();
    else if (tag === 0x1a) envelope.partition = reader.text();
    else if (tag === 0x22) envelope.chunkId = reader.text();
    else if (tag === 0x28) envelope.chunkIndex = reader.varint();
    else if (tag === 0x30) envelope.chunkCount = reader.varint();
    else if (tag === 0x38) envelope.chunkBytes = reader.varint();
    else if (tag === 0x40) envelope.totalBytes = reader.varint();
    else reader.skip();
  }
  return envelope;
}
