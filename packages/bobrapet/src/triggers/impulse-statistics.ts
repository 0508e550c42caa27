import { type Clock, EngramkitError, type JsonObject, type JsonValue } from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import type { KubernetesClient } from '../kubernetes/kubernetes-client.js';
import { isConflict } from '../kubernetes/kubernetes-error.js';
import { objectAt, textAt } from '../status/json-object.js';
import { parseWireTimeMs, toWireSeconds } from '../status/wire-time.js';
import { IMPULSES } from './resources.js';

/** What happened; counts are added, instants only move forward. Source: bobrapet-batch section 9.11. */
export interface StatisticsDelta {
  readonly triggersReceived?: number;
  readonly storiesLaunched?: number;
  readonly failedTriggers?: number;
  readonly throttledTriggers?: number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly lastTrigger?: number;
  readonly lastSuccess?: number;
  readonly lastThrottled?: number;
}

const COUNTS = [
  'triggersReceived',
  'storiesLaunched',
  'failedTriggers',
  'throttledTriggers',
] as const;
const INSTANTS = ['lastTrigger', 'lastSuccess', 'lastThrottled'] as const;
const TRIES = 5;

/** Options of {@link ImpulseStatistics}. */
export interface ImpulseStatisticsOptions {
  readonly client: KubernetesClient;
  readonly name: string;
  readonly namespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The counters in the status of an Impulse.
 *
 * Deltas that come while a patch is under way travel in the next one; patches carry the resource version, so that replicas lose
 * nothing of each other. Failures are logged, never thrown. Source: bobrapet-batch section 9.11.
 */
export class ImpulseStatistics {
  readonly #options: ImpulseStatisticsOptions;
  #pending: StatisticsDelta | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ImpulseStatisticsOptions) {
    this.#options = options;
  }

  /** Counts; returns at once. */
  add(delta: StatisticsDelta): void {
    this.#pending = this.#pending === undefined ? delta : joined(this.#pending, delta);
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when everything that was counted is written, or given up. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #drain(): Promise<void> {
    await undefined;
    for (let delta = this.#take(); delta !== undefined; delta = this.#take()) {
      try {
        await this.#write(delta);
      } catch (error) {
        this.#options.logger.warn('the statistics of the impulse could not be written', {
          error: EngramkitError.from(error).message,
        });
      }
    }
  }

  #take(): StatisticsDelta | undefined {
    const delta = this.#pending;
    this.#pending = undefined;
    return delta;
  }

  async #write(delta: StatisticsDelta): Promise<void> {
    const { client, name, namespace } = this.#options;
    const address = { ...IMPULSES, namespace, name };
    for (let attempt = 1; ; attempt += 1) {
      const object = await client.get(address);
      const { resourceVersion, generation } = object.metadata;
      const status = {
        ...statisticsAfter(objectAt(object, 'status'), delta),
        ...(generation === undefined ? {} : { observedGeneration: generation }),
      };
      const patch = {
        ...(resourceVersion === undefined ? {} : { metadata: { resourceVersion } }),
        status,
      };
      try {
        await client.patch(address, patch, { type: 'merge', subresource: 'status' });
        return;
      } catch (error) {
        if (!isConflict(error) || attempt >= TRIES) throw error;
      }
    }
  }
}

/** The members that a delta changes, as absolute values. */
export function statisticsAfter(live: JsonObject, delta: StatisticsDelta): JsonObject {
  const members = new Map<string, JsonValue>();
  for (const name of COUNTS) {
    const more = delta[name] ?? 0;
    const before = live[name];
    if (more > 0) members.set(name, (typeof before === 'number' ? before : 0) + more);
  }
  for (const name of INSTANTS) {
    const at = delta[name];
    const before = parseWireTimeMs(textAt(live, name)) ?? Number.NEGATIVE_INFINITY;
    if (at !== undefined && at > before) members.set(name, toWireSeconds(at));
  }
  return Object.fromEntries(members);
}

function joined(left: StatisticsDelta, right: StatisticsDelta): StatisticsDelta {
  const members = new Map<string, number>();
  for (const name of COUNTS) members.set(name, (left[name] ?? 0) + (right[name] ?? 0));
  for (const name of INSTANTS) {
    const at = Math.max(left[name] ?? 0, right[name] ?? 0);
    if (at > 0) members.set(name, at);
  }
  return Object.fromEntries(members);
}
