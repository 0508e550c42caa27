import { create, fromBinary, type JsonObject as ProtoObject, toBinary } from '@bufbuild/protobuf';
import { type JsonObject, stringifyJson } from '@engramkit/core';
import { jsonMessage, type StreamMessage } from '@engramkit/engram';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DataRequestSchema } from '../gen/transport/v1/transport_pb.js';
import { decodePacket } from '../message/decode-packet.js';
import { encodeMessage } from '../message/encode-message.js';
import { readPacket } from './read-packet.js';
import { readStruct } from './struct-codec.js';

/** JSON as a wire sees it: no negative zero, no lone surrogates, no key that reaches for a prototype. */
const json = fc
  .dictionary(
    fc.string({ unit: 'grapheme' }),
    fc.jsonValue({ noUnicodeString: false, stringUnit: 'grapheme' }),
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject)
  .filter((value) => !stringifyText(value).includes('__proto__'));

function stringifyText(value: unknown): string {
  return JSON.stringify(value);
}

test('any JSON payload arrives as it was sent, in the document and in the outer Struct', () => {
  fc.assert(
    fc.property(
      json,
      fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.string()),
      (data, metadata) => {
        const bytes = encodeMessage(jsonMessage(data, { metadata, messageId: 'm' }));
        const packet = readPacket(bytes);
        expect(packet.payload && readStruct(packet.payload)).toEqual(data);
        const decoded = decodePacket(packet);
        expect(Buffer.from(decoded?.payload ?? []).toString()).toBe(stringifyJson(data));
        expect(decoded?.metadata ?? {}).toEqual(metadata);
        const generated = fromBinary(DataRequestSchema, new Uint8Array(bytes));
        expect(generated.payload).toEqual(data);
      },
    ),
  );
});

test('what the generated code writes is read alike', () => {
  fc.assert(
    fc.property(
      json,
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
      (data, pcm, sequence) => {
        const request = create(DataRequestSchema, {
          frame: {
            case: 'audio',
            value: { pcm, sampleRateHz: 48_000, channels: 2, codec: 'pcm16' },
          },
          payload: data as ProtoObject,
          envelope: { streamId: 's', sequence, partition: 'p' },
        });
        const packet = readPacket(toBinary(DataRequestSchema, request));
        expect(packet.envelope).toEqual({ streamId: 's', sequence, partition: 'p' });
        expect(packet.frame).toMatchObject({ kind: 'audio', sampleRateHz: 48_000, channels: 2 });
        expect(packet.payload && readStruct(packet.payload)).toEqual(data);
      },
    ),
  );
});

test('bytes of any kind are read or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        readPacket(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'PACKET_MALFORMED' });
      }
    }),
  );
});

test.each<[string, StreamMessage]>([
  ['an error', { kind: 'error', payload: Buffer.from('{"version":"v1"}') }],
  ['a kind alone', { kind: 'telemetry', metadata: { a: 'b' } }],
  ['raw bytes', { binary: { payload: Buffer.from([1]), mimeType: 'image/png', timestampMs: 2 } }],
  ['numbers beyond 2^53', { kind: 'data', payload: Buffer.from('{"n":12345678901234567890}') }],
])('%s comes back with the same payload and kind', (_, message) => {
  const decoded = decodePacket(readPacket(encodeMessage(message)));
  expect(decoded?.kind).toBe(message.kind);
  const sent = message.payload ?? message.binary?.payload;
  expect(Buffer.from(decoded?.payload ?? []).equals(sent ?? Buffer.alloc(0))).toBe(true);
});
