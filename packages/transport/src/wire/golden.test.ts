import { readFileSync } from 'node:fs';
import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import * as hub from '../gen/transport/v1/hub_pb.js';
import * as transport from '../gen/transport/v1/transport_pb.js';
import { readPacket } from './read-packet.js';
import { readStruct } from './struct-codec.js';
import { writePacket } from './write-packet.js';

interface Vector {
  readonly name: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
  readonly hex: string;
}

const file = new URL('../../test/vectors/streaming-golden.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: readonly Vector[] };

function schemaOf(name: string): DescMessage {
  const files = [hub.file_transport_v1_hub, transport.file_transport_v1_transport];
  const found = files.flatMap(({ messages }) => messages).find(({ typeName }) => typeName === name);
  if (found === undefined) throw new Error(`no message ${name}`);
  return found;
}

/** The vectors write bytes as hexadecimal, protocol buffers JSON as base64. */
function asJson(value: unknown, name = ''): JsonValue {
  // The vectors leave the prefix of enumeration values out.
  if (name === 'action') return `CONTROL_ACTION_${String(value).replace('CONTROL_ACTION_', '')}`;
  if (name === 'signal') {
    return `FLOW_CONTROL_SIGNAL_${String(value).replace('FLOW_CONTROL_SIGNAL_', '')}`;
  }
  if (Array.isArray(value)) return value.map((item) => asJson(item));
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  if ('$hex' in value) return Buffer.from(String(value.$hex), 'hex').toString('base64');
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !(key === 'config' && name === 'transports'))
      .map(([key, item]) => [key, asJson(item, key)]),
  );
}

test('there are 26 golden vectors', () => expect(vectors).toHaveLength(26));

test.each(vectors.map((vector) => [vector.name, vector] as const))(
  '%s decodes to its fields and encodes to the same message',
  (_, vector) => {
    const schema = schemaOf(vector.message);
    const bytes = Uint8Array.from(Buffer.from(vector.hex, 'hex'));
    const decoded = fromBinary(schema, bytes, { readUnknownFields: false });
    const written = fromJson(schema, asJson(vector.fields), { ignoreUnknownFields: true });
    expect(toJson(schema, decoded)).toEqual(toJson(schema, written));
    expect(fromBinary(schema, toBinary(schema, written))).toEqual(decoded);
    expect(create(schema).$typeName).toBe(vector.message);
  },
);

const packets = vectors.filter(({ message }) => /\.Data(Request|Response)$/.test(message));

test.each(packets.map((vector) => [vector.name, vector] as const))(
  '%s is read and written byte for byte by the packet codec',
  (name, vector) => {
    const bytes = Buffer.from(vector.hex, 'hex');
    const packet = readPacket(bytes);
    if (packet.payload !== undefined) {
      expect(readStruct(packet.payload)).toEqual(vector.fields.payload);
    }
    if (packet.inputs !== undefined) {
      expect(readStruct(packet.inputs)).toEqual(vector.fields.inputs);
    }
    const again = writePacket(packet);
    // A field that newer peers do not know is not kept.
    if (name !== 'data_response_legacy_transport_config') {
      expect(again.toString('hex')).toBe(vector.hex);
    }
    expect(readPacket(again)).toEqual(packet);
  },
);
