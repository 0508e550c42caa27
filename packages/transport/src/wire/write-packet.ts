import type { StreamEnvelope, TransportDescriptor } from '@engramkit/engram';
import type { DataPacket, PacketFrame } from './data-packet.js';
import { ReverseWriter } from './reverse-writer.js';

/** The bytes of a DataRequest or DataResponse. Source: bobrapet-streaming section 1.2. */
export function writePacket(packet: DataPacket): Buffer {
  const { frame, metadata, payload, inputs, transports, envelope } = packet;
  const content = frame === undefined ? 0 : frameBytes(frame).byteLength;
  const outer = (payload?.byteLength ?? 0) + (inputs?.byteLength ?? 0);
  const writer = new ReverseWriter(content + outer + 96 + metadata.size * 64);
  if (envelope !== undefined) {
    const end = writer.length;
    writeEnvelope(writer, envelope);
    writer.closeField(0x42, end);
  }
  for (let index = transports.length - 1; index >= 0; index -= 1) {
    const end = writer.length;
    writeTransport(writer, transports[index] as TransportDescriptor);
    writer.closeField(0x3a, end);
  }
  if (inputs !== undefined) writer.bytesField(0x32, inputs);
  if (payload !== undefined) writer.bytesField(0x2a, payload);
  if (metadata.size > 0) {
    for (const [key, value] of [...metadata].reverse()) {
      const end = writer.length;
      writer.textField(0x12, value);
      writer.textField(0x0a, key);
      writer.closeField(0x22, end);
    }
  }
  if (frame !== undefined) writeFrame(writer, frame);
  return writer.finish();
}

function frameBytes(frame: PacketFrame): Uint8Array {
  return frame.kind === 'audio' ? frame.pcm : frame.payload;
}

function writeFrame(writer: ReverseWriter, frame: PacketFrame): void {
  const end = writer.length;
  switch (frame.kind) {
    case 'audio':
      if (frame.timestampMs > 0) writer.varintField(0x28, frame.timestampMs);
      if (frame.codec !== '') writer.textField(0x22, frame.codec);
      if (frame.channels !== 0) writer.varintField(0x18, frame.channels);
      if (frame.sampleRateHz !== 0) writer.varintField(0x10, frame.sampleRateHz);
      if (frame.pcm.byteLength > 0) writer.bytesField(0x0a, frame.pcm);
      writer.closeField(0x0a, end);
      return;
    case 'video':
      if (frame.raw) writer.varintField(0x30, 1);
      if (frame.timestampMs > 0) writer.varintField(0x28, frame.timestampMs);
      if (frame.height !== 0) writer.varintField(0x20, frame.height);
      if (frame.width !== 0) writer.varintField(0x18, frame.width);
      if (frame.codec !== '') writer.textField(0x12, frame.codec);
      if (frame.payload.byteLength > 0) writer.bytesField(0x0a, frame.payload);
      writer.closeField(0x12, end);
      return;
    default:
      if (frame.timestampMs > 0) writer.varintField(0x18, frame.timestampMs);
      if (frame.mimeType !== '') writer.textField(0x12, frame.mimeType);
      if (frame.payload.byteLength > 0) writer.bytesField(0x0a, frame.payload);
      writer.closeField(0x1a, end);
  }
}

function writeTransport(writer: ReverseWriter, transport: TransportDescriptor): void {
  const { name, kind = '', mode = '', typedConfig } = transport;
  const { transportRef = '', modeReason = '' } = typedConfig ?? {};
  if (typedConfig !== undefined) {
    const end = writer.length;
    if (modeReason !== '') writer.textField(0x12, modeReason);
    if (transportRef !== '') writer.textField(0x0a, transportRef);
    writer.closeField(0x2a, end);
  }
  if (mode !== '') writer.textField(0x1a, mode);
  if (kind !== '') writer.textField(0x12, kind);
  if (name !== '') writer.textField(0x0a, name);
}

function writeEnvelope(writer: ReverseWriter, envelope: StreamEnvelope): void {
  const { streamId = '', sequence = 0n, partition = '', chunkId = '' } = envelope;
  const { chunkIndex = 0, chunkCount = 0, chunkBytes = 0, totalBytes = 0 } = envelope;
  if (totalBytes !== 0) writer.varintField(0x40, totalBytes);
  if (chunkBytes !== 0) writer.varintField(0x38, chunkBytes);
  if (chunkCount !== 0) writer.varintField(0x30, chunkCount);
  if (chunkIndex !== 0) writer.varintField(0x28, chunkIndex);
  if (chunkId !== '') writer.textField(0x22, chunkId);
  if (partition !== '') writer.textField(0x1a, partition);
  if (sequence !== 0n) {
    writer.bigVarint(sequence);
    writer.byte(0x10);
  }
  if (streamId !== '') writer.textField(0x0a, streamId);
}
