import {
  type Clock,
  EngramkitError,
  InvalidInputError,
  type JsonObject,
  type Random,
  sleep,
  toJsonValue,
} from '@engramkit/core';
import type {
  Logger,
  StartStoryOptions,
  StoryReference,
  StoryRun,
  TriggerClient,
} from '@engramkit/engram';
import { storyRunName } from '@engramkit/ids';
import type { TemplateEngine } from '@engramkit/template';
import type { Environment } from '../env/environment.js';
import type { KubernetesClient } from '../kubernetes/kubernetes-client.js';
import { isJsonObject, objectAt, textAt } from '../status/json-object.js';
import { goJson } from '../storage/go-json.js';
import type { PayloadStorage } from '../storage/payload-storage.js';
import { type DeliveryIdentity, deliveryIdentity, sha256 } from './delivery-identity.js';
import { ImpulseStatistics, type StatisticsDelta } from './impulse-statistics.js';
import { stopStoryRun } from './stop-story.js';
import { storyTrigger } from './story-trigger.js';
import { submitTrigger } from './submit-trigger.js';
import { TriggerThrottle } from './trigger-throttle.js';

/** Options of {@link clusterTriggers}. */
export interface ClusterTriggersOptions {
  readonly client: KubernetesClient;
  readonly environment: Environment;
  /** Checked before every call: malformed variables of the delivery policy fail the call, not the start. */
  readonly check?: (() => void) | undefined;
  /** Moves large inputs out; absent, they are submitted as they are. */
  readonly payloads?: Pick<PayloadStorage, 'dehydrateInputs'> | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A trigger client that can be waited for. */
export interface ClusterTriggers extends TriggerClient {
  /** Resolves when the statistics are written. */
  flush(): Promise<void>;
}

// Source of all: bobrapet-batch sections 9.2 and 9.8.
const KEY_TIMEOUT_MS = 250;
const BASE_DELAY_MS = 1_000;
const MAX_DELAY_MS = 300_000;
const LONGEST_OBJECT_NAME = 253;

/**
 * Starts and stops stories through StoryTriggers.
 *
 * Every call passes the throttle, makes one object that all its tries share, and resolves once the operator has decided.
 * Source: bobrapet-batch section 9.
 */
export function clusterTriggers(options: ClusterTriggersOptions): ClusterTriggers {
  return new Triggers(options);
}

class Triggers implements ClusterTriggers {
  readonly #options: ClusterTriggersOptions;
  readonly #throttle: TriggerThrottle;
  readonly #statistics: ImpulseStatistics | undefined;
  #engine: TemplateEngine | undefined;

  constructor(options: ClusterTriggersOptions) {
    const { environment, clock, client } = options;
    const { impulseName: name, impulseNamespace } = environment.identity;
    this.#options = options;
    this.#throttle = new TriggerThrottle(environment.triggers, clock);
    this.#statistics =
      name === ''
        ? undefined
        : new ImpulseStatistics({
            ...options,
            name,
            namespace: impulseNamespace || client.namespace,
          });
  }

  targetStory(): StoryReference {
    const { targetStoryName: name, targetStoryNamespace } = this.#options.environment.identity;
    if (name === '') {
      throw new EngramkitError(
        'this process is bound to no story: BUBU_TARGET_STORY_NAME is empty',
        {
          code: 'TARGET_STORY_MISSING',
          hint: 'Pass `story` to startStory, or run as the workload of an Impulse.',
        },
      );
    }
    return targetStoryNamespace === '' ? { name } : { name, namespace: targetStoryNamespace };
  }

  async startStory(inputs: JsonObject, options: StartStoryOptions = {}): Promise<StoryRun> {
    const { clock } = this.#options;
    this.#options.check?.();
    this.#count({ triggersReceived: 1, lastTrigger: clock.now() });
    try {
      using pass = await this.#throttle.enter(options.signal);
      if (pass.waited) this.#count({ throttledTriggers: 1, lastThrottled: clock.now() });
      const run = await this.#start(inputs, options);
      this.#count({ storiesLaunched: 1, lastSuccess: clock.now() });
      return run;
    } catch (error) {
      const failed = EngramkitError.from(error);
      const isFinal = failed.retry === 'never' && failed.code !== 'ABORTED';
      if (isFinal && options.signal?.aborted !== true) this.#count({ failedTriggers: 1 });
      throw error;
    }
  }

  async stopStory(
    run: Pick<StoryRun, 'name' | 'namespace'>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await stopStoryRun(run, { ...this.#options, ...options });
  }

  async flush(): Promise<void> {
    await this.#statistics?.flush();
  }

  /** Loaded only where a key template decides. */
  async #keyEngine(): Promise<TemplateEngine | undefined> {
    const { clock, environment } = this.#options;
    if (environment.triggers.dedupeMode !== 'key') return undefined;
    const { createTemplateEngine } = await import('@engramkit/template');
    this.#engine ??= createTemplateEngine({
      clock,
      deterministic: true,
      limits: { timeoutMs: KEY_TIMEOUT_MS, maxOutputBytes: 0 },
    });
    return this.#engine;
  }

