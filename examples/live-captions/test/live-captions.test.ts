import { StreamHarness, StreamSuite } from '@engramkit/testing';
import { audioMessage, jsonMessage, messageJson, type StreamMessage } from 'engramkit';
import { expect, test } from 'vitest';
import liveCaptions from '../src/live-captions.js';
import { keyOf, pressed, samplesOf } from '../src/tones.js';

const config = { sampleRateHz: 8_000, pauseMs: 400 };

/** Key presses as audio frames of 20 ms: 100 ms per key, 60 ms between keys; a blank is half a second of silence. */
function call(keys: string, frameMs = 20): StreamMessage[] {
  const parts = [...keys].flatMap((key) =>
    key === ' '
      ? [pressed(' ', 500, config.sampleRateHz)]
      : [pressed(key, 100, config.sampleRateHz), pressed(' ', 60, config.sampleRateHz)],
  );
  const pcm = Buffer.concat(parts);
  const bytes = (config.sampleRateHz * frameMs * 2) / 1_000;
  const frames: StreamMessage[] = [];
  for (let at = 0; at < pcm.length; at += bytes) {
    const slice = Uint8Array.from(pcm.subarray(at, at + bytes));
    frames.push(audioMessage({ pcm: slice, sampleRateHz: config.sampleRateHz, channels: 1 }));
  }
  return frames;
}

async function captions(inputs: readonly StreamMessage[]) {
  const outputs = await new StreamHarness(liveCaptions, { config, inputs }).run();
  return outputs.map((message) => messageJson(message) as { text: string; final: boolean });
}

test('keeps the contract of a streaming engram', async () => {
  await new StreamSuite({
    engram: liveCaptions,
    config,
    inputs: call('12 '),
    requireValidMessages: true,
    requireAllInputsDone: true,
    minOutputCount: 3,
  }).run();
});

test('captions keys as they sound, and closes a caption after a pause', async () => {
  const deltas = await captions(call('42 #9'));
  expect(deltas.map(({ text, final }) => [text, final])).toEqual([
    ['4', false],
    ['2', false],
    ['42', true],
    ['#', false],
    ['9', false],
    ['#9', true],
  ]);
});

test.each([7, 20, 33, 250])(
  'says the same however the audio is cut: frames of %i ms',
  async (frameMs) => {
    expect(await captions(call('0123456789*#ABCD', frameMs))).toEqual(
      await captions(call('0123456789*#ABCD', 20)),
    );
  },
);

test('passes over packets without audio', async () => {
  const [first, ...rest] = call('7 ');
  const inputs = [...(first === undefined ? [] : [first]), jsonMessage({ note: 'hello' }), ...rest];
  expect((await captions(inputs)).at(-1)).toMatchObject({ text: '7', final: true });
});

test.each([
  [{ codec: 'opus' }, 'audio must be PCM, not opus'],
  [{ sampleRateHz: 16_000 }, 'audio has 16000 Hz, the config says 8000 Hz'],
])('ends the stream on audio that it cannot read: %j', async (change, message) => {
  const audio = { pcm: new Uint8Array(320), sampleRateHz: 8_000, channels: 1, ...change };
  await new StreamSuite({
    engram: liveCaptions,
    config,
    inputs: [audioMessage(audio)],
    expectError: true,
    validateError: (error) => expect((error as Error).message).toBe(message),
  }).run();
});

test('tells every key from silence, noise and single tones', () => {
  for (const key of '0123456789*#ABCD') {
    expect(keyOf(samplesOf(pressed(key, 20, 8_000), 1), 8_000)).toBe(key);
  }
  const single = Float32Array.from({ length: 160 }, (_, at) => Math.sin(at * 0.9));
  expect(keyOf(new Float32Array(160), 8_000)).toBeUndefined();
  expect(keyOf(single, 8_000)).toBeUndefined();
});
