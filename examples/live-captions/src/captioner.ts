import { keyOf } from './tones.js';

/** One change of the transcript. */
export interface CaptionDelta {
  /** What was added; for a final delta the whole caption. */
  readonly text: string;
  readonly final: boolean;
  /** Position in the stream, in milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
}

const WINDOW_MS = 20;
/** A key counts once it sounds this many windows in a row, so that clicks are no keys. */
const WINDOWS_PER_KEY = 2;

/** Turns samples into captions: one delta per key, and a final one after a pause. */
export class Captioner {
  readonly #sampleRateHz: number;
  readonly #pauseMs: number;
  readonly #window: Float32Array;
  #filled = 0;
  #positionMs = 0;
  #sounding: string | undefined;
  #windows = 0;
  #caption = '';
  #captionStartMs = 0;
  #lastKeyMs = 0;

  constructor(options: { readonly sampleRateHz: number; readonly pauseMs: number }) {
    this.#sampleRateHz = options.sampleRateHz;
    this.#pauseMs = options.pauseMs;
    this.#window = new Float32Array(Math.round((options.sampleRateHz * WINDOW_MS) / 1_000));
  }

  /** Takes more samples, in any portions, and yields what they add. */
  *push(samples: Float32Array): Iterable<CaptionDelta> {
    for (const sample of samples) {
      this.#window[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled === this.#window.length) yield* this.#endWindow();
    }
  }

  /** Ends the stream: the caption so far becomes final. */
  *end(): Iterable<CaptionDelta> {
    if (this.#caption === '') return;
    yield {
      text: this.#caption,
      final: true,
      startMs: this.#captionStartMs,
      endMs: this.#lastKeyMs,
    };
    this.#caption = '';
  }

  *#endWindow(): Iterable<CaptionDelta> {
    const key = keyOf(this.#window, this.#sampleRateHz);
    const startMs = this.#positionMs;
    this.#filled = 0;
    this.#positionMs += WINDOW_MS;
    this.#windows = key === this.#sounding ? this.#windows + 1 : 1;
    this.#sounding = key;
    if (key === undefined) {
      if (this.#positionMs - this.#lastKeyMs >= this.#pauseMs) yield* this.end();
      return;
    }
    this.#lastKeyMs = this.#positionMs;
    if (this.#windows !== WINDOWS_PER_KEY) return;
    if (this.#caption === '') this.#captionStartMs = startMs - WINDOW_MS;
    this.#caption += key;
    yield { text: key, final: false, startMs: startMs - WINDOW_MS, endMs: this.#positionMs };
  }
}
