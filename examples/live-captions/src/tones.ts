/** The tone pairs of a telephone keypad, in hertz (ITU-T Q.23). */
const ROWS_HZ = [697, 770, 852, 941] as const;
const COLUMNS_HZ = [1209, 1336, 1477, 1633] as const;
const KEYS = ['123A', '456B', '789C', '*0#D'] as const;

/** Below this mean square (of samples from -1 to 1) a window counts as silence. */
const SILENCE = 1e-4;
/** How much of a window's energy the two tones must carry. */
const PURITY = 0.7;

/** The key whose tone pair sounds in the samples, or `undefined` for silence, noise and speech. */
export function keyOf(samples: Float32Array, sampleRateHz: number): string | undefined {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  if (samples.length === 0 || energy / samples.length < SILENCE) return undefined;
  const row = loudest(samples, sampleRateHz, ROWS_HZ);
  const column = loudest(samples, sampleRateHz, COLUMNS_HZ);
  // A pure tone of amplitude a has energy n·a²/2, and its Goertzel power is (n·a/2)².
  const explained = (2 * (row.power + column.power)) / (samples.length * energy);
  return explained < PURITY ? undefined : KEYS[row.index]?.[column.index];
}

function loudest(
  samples: Float32Array,
  sampleRateHz: number,
  frequencies: readonly number[],
): { readonly index: number; readonly power: number } {
  return frequencies
    .map((frequency, index) => ({ index, power: goertzel(samples, sampleRateHz, frequency) }))
    .reduce((best, candidate) => (candidate.power > best.power ? candidate : best));
}

/** The squared magnitude of one frequency in the samples (Goertzel's algorithm). */
function goertzel(samples: Float32Array, sampleRateHz: number, frequency: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / sampleRateHz);
  let previous = 0;
  let beforePrevious = 0;
  for (const sample of samples) {
    const current = sample + coefficient * previous - beforePrevious;
    beforePrevious = previous;
    previous = current;
  }
  return previous ** 2 + beforePrevious ** 2 - coefficient * previous * beforePrevious;
}

/** PCM of a key press: 16-bit little-endian samples of its tone pair; silence for a blank. */
export function pressed(key: string, durationMs: number, sampleRateHz: number): Uint8Array {
  const row = KEYS.findIndex((keys) => keys.includes(key));
  const column = row === -1 ? -1 : (KEYS[row]?.indexOf(key) ?? -1);
  const count = Math.round((durationMs * sampleRateHz) / 1_000);
  const pcm = new DataView(new ArrayBuffer(count * 2));
  for (let index = 0; index < count; index += 1) {
    const angle = (2 * Math.PI * index) / sampleRateHz;
    const sample =
      row === -1
        ? 0
        : 0.4 * Math.sin(angle * (ROWS_HZ[row] ?? 0)) +
          0.4 * Math.sin(angle * (COLUMNS_HZ[column] ?? 0));
    pcm.setInt16(index * 2, Math.round(sample * 32_767), true);
  }
  return new Uint8Array(pcm.buffer);
}

/** The samples of 16-bit little-endian PCM, from -1 to 1, the channels averaged. */
export function samplesOf(pcm: Uint8Array, channels: number): Float32Array {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const frames = Math.floor(pcm.byteLength / 2 / channels);
  return Float32Array.from({ length: frames }, (_, frame) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) {
      sum += view.getInt16((frame * channels + channel) * 2, true);
    }
    return sum / channels / 32_768;
  });
}
