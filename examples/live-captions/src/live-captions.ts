import { defineStreaming, type InboundMessage, jsonMessage } from 'engramkit';
import * as z from 'zod';
import { Captioner } from './captioner.js';
import { samplesOf } from './tones.js';

export default defineStreaming({
  name: 'live-captions',
  version: '1.0.0',
  description: 'Captions the key tones of a telephone call while it goes on.',
  config: z.object({
    sampleRateHz: z.int().min(8_000).max(48_000).default(8_000),
    pauseMs: z.int().min(100).default(400).describe('The silence that ends a caption.'),
  }),
  output: z.object({
    text: z.string(),
    final: z.boolean(),
    startMs: z.number(),
    endMs: z.number(),
  }),

  async stream(inbound, out, { config, logger }) {
    const captioner = new Captioner(config);
    let frames = 0;
    for await (const message of inbound) {
      const { audio } = message;
      if (audio === undefined) {
        logger.debug('packet without audio', { kind: message.kind });
      } else {
        frames += 1;
        requireUsable(audio, config.sampleRateHz);
        for (const delta of captioner.push(samplesOf(audio.pcm, audio.channels))) {
          await out.send(jsonMessage(delta, { kind: 'caption' }));
        }
      }
      // Only now: what this frame added has been accepted downstream.
      message.done();
    }
    for (const delta of captioner.end()) {
      await out.send(jsonMessage(delta, { kind: 'caption' }));
    }
    logger.info('stream over', { frames });
  },
});

function requireUsable(audio: NonNullable<InboundMessage['audio']>, sampleRateHz: number): void {
  const codec = audio.codec ?? 'pcm';
  if (!/^pcm/i.test(codec)) throw new Error(`audio must be PCM, not ${codec}`);
  if (audio.sampleRateHz !== sampleRateHz) {
    throw new Error(`audio has ${audio.sampleRateHz} Hz, the config says ${sampleRateHz} Hz`);
  }
}