  #count(delta: StatisticsDelta): void {
    this.#statistics?.add(delta);
  }

  async #start(given: JsonObject, { story, token, signal }: StartStoryOptions): Promise<StoryRun> {
    const { client, environment, random, clock } = this.#options;
    const { identity, triggers, kubernetes } = environment;
    const { name, namespace = '' } = story ?? this.targetStory();
    const inputs = inputsOf(given);
    const storyNamespace = namespace || client.namespace;
    const delivery = deliveryIdentity(
      triggers,
      token,
      {
        inputs,
        story: { name, namespace: storyNamespace },
        impulse: {
          name: identity.impulseName,
          namespace: identity.impulseNamespace || client.namespace,
        },
      },
      await this.#keyEngine(),
    );
    const submissionId = delivery.key || random.uuid();
    const place = { name, storyNamespace, submissionId };
    const trigger = storyTrigger({
      namespace: client.namespace,
      story: { name, namespace: namespace === '' ? undefined : namespace },
      inputs: await this.#offload(inputs, place, delivery, signal),
      delivery,
      submissionId,
      identity,
    });
    const submit = () =>
      submitTrigger(trigger, { client, clock, signal, budgetMs: kubernetes.operationTimeoutMs });
    const found = await this.#insist(submit, signal);
    const phase = textAt(objectAt(found, 'status'), 'phase');
    return {
      name: found.metadata.name ?? '',
      namespace: found.metadata.namespace ?? storyNamespace,
      story: { name, namespace: storyNamespace },
      ...(phase === '' ? {} : { phase }),
    };
  }

  async #insist<Value>(submit: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    const { clock, random, environment, logger } = this.#options;
    const attempts = Math.max(1, environment.triggers.retryMaxAttempts ?? 1);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await submit();
      } catch (thrown) {
        const error = EngramkitError.from(thrown);
        if (attempt >= attempts || error.retry === 'never' || signal?.aborted === true)
          throw thrown;
        const delayMs = retryDelayMs(attempt, environment.triggers) * (0.75 + random.float() / 2);
        logger.warn('starting the story failed and is tried again', {
          attempt,
          backoffMs: Math.round(delayMs),
          error: error.message,
        });
        await sleep(Math.max(delayMs, error.retryAfterMs ?? 0), {
          clock,
          ...(signal === undefined ? {} : { signal }),
        });
      }
    }
  }

  /** Source: bobrapet-batch section 9.6. */
  async #offload(
    inputs: JsonObject,
    {
      name,
      storyNamespace,
      submissionId: identity,
    }: Readonly<Record<'name' | 'storyNamespace' | 'submissionId', string>>,
    delivery: DeliveryIdentity,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<JsonObject> {
    const { payloads, client } = this.#options;
    if (payloads === undefined) return inputs;
    const id = inputsId(storyRunName({ storyNamespace, storyName: name, identity }), inputs);
    const moved = await payloads.dehydrateInputs(
      inputs,
      { id: `${client.namespace}/${id}`, schema: `bubu://story/${storyNamespace}/${name}/inputs` },
      { signal },
    );
    if (!isJsonObject(moved)) return inputs; // Objects stay objects.
    if (delivery.key !== '' && goJson(moved) !== goJson(inputs)) throw keyedAndLarge(name);
    return moved;
  }
}

/** The name under which inputs are stored. Source: bobrapet-batch section 9.6. */
export function inputsId(runName: string, inputs: JsonObject): string {
  if (Object.keys(inputs).length === 0) return runName;
  const suffix = `-${sha256(goJson(inputs)).slice(0, 12)}`;
  return `${runName.slice(0, LONGEST_OBJECT_NAME - suffix.length)}${suffix}`;
}

/** The pause after a failed try, before the jitter. Source: bobrapet-batch section 9.8. */
export function retryDelayMs(
  attempt: number,
  settings: Pick<Environment['triggers'], 'retryBackoff' | 'retryBaseDelayMs' | 'retryMaxDelayMs'>,
): number {
  const base = settings.retryBaseDelayMs ?? BASE_DELAY_MS;
  const { retryBackoff = 'exponential' } = settings;
  const factor =
    retryBackoff === 'constant' ? 1 : retryBackoff === 'linear' ? attempt : 2 ** (attempt - 1);
  return Math.min(settings.retryMaxDelayMs ?? MAX_DELAY_MS, base * factor);
}

function inputsOf(given: JsonObject): JsonObject {
  const copy = toJsonValue(given ?? {}, { what: 'the inputs of the story' });
  if (isJsonObject(copy)) return copy;
  throw new InvalidInputError('the inputs of a story must be a JSON object', {
    code: 'STORY_INPUTS_INVALID',
    hint: 'Pass an object; {} for none.',
  });
}

/** The operator hashes the stored inputs and never agrees with the hash of the reference. Source: bobrapet-batch section 9.6. */
function keyedAndLarge(story: string): EngramkitError {
  return new EngramkitError(
    `the inputs of ${story} are too large to be submitted with a token or key`,
    {
      code: 'TRIGGER_KEYED_INPUTS_TOO_LARGE',
      details: { story },
      hint: 'Pass an identifier of the data instead of the data, raise maxInlineSize, or submit without a token.',
    },
  );
}
