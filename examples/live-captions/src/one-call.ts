import { createLocalStream } from '@engramkit/runtime';
import { secretsFromValues } from '@engramkit/secrets';
import { testContext } from '@engramkit/testing';
import { audioMessage, defineBatch, messageJson } from 'engramkit';
import * as z from 'zod';
import liveCaptions from './live-captions.js';
import { pressed } from './tones.js';

const SAMPLE_RATE_HZ = 8_000;
const FRAME_BYTES = 320; // 20 ms of 16-bit samples.

const Delta = z.object({ text: z.string(), final: z.boolean() });

/** Plays a call over in-process channels: audio frames go in one by one, caption deltas come out while it goes on. */
export default defineBatch({
  name: 'one-call',
  version: '1.0.0',
  description: 'Plays a telephone call to the captioner.',
  inputs: z.object({ keys: z.string().regex(/^[0-9A-D*# ]+$/) }),
  output: z.object({
    deltas: z.array(Delta),
    framesBeforeFirstDelta: z.int(),
    frames: z.int(),
    acknowledged: z.int(),
  }),
  async process({ keys }, { signal }) {
    // Room for one message in each direction: who is slow makes the other side wait.
    const stream = createLocalStream({ capacity: 1 });
    const engram = liveCaptions.create();
    const context = testContext({ signal });
    await engram.init?.(
      { sampleRateHz: SAMPLE_RATE_HZ, pauseMs: 400 },
      secretsFromValues({}),
      context,
    );

    const deltas: z.infer<typeof Delta>[] = [];
    let frames = 0;
    let framesBeforeFirstDelta = 0;
    const listening = (async () => {
      for await (const message of stream.sent) {
        if (deltas.length === 0) framesBeforeFirstDelta = frames;
        deltas.push(Delta.parse(messageJson(message)));
      }
    })();
    const streaming = engram
      .stream(stream.inbound, stream.out, context)
      .finally(() => stream.close());
    for (const frame of audioOf(keys)) {
      await stream.push(audioMessage({ pcm: frame, sampleRateHz: SAMPLE_RATE_HZ, channels: 1 }), {
        signal,
      });
      frames += 1;
    }
    stream.end();
    await Promise.all([streaming, listening]);
    await engram.close?.();
    return { deltas, framesBeforeFirstDelta, frames, acknowledged: stream.acknowledged };
  },
});

/** Key presses of 100 ms with 60 ms between them, a blank is a pause of half a second; in frames of 20 ms. */
function* audioOf(keys: string): Iterable<Uint8Array> {
  for (const key of keys) {
    const sounds =
      key === ' '
        ? [pressed(' ', 500, SAMPLE_RATE_HZ)]
        : [pressed(key, 100, SAMPLE_RATE_HZ), pressed(' ', 60, SAMPLE_RATE_HZ)];
    for (const sound of sounds) {
      for (let at = 0; at < sound.length; at += FRAME_BYTES) {
        yield sound.slice(at, at + FRAME_BYTES);
      }
    }
  }
}
