import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  audioMessage,
  binaryMessage,
  errorMessage,
  forwardMessage,
  inboundMessage,
  jsonMessage,
  messageInputs,
  messageJson,
  parseErrorMessage,
  StructuredError,
  streamMessage,
  validateStreamMessage,
  videoMessage,
} from './index.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

describe('the message builders', () => {
  it('trim texts, copy bytes and lists, and leave out what is empty', () => {
    const payload = bytes('{}');
    const typedConfig = { transportRef: 'ref' };
    const message = streamMessage({
      kind: ' data ',
      messageId: '\tm-1\n',
      timestampMs: 1.9,
      metadata: {},
      payload,
      inputs: new Uint8Array(),
      transports: [{ name: 't', typedConfig }],
      envelope: { streamId: 's', sequence: 5n },
    });
    payload.fill(0);
    typedConfig.transportRef = 'changed';
    expect(message).toEqual({
      kind: 'data',
      messageId: 'm-1',
      timestampMs: 1,
      payload: bytes('{}'),
      transports: [{ name: 't', typedConfig: { transportRef: 'ref' } }],
      envelope: { streamId: 's', sequence: 5n },
    });
    expect(streamMessage({ kind: 'tick', metadata: {}, transports: [] })).toEqual({ kind: 'tick' });
  });

  it('refuse what the wire refuses', () => {
    expect(() => streamMessage({ kind: 'noop', metadata: { a: 'b' } })).toThrow(
      'invalid stream message: noop',
    );
    expect(() => audioMessage({ pcm: bytes(''), sampleRateHz: 1, channels: 1 })).toThrow(
      'missing pcm',
    );
  });

  it.each([
    { kind: 5 },
    { payload: '{}' },
    { metadata: null },
    { audio: null },
    { binary: { payload: 'text' } },
    { transports: 'all' },
    null,
    'text',
  ])('refuse wrong types instead of losing what was given: %j', (fields) => {
    expect(() => Reflect.apply(streamMessage, undefined, [fields])).toThrow(
      expect.objectContaining({ code: 'INVALID_STREAM_MESSAGE' }),
    );
  });

  it('write JSON objects, of kind data unless said otherwise', () => {
    const message = jsonMessage({ text: 'hé', list: [1] }, { messageId: 'a' });
    expect(message.kind).toBe('data');
    expect(text(message.payload)).toBe('{"text":"hé","list":[1]}');
    expect(jsonMessage({}, { kind: 'caption' }).kind).toBe('caption');
    expect(messageJson(message)).toEqual({ text: 'hé', list: [1] });
  });

  it('refuse JSON that peers cannot receive, and values that JSON cannot hold', () => {
    expect(() => jsonMessage([1])).toThrow(
      expect.objectContaining({ code: 'INVALID_STREAM_MESSAGE' }),
    );
    expect(() => jsonMessage({ big: 1n })).toThrow(
      expect.objectContaining({ code: 'JSON_UNSERIALIZABLE' }),
    );
  });

  it('carry media with other fields', () => {
    const pcm = bytes('pcm');
    const message = audioMessage(
      { pcm, sampleRateHz: 8_000, channels: 1, timestampMs: 10 },
      { kind: 'speech' },
    );
    pcm.fill(0);
    expect(text(message.audio?.pcm)).toBe('pcm');
    expect(videoMessage({ payload: bytes('v'), codec: 'vp8' }).video?.codec).toBe('vp8');
    expect(binaryMessage({ payload: bytes('b'), mimeType: ' image/png ' }).binary).toEqual({
      payload: bytes('b'),
      mimeType: 'image/png',
    });
  });

  it('forward a message without what belongs to this hop', () => {
    const inbound = inboundMessage({
      kind: 'data',
      messageId: 'm',
      metadata: { traceparent: 't' },
      payload: bytes('{}'),
      inputs: bytes('{}'),
      transports: [{ name: 't' }],
      envelope: { sequence: 1n },
    });
    expect(forwardMessage(inbound, { kind: 'next' })).toEqual({
      kind: 'next',
      messageId: 'm',
      metadata: { traceparent: 't' },
      payload: bytes('{}'),
    });
  });

  it('make valid messages that a second pass does not change', () => {
    const fields = fc.record(
      {
        kind: fc
          .string({ unit: fc.constantFrom(...'azAZ09.-_ ') })
          .map((kind) => `x${kind.replaceAll(' ', '')} `),
        messageId: fc.string(),
        timestampMs: fc.integer({ min: 1 }),
        metadata: fc.dictionary(
          fc.string({ unit: fc.constantFrom(...'abc'), minLength: 1 }),
          fc.string(),
        ),
        inputs: fc.constant(bytes('{}')),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fields,
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.integer(),
        ),
        (given, data) => {
          const message = jsonMessage(data, given);
          expect(validateStreamMessage(streamMessage(message))).toEqual(message);
          expect(messageJson(message)).toEqual(JSON.parse(JSON.stringify(data)));
        },
      ),
    );
  });
});

describe('error messages', () => {
  it('carry a structured error as it is, except for credentials in its text', () => {
    const error = new StructuredError('validation_error', 'token=abc refused', { code: 'BAD' });
    const message = errorMessage(error, { messageId: 'm' });
    expect(message.kind).toBe('error');
    expect(parseErrorMessage(message)).toEqual({
      version: 'v1',
      type: 'validation_error',
      message: 'token=[REDACTED] refused',
      code: 'BAD',
    });
    expect(parseErrorMessage(errorMessage(error.payload))).toMatchObject({ code: 'BAD' });
  });

  it('describe any other error', () => {
    expect(parseErrorMessage(errorMessage(new Error('storage is full')))).toMatchObject({
      type: 'storage_error',
      message: 'storage is full',
    });
  });

  it('are read only from kind error, with the reason when they are not valid', () => {
    expect(parseErrorMessage({ kind: 'data', payload: bytes('x') })).toBe(undefined);
    expect(parseErrorMessage({ kind: 'Error', payload: bytes('x') })).toBe(undefined);
    const refused = (payload: string) => () =>
      parseErrorMessage({ kind: ' error ', payload: bytes(payload) });
    expect(refused('')).toThrow(/^stream error message missing payload$/);
    expect(refused('{')).toThrow(/^stream error payload invalid: /);
    expect(refused('{"version":"v1"}')).toThrow(
      'stream error payload invalid: structured error type is required',
    );
    expect(refused('{"version":"v1","type":"timeout","message":"late"}')).not.toThrow();
  });
});

describe('the message readers', () => {
  it('yield nothing without bytes and refuse hostile JSON', () => {
    expect(messageJson({ kind: 'data' })).toBe(undefined);
    expect(messageInputs({ inputs: bytes('{"a":1}') })).toEqual({ a: 1 });
    expect(() => messageJson({ payload: bytes('{"__proto__":1}') })).toThrow(
      expect.objectContaining({ code: 'JSON_FORBIDDEN_KEY' }),
    );
    expect(() => messageJson({ payload: new Uint8Array(10_485_761).fill(32) })).toThrow(
      expect.objectContaining({ code: 'JSON_TOO_LARGE' }),
    );
  });
});

describe('an inbound message', () => {
  it('acknowledges once, never throws, and is not copied with its acknowledgement', () => {
    let calls = 0;
    const message = inboundMessage({ kind: 'data' }, () => {
      calls += 1;
      throw new Error('the queue is gone');
    });
    message.done();
    message.done();
    expect(calls).toBe(1);
    expect({ ...message }).toEqual({ kind: 'data' });
    inboundMessage({ kind: 'data' }).done();
  });
});
