import {
  EngramkitError,
  InvalidInputError,
  type JsonObject,
  type JsonValue,
  stringifyJson,
  toJsonValue,
} from '@engramkit/core';
import type { StoryReference, StoryRun, TriggerClient } from '@engramkit/engram';

/** One story that an impulse started. */
export interface RecordedStart {
  readonly run: StoryRun;
  readonly inputs: JsonValue;
  readonly token?: string;
}

/** A trigger client that starts nothing and remembers everything. */
export interface RecordingTriggerClient extends TriggerClient {
  /** Accepted starts, oldest first; a repeated token adds none. */
  readonly starts: readonly RecordedStart[];
  /** The runs that were asked to stop, oldest first. */
  readonly stops: readonly Pick<StoryRun, 'name' | 'namespace'>[];
  /** Resolves when that many stories have been started; rejects with the signal's reason. */
  whenStarted(count: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Options of {@link recordingTriggerClient}. */
export interface RecordingTriggerClientOptions {
  /** The story that the impulse is bound to; `null` for none; default `test-story` in namespace `default`. */
  readonly target?: StoryReference | null;
  /** Called before a start is accepted; what it throws is what `startStory` rejects with. */
  readonly beforeStart?: (start: {
    readonly story: StoryReference;
    readonly inputs: JsonObject;
    readonly token?: string;
  }) => void | Promise<void>;
}

/**
 * Makes a {@link RecordingTriggerClient}.
 *
 * Runs are called `<story>-1`, `<story>-2` and so on. The same token starts one run; with other inputs it rejects with
 * `DUPLICATE_TOKEN`. Source: bobrapet-batch section 9.
 */
export function recordingTriggerClient(
  options: RecordingTriggerClientOptions = {},
): RecordingTriggerClient {
  const starts: RecordedStart[] = [];
  const stops: Pick<StoryRun, 'name' | 'namespace'>[] = [];
  const waiting = new Set<() => void>();
  const target = options.target === undefined ? DEFAULT_TARGET : options.target;

  const targetStory = (): StoryReference => {
    if (target !== null) return target;
    throw new EngramkitError('the impulse is not bound to a story', {
      code: 'TARGET_STORY_MISSING',
      hint: 'Bind the impulse to a story, or name one in startStory.',
    });
  };

  return {
    starts,
    stops,
    targetStory,
    async startStory(inputs, { story = targetStory(), token, signal } = {}) {
      signal?.throwIfAborted();
      const copy = toJsonValue(inputs, { what: 'the inputs of the story' });
      const tokenPart = token === undefined || token === '' ? {} : { token };
      await options.beforeStart?.({ story, inputs, ...tokenPart });
      const earlier = sameToken(starts, story, token);
      if (earlier !== undefined) {
        if (stringifyJson(earlier.inputs) === stringifyJson(copy)) return earlier.run;
        throw mismatch(story);
      }
      const run = Object.freeze({
        name: `${story.name}-${starts.length + 1}`,
        namespace: story.namespace ?? 'default',
        story,
        phase: 'Pending',
      });
      starts.push(Object.freeze({ run, inputs: copy, ...tokenPart }));
      for (const wake of [...waiting]) wake();
      return run;
    },
    async stopStory({ name, namespace }, { signal } = {}) {
      signal?.throwIfAborted();
      stops.push(Object.freeze({ name, namespace }));
    },
    whenStarted(count, { signal } = {}) {
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          waiting.delete(check);
          reject(signal?.reason);
        };
        const check = (): void => {
          if (starts.length < count) return;
          waiting.delete(check);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        if (signal?.aborted === true) return onAbort();
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.add(check);
        check();
      });
    },
  };
}

const DEFAULT_TARGET: StoryReference = Object.freeze({ name: 'test-story', namespace: 'default' });

function sameToken(
  starts: readonly RecordedStart[],
  story: StoryReference,
  token: string | undefined,
): RecordedStart | undefined {
  if (token === undefined || token === '') return undefined;
  return starts.find(
    (start) =>
      start.token === token &&
      start.run.story.name === story.name &&
      (start.run.story.namespace ?? '') === (story.namespace ?? ''),
  );
}

function mismatch(story: StoryReference): InvalidInputError {
  return new InvalidInputError(
    `a run of the story ${JSON.stringify(story.name)} was started with the same token and other inputs`,
    {
      code: 'DUPLICATE_TOKEN',
      hint: 'Derive the token from what makes the event the same event, and send the same inputs with it.',
    },
  );
}
