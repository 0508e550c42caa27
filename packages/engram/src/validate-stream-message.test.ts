import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StreamMessage, streamMessageProblem, validateStreamMessage } from './index.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const audio = { pcm: bytes('a'), sampleRateHz: 16_000, channels: 1 };
const video = { payload: bytes('v'), codec: 'h264' };
const binary = { payload: bytes('b'), mimeType: 'image/png' };
const packet = 'application/vnd.bubu.packet+json';
const mirrored = { binary: { payload: bytes('{}'), mimeType: packet }, payload: bytes('{}') };

/** Every rule with a message that breaks it and none before it. */
const broken: readonly (readonly [rule: number, message: StreamMessage, text: string])[] = [
  [1, { kind: ' data' }, 'stream message kind must not have surrounding whitespace'],
  [
    1,
    { kind: 'data\u0085', messageId: ' x' },
    'stream message kind must not have surrounding whitespace',
  ],
  [
    2,
    { messageId: 'x\n', metadata: { '': '' } },
    'stream message message_id must not have surrounding whitespace',
  ],
  [3, { metadata: { '': 'x' }, kind: 'a b' }, 'stream message metadata keys must not be empty'],
  [3, { metadata: { ' ': 'x' } }, 'stream message metadata keys must not be empty'],
  [
    4,
    { metadata: { 'k ': 'x' } },
    'stream message metadata key "k " must not have surrounding whitespace',
  ],
  [5, { kind: 'a b' }, 'stream message kind "a b" contains unsupported characters'],
  [5, { kind: 'größe' }, 'stream message kind "größe" contains unsupported characters'],
  [6, { kind: 'ERROR', audio }, 'error messages require payload'],
  [6, { kind: 'error', payload: new Uint8Array() }, 'error messages require payload'],
  [
    7,
    { kind: 'error', payload: bytes('{}'), binary },
    'error messages must not carry media frames',
  ],
  [
    8,
    { kind: 'heartbeat', payload: bytes('{}') },
    'heartbeat messages must not carry payload, metadata, or frames',
  ],
  [
    8,
    { kind: 'Noop', messageId: 'x' },
    'noop messages must not carry payload, metadata, or frames',
  ],
  [
    8,
    { kind: 'noop', timestampMs: 0 },
    'noop messages must not carry payload, metadata, or frames',
  ],
  [8, { kind: 'noop', envelope: {} }, 'noop messages must not carry payload, metadata, or frames'],
  [
    8,
    { kind: 'heartbeat', audio, video },
    'heartbeat messages must not carry payload, metadata, or frames',
  ],
  [9, { audio, video }, 'multiple frame payloads set (audio, video)'],
  [9, { audio, video, binary }, 'multiple frame payloads set (audio, video, binary)'],
  [
    10,
    { audio: { ...audio, codec: 'pcm ', pcm: bytes('') } },
    'audio frame codec must not have surrounding whitespace',
  ],
  [11, { audio: { ...audio, pcm: bytes(''), sampleRateHz: 0 } }, 'audio frame missing pcm payload'],
  [
    12,
    { audio: { ...audio, sampleRateHz: 0, channels: 0 } },
    'audio frame sample rate must be positive',
  ],
  [
    13,
    { audio: { ...audio, channels: -1, timestampMs: -1 } },
    'audio frame channels must be positive',
  ],
  [14, { audio: { ...audio, timestampMs: -0.5 } }, 'audio frame timestamp must not be negative'],
  [
    15,
    { video: { ...video, codec: ' ', payload: bytes('') } },
    'video frame codec must not have surrounding whitespace',
  ],
  [16, { video: { payload: bytes('') } }, 'video frame missing payload'],
  [17, { video: { payload: bytes('v') } }, 'encoded video frame requires codec'],
  [
    18,
    { video: { payload: bytes('v'), raw: true, width: 4, timestampMs: -1 } },
    'raw video frame requires width and height',
  ],
  [19, { video: { ...video, timestampMs: -1 } }, 'video frame timestamp must not be negative'],
  [20, { binary: { payload: bytes(''), timestampMs: -1 } }, 'binary frame missing payload'],
  [
    21,
    { binary: { ...binary, timestampMs: -1, mimeType: ' ' } },
    'binary frame timestamp must not be negative',
  ],
  [
    22,
    { binary: { ...binary, mimeType: ' image/png' } },
    'binary frame mime type must not have surrounding whitespace',
  ],
  [
    23,
    { binary: { ...binary, mimeType: 'not a mime type' } },
    'binary frame mime type "not a mime type" is invalid',
  ],
  [
    24,
    { binary: { ...binary, mimeType: packet } },
    `binary frame MIME type "${packet}" is reserved for envelope payloads`,
  ],
  [
    24,
    { binary: { ...binary, mimeType: 'Application/Vnd.Bubu.Packet+JSON; v=1' } },
    `binary frame MIME type "${packet}" is reserved for envelope payloads`,
  ],
  [
    25,
    { kind: 'data', binary: { ...binary, mimeType: packet } },
    'reserved envelope MIME type requires binary payload to mirror the structured payload',
  ],
  [
    25,
    { ...mirrored, payload: bytes('[]') },
    'reserved envelope MIME type requires binary payload to mirror the structured payload',
  ],
  [
    26,
    { binary, payload: bytes('x'), inputs: bytes('{}') },
    'payload and binary payload must match when both are set',
  ],
  [
    27,
    { binary, inputs: bytes('{}') },
    'binary payload must mirror the structured payload when inputs, transports, or stream envelope are set',
  ],
  [
    27,
    { binary, transports: [{ name: 't' }] },
    'binary payload must mirror the structured payload when inputs, transports, or stream envelope are set',
  ],
  [
    27,
    { binary, envelope: {} },
    'binary payload must mirror the structured payload when inputs, transports, or stream envelope are set',
  ],
];

