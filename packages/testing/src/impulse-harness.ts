import type { Impulse, ImpulseComponent } from '@engramkit/engram';
import { componentOfKind, type HarnessOptions, panicOf, withInstance } from './harness-parts.js';
import {
  type RecordedStart,
  type RecordingTriggerClient,
  recordingTriggerClient,
} from './recording-trigger-client.js';
import { type TestContext, testContext } from './test-context.js';

/** What an impulse harness can run: a definition, an instance, or a class whose constructor takes nothing. */
export type ImpulseSubject<Config> =
  | ImpulseComponent<Config>
  | Impulse<Config>
  | (new () => Impulse<Config>);

/** Options of {@link ImpulseHarness}. */
export interface ImpulseHarnessOptions<Config> extends HarnessOptions<Config> {
  /** Default: a recording client that is bound to the story `test-story`. */
  readonly client?: RecordingTriggerClient;
  /** Stops the impulse once it has started so many stories; default: it runs until it returns or is aborted. */
  readonly stopAfterStarts?: number;
}

/** Runs an impulse against a client that remembers what was started. Source: bobrapet-batch section 2.12. */
export class ImpulseHarness<Config = unknown> {
  /** What the impulse gets; `context.abort()` stops it. */
  readonly context: TestContext;
  readonly client: RecordingTriggerClient;
  readonly #component: ImpulseComponent;
  readonly #options: ImpulseHarnessOptions<Config>;

  constructor(
    impulse: ImpulseSubject<Config>,
    options: ImpulseHarnessOptions<NoInfer<Config>> = {},
  ) {
    this.#component = componentOfKind(impulse, 'impulse');
    this.#options = options;
    this.client = options.client ?? recordingTriggerClient();
    this.context = testContext(options);
  }

  /**
   * The stories that were started until the impulse ended.
   *
   * Rejects with what `init` or `run` throws, except with the reason of the stop itself: ending that way is clean.
   */
  async run(): Promise<readonly RecordedStart[]> {
    const { context, client } = this;
    const { stopAfterStarts } = this.#options;
    const watching = new AbortController();
    if (stopAfterStarts !== undefined) {
      client
        .whenStarted(stopAfterStarts, { signal: watching.signal })
        .then(() => context.abort())
        .catch(() => undefined); // The impulse ended first; there is nothing to stop.
    }
    try {
      await withInstance(this.#component, this.#options, context, async (instance) => {
        try {
          await instance.run(client, context);
        } catch (thrown) {
          if (!context.signal.aborted || thrown !== context.signal.reason) {
            throw panicOf('impulse Run', thrown);
          }
        }
      });
    } finally {
      watching.abort();
    }
    return client.starts;
  }
}
