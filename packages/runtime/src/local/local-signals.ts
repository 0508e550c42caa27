import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  type Clock,
  EngramkitError,
  InvalidInputError,
  type JsonValue,
  parseJson,
  toJsonValue,
} from '@engramkit/core';
import type { SignalEvent, Signals } from '@engramkit/engram';
import { writeError } from '../atomic-file.js';

/** The largest signal, in bytes of JSON text. */
const MAX_SIGNAL_BYTES = 1024 * 1024;

/**
 * Signals as lines of a file: one JSON object per line, flushed before `emit` resolves.
 *
 * Numbers go on where an earlier try of the run stopped. A last line that was cut off by a crash is skipped by replay.
 * Source: bobrapet-batch section 8.2.
 */
export function fileSignals(path: string, clock: Clock): Signals {
  let tail: Promise<number> | undefined;

  const append = async (previous: number, key: string, value: JsonValue): Promise<number> => {
    const sequence = previous + 1;
    const event: SignalEvent = {
      sequence,
      key,
      emittedAtMs: clock.now(),
      ...(value === null ? {} : { payload: value }),
    };
    try {
      const file = await open(path, 'a', 0o600);
      try {
        // A line break in front closes a line that a crash left open.
        await file.appendFile(
          `${(await file.stat()).size === 0 ? '' : '\n'}${JSON.stringify(event)}`,
        );
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw writeError(path, error);
    }
    return sequence;
  };

  return {
    async emit(key, value) {
      const name = key.trim();
      if (name === '') {
        throw new InvalidInputError('a signal needs a key', { code: 'SIGNAL_KEY_REQUIRED' });
      }
      const json = toJsonValue(value, { what: `the signal ${name}`, maxBytes: MAX_SIGNAL_BYTES });
      const before = tail ?? lastSequence(path);
      // One write after the other; a failed one does not take a number.
      const mine = before.then((sequence) => append(sequence, name, json));
      tail = mine.catch(() => before);
      await mine;
    },
    replay: (options = {}) => replay(path, options.afterSequence ?? 0),
  };
}

async function lastSequence(path: string): Promise<number> {
  let last = 0;
  for await (const { sequence } of replay(path, 0)) last = Math.max(last, sequence);
  return last;
}

async function* replay(path: string, afterSequence: number): AsyncGenerator<SignalEvent> {
  // Loaded here: most runs never replay signals.
  const { createInterface } = await import('node:readline');
  const lines = createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  try {
    for await (const line of lines) {
      const event = signalIn(line);
      if (event !== undefined && event.sequence > afterSequence) yield event;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new EngramkitError(`${path} cannot be read`, {
      code: 'SIGNALS_UNREADABLE',
      cause: error,
    });
  } finally {
    lines.close();
  }
}

function signalIn(line: string): SignalEvent | undefined {
  if (line === '') return undefined;
  try {
    const event: unknown = parseJson(line, { what: 'a signal' });
    const { sequence, key, emittedAtMs } = event as Partial<SignalEvent>;
    return typeof sequence === 'number' &&
      typeof key === 'string' &&
      typeof emittedAtMs === 'number'
      ? (event as SignalEvent)
      : undefined;
  } catch {
    return undefined; // A line that a crash cut off was never acknowledged.
  }
}