describe('a stream message', () => {
  it.each(broken)('is refused by rule %i: %j', (_rule, message, text) => {
    expect(() => validateStreamMessage(message)).toThrow(
      expect.objectContaining({
        code: 'INVALID_STREAM_MESSAGE',
        message: `invalid stream message: ${text}`,
      }),
    );
  });

  it('is checked by all 27 rules here', () => {
    expect(new Set(broken.map(([rule]) => rule))).toEqual(
      new Set(Array.from({ length: 27 }, (_, index) => index + 1)),
    );
  });

  it.each<readonly [string, StreamMessage]>([
    ['nothing in it (the encoder refuses that)', {}],
    ['only a kind', { kind: 'telemetry.v1_a-b' }],
    ['a bare heartbeat', { kind: 'HeartBeat', metadata: {}, payload: bytes(''), transports: [] }],
    ['an error payload', { kind: 'error', payload: bytes('{}'), metadata: { a: '' } }],
    ['audio beside a payload', { audio, payload: bytes('{}'), inputs: bytes('{}') }],
    ['raw video', { video: { payload: bytes('v'), raw: true, width: 1, height: 1 } }],
    ['binary without a type', { binary: { payload: bytes('b') } }],
    ['a type with parameters', { binary: { ...binary, mimeType: 'text/plain; charset=utf-8' } }],
    [
      'mirrored bytes with everything',
      {
        binary,
        payload: bytes('b'),
        inputs: bytes('{}'),
        envelope: {},
        transports: [{ name: 't' }],
      },
    ],
    ['a mirrored packet document', mirrored],
  ])('passes with %s', (_what, message) => {
    expect(validateStreamMessage(message)).toBe(message);
  });

  it.each([
    [null, 'stream message must be an object'],
    ['text', 'stream message must be an object'],
    [{ kind: 5 }, 'stream message kind must be a text'],
    [{ payload: '{}' }, 'stream message payload must be bytes (use jsonMessage for JSON)'],
    [{ timestampMs: Number.NaN }, 'stream message timestamp must be a number of milliseconds'],
    [{ metadata: { a: 1 } }, 'stream message metadata must be an object of texts'],
    [{ transports: [{}] }, 'stream message transports must be a list of objects with a name'],
    [
      { audio: { pcm: bytes('a'), sampleRateHz: 1.5, channels: 1 } },
      'audio frame sample rate and channels must be whole numbers',
    ],
    [{ video: { payload: [1] } }, 'video frame payload must be bytes'],
    [{ binary: 'b' }, 'binary frame must be an object'],
  ])('of the wrong types is refused before the rules: %j', (message, problem) => {
    expect(Reflect.apply(streamMessageProblem, undefined, [message])).toBe(problem);
  });

  it('is never answered with anything but a text or nothing', () => {
    const anyMessage = fc.record(
      {
        kind: fc.string(),
        messageId: fc.string(),
        timestampMs: fc.double(),
        metadata: fc.dictionary(fc.string(), fc.string()),
        payload: fc.uint8Array({ maxLength: 3 }),
        inputs: fc.uint8Array({ maxLength: 3 }),
        audio: fc.record({
          pcm: fc.uint8Array(),
          sampleRateHz: fc.integer(),
          channels: fc.integer(),
        }),
        binary: fc.record({ payload: fc.uint8Array({ maxLength: 3 }), mimeType: fc.string() }),
        transports: fc.array(fc.record({ name: fc.string() })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyMessage, (message) => {
        const problem = streamMessageProblem(message);
        expect(problem === undefined || problem.length > 0).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.anything(), (message) => {
        const problem: unknown = Reflect.apply(streamMessageProblem, undefined, [message]);
        expect(problem === undefined || typeof problem === 'string').toBe(true);
      }),
    );
  });
});
