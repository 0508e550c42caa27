import type { JsonObject } from '@engramkit/core';
import type { Secrets } from '@engramkit/secrets';
import type { ExecutionContext } from './context.js';

/** Names a story; the namespace defaults to the impulse's own. */
export interface StoryReference {
  readonly name: string;
  readonly namespace?: string;
}

/** Options of {@link TriggerClient.startStory}. */
export interface StartStoryOptions {
  /** Default: the story that the impulse is bound to. */
  readonly story?: StoryReference;
  /** De-duplicates submissions: the same token starts one run. */
  readonly token?: string;
  readonly signal?: AbortSignal;
}

/** A run of a story that was started or found. */
export interface StoryRun {
  readonly name: string;
  readonly namespace: string;
  readonly story: StoryReference;
  /** The phase when the call returned, such as `Pending` or `Running`. */
  readonly phase?: string;
}

/** How an impulse starts and stops stories. Source: bobrapet-batch section 9. */
export interface TriggerClient {
  /** Submits a run and resolves once it exists. */
  startStory(inputs: JsonObject, options?: StartStoryOptions): Promise<StoryRun>;
  /** Asks a run to stop. */
  stopStory(
    run: Pick<StoryRun, 'name' | 'namespace'>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<void>;
  /** The story that the impulse is bound to; throws `TARGET_STORY_MISSING` when there is none. */
  targetStory(): StoryReference;
}

/** Watches something outside and starts stories when it happens. Source: bobrapet-batch section 2.12. */
export interface Impulse<Config = unknown> {
  /** Runs before `run`. */
  init?(config: Config, secrets: Secrets, context: ExecutionContext): void | Promise<void>;
  /** Runs until `context.signal` aborts; returning or throwing earlier ends the impulse. */
  run(client: TriggerClient, context: ExecutionContext): Promise<void>;
  /** Runs once after everything, whatever the outcome. */
  close?(): void | Promise<void>;
}
