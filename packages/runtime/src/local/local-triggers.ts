import { open } from 'node:fs/promises';
import {
  type Clock,
  EngramkitError,
  type JsonObject,
  type Random,
  stringifyJson,
  systemClock,
  systemRandom,
  toJsonValue,
} from '@engramkit/core';
import type { StartStoryOptions, StoryReference, StoryRun, TriggerClient } from '@engramkit/engram';
import { writeError } from '../atomic-file.js';

/** One call of a trigger client. */
export interface TriggerEvent {
  readonly type: 'start' | 'stop';
  readonly run: StoryRun;
  readonly inputs?: JsonObject;
  readonly token?: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly atMs: number;
}

/** Options of {@link localTriggers}. */
export interface LocalTriggersOptions {
  /** The story that the impulse is bound to. */
  readonly story?: StoryReference | undefined;
  /** A file that gets one JSON line per call. */
  readonly file?: string | undefined;
  /** Told about every call, before it resolves; a rejection fails the call. */
  readonly onTrigger?: ((event: TriggerEvent) => void | Promise<void>) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const NAMESPACE = 'default';

/**
 * A trigger client without a cluster: runs exist by name only, calls go to a callback and to a file of JSON lines.
 *
 * The same token and story start one run as long as the client lives; other inputs under the same token are refused with
 * `DUPLICATE_TOKEN`. Source: bobrapet-batch section 9.
 */
export function localTriggers(options: LocalTriggersOptions = {}): TriggerClient {
  const { story: bound, file, onTrigger, clock = systemClock, random = systemRandom } = options;
  const byToken = new Map<string, { readonly inputs: string; readonly run: Promise<StoryRun> }>();
  let tail: Promise<void> = Promise.resolve();

  const tell = async (event: TriggerEvent): Promise<void> => {
    await onTrigger?.(event);
    if (file === undefined) return;
    const write = tail.then(() => appendLine(file, JSON.stringify(event)));
    tail = write.catch(() => undefined); // The caller of this write hears of its failure.
    await write;
  };
  const targetStory = (): StoryReference => {
    if (bound !== undefined) return bound;
    throw new EngramkitError('the impulse is bound to no story', {
      code: 'TARGET_STORY_MISSING',
      hint: 'Name the story in the call, or bind the impulse to one.',
    });
  };
  const start = async (
    story: StoryReference,
    inputs: JsonObject,
    token: string | undefined,
  ): Promise<StoryRun> => {
    const run: StoryRun = {
      name: `${story.name}-${random.uuid().slice(0, 8)}`,
      namespace: story.namespace ?? NAMESPACE,
      story,
      phase: 'Pending',
    };
    await tell({
      type: 'start',
      run,
      inputs,
      ...(token === undefined ? {} : { token }),
      atMs: clock.now(),
    });
    return run;
  };

  return {
    targetStory,
    async startStory(given: JsonObject, startOptions: StartStoryOptions = {}) {
      const { signal, token } = startOptions;
      signal?.throwIfAborted();
      const story = startOptions.story ?? targetStory();
      const inputs = toJsonValue(given, { what: 'the inputs of the story' }) as JsonObject; // It was one.
      if (token === undefined) return start(story, inputs, undefined);
      const key = JSON.stringify([story.namespace ?? NAMESPACE, story.name, token]);
      const text = stringifyJson(inputs);
      const earlier = byToken.get(key);
      if (earlier !== undefined) {
        if (earlier.inputs === text) return earlier.run;
        throw new EngramkitError(`the token ${token} was used with other inputs`, {
          code: 'DUPLICATE_TOKEN',
          details: { token, story: story.name },
          hint: 'Use a new token for new inputs.',
        });
      }
      const run = start(story, inputs, token);
      byToken.set(key, { inputs: text, run });
      run.catch(() => byToken.delete(key)); // A failed call did not start anything.
      return run;
    },
    async stopStory({ name, namespace }, stopOptions = {}) {
      stopOptions.signal?.throwIfAborted();
      const run: StoryRun = { name, namespace, story: { name: bound?.name ?? name } };
      await tell({ type: 'stop', run, atMs: clock.now() });
    },
  };
}

async function appendLine(path: string, line: string): Promise<void> {
  try {
    const file = await open(path, 'a', 0o600);
    try {
      await file.appendFile(`${line}\n`);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw writeError(path, error);
  }
}
