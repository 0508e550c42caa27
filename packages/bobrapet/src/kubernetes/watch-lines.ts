import type { IncomingMessage } from 'node:http';
import { type JsonValue, parseJson } from '@engramkit/core';
import { KubernetesError } from './kubernetes-error.js';

/** The longest event, in characters. */
const LONGEST_LINE = 16 * 1_048_576;

/** The JSON lines of an answer; ends with the answer, and destroys it when it is left or the signal aborts. */
export function readLines(
  answer: IncomingMessage,
  signal: AbortSignal,
): AsyncIterable<JsonValue> & Disposable {
  const onAbort = (): void => {
    answer.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) answer.destroy();
  const end = (): void => {
    signal.removeEventListener('abort', onAbort);
    answer.destroy();
  };
  answer.setEncoding('utf8');
  return {
    async *[Symbol.asyncIterator]() {
      let rest = '';
      try {
        for await (const piece of answer as AsyncIterable<string>) {
          const lines = (rest + piece).split('\n');
          rest = lines.pop() ?? '';
          if (rest.length > LONGEST_LINE) {
            throw new KubernetesError('an event of the watch is too long', {
              status: 0,
              reason: 'TooLarge',
            });
          }
          for (const line of lines) {
            if (line.trim() !== '') yield parseJson(line, { what: 'an event', hideContent: true });
          }
        }
      } finally {
        end();
      }
    },
    [Symbol.dispose]: end,
  };
}
