import type { JsonObject, JsonValue } from '@engramkit/core';
import { malformedPacket } from './malformed-packet.js';
import type { ReverseWriter } from './reverse-writer.js';
import { WireReader } from './wire-reader.js';

/** The deepest nesting that is decoded: as deep as JSON texts may be. */
const MAX_DEPTH = 256;

/** Writes the members of a `google.protobuf.Struct`. Source: bobrapet-streaming section 1.1. */
export function writeStruct(writer: ReverseWriter, value: JsonObject): void {
  const keys = Object.keys(value);
  for (let index = keys.length - 1; index >= 0; index -= 1) {
    const key = keys[index] as string;
    const entryEnd = writer.length;
    const valueEnd = writer.length;
    writeValue(writer, value[key] as JsonValue);
    writer.closeField(0x12, valueEnd);
    writer.textField(0x0a, key);
    writer.closeField(0x0a, entryEnd);
  }
}

function writeValue(writer: ReverseWriter, value: JsonValue): void {
  switch (typeof value) {
    case 'string':
      writer.textField(0x1a, value);
      return;
    case 'number':
      writer.double(value);
      writer.byte(0x11);
      return;
    case 'boolean':
      writer.byte(value ? 1 : 0);
      writer.byte(0x20);
      return;
    default:
      writeContainer(writer, value);
  }
}

function writeContainer(
  writer: ReverseWriter,
  value: JsonObject | readonly JsonValue[] | null,
): void {
  if (value === null) {
    writer.byte(0);
    writer.byte(0x08);
    return;
  }
  const end = writer.length;
  if (!isList(value)) {
    writeStruct(writer, value);
    writer.closeField(0x2a, end);
    return;
  }
  for (let index = value.length - 1; index >= 0; index -= 1) {
    const itemEnd = writer.length;
    writeValue(writer, value[index] as JsonValue);
    writer.closeField(0x0a, itemEnd);
  }
  writer.closeField(0x32, end);
}

function isList(value: JsonObject | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The JSON object of an encoded `google.protobuf.Struct`; throws `PACKET_MALFORMED`. */
export function readStruct(bytes: Uint8Array, depth = 0): JsonObject {
  if (depth > MAX_DEPTH)
    throw malformedPacket(`a Struct is nested deeper than ${MAX_DEPTH} levels`);
  const reader = new WireReader(bytes);
  const object: Record<string, JsonValue> = {};
  while (reader.more()) {
    if (reader.tag() !== 0x0a) {
      reader.skip();
      continue;
    }
    const entry = new WireReader(reader.bytes());
    let key = '';
    let value: JsonValue = null;
    while (entry.more()) {
      const tag = entry.tag();
      if (tag === 0x0a) key = entry.text();
      else if (tag === 0x12) value = readValue(entry.bytes(), depth + 1);
      else entry.skip();
    }
    // An own property whatever the key: assignment would run the setter of `__proto__`.
    if (key === '__proto__') {
      Object.defineProperty(object, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else object[key] = value;
  }
  return object;
}

function readValue(bytes: Uint8Array, depth: number): JsonValue {
  const reader = new WireReader(bytes);
  let value: JsonValue = null;
  while (reader.more()) {
    switch (reader.tag()) {
      case 0x08:
        reader.varint();
        value = null;
        break;
      case 0x11:
        value = reader.double();
        break;
      case 0x1a:
        value = reader.text();
        break;
      case 0x20:
        value = reader.varint() !== 0;
        break;
      case 0x2a:
        value = readStruct(reader.bytes(), depth + 1);
        break;
      case 0x32:
        value = readList(reader.bytes(), depth + 1);
        break;
      default:
        reader.skip();
    }
  }
  return value;
}

function readList(bytes: Uint8Array, depth: number): readonly JsonValue[] {
  if (depth > MAX_DEPTH)
    throw malformedPacket(`a Struct is nested deeper than ${MAX_DEPTH} levels`);
  const reader = new WireReader(bytes);
  const list: JsonValue[] = [];
  while (reader.more()) {
    if (reader.tag() === 0x0a) list.push(readValue(reader.bytes(), depth + 1));
    else reader.skip();
  }
  return list;
}
