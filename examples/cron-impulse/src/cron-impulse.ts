import { createHash } from 'node:crypto';
import {
  type Clock,
  defineImpulse,
  type ImpulseComponent,
  type Logger,
  type Random,
  type StoryRun,
  systemClock,
  systemRandom,
  type TriggerClient,
} from 'engramkit';
import * as z from 'zod';
import { jitterMs, parseSchedule, type Schedule, waitUntil } from './schedule.js';

const ScheduleConfig = z.object({
  name: z.string().min(1),
  description: z.string().default(''),
  cron: z.string().describe('Five fields, @hourly and its like, or @every 90s.'),
  inputs: z.record(z.string(), z.json()).default({}).describe('Inputs of the story.'),
  enabled: z.boolean().default(true),
  jitter: z.string().optional().describe('The longest random delay, such as 30s.'),
});

const Config = z.object({
  schedules: z.array(ScheduleConfig).min(1),
  timezone: z.string().default('UTC').describe('IANA name, such as Europe/Madrid.'),
  runOnStartup: z.boolean().default(false),
  concurrencyPolicy: z
    .enum(['allow', 'forbid', 'replace'])
    .default('allow')
    .describe(
      'While the last submission is pending: submit too, skip, or stop the last run first.',
    ),
});
export type Config = z.infer<typeof Config>;

/** Where time and chance come from; tests drive both by hand. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
}

/** The cron impulse on the given clock. */
export function cronImpulse(
  { clock, random }: Ports = { clock: systemClock, random: systemRandom },
): ImpulseComponent<Config> {
  return defineImpulse({
    name: 'cron',
    version: '1.0.0',
    description: 'Starts stories on cron schedules.',
    config: Config,

    // A wrong expression must fail at the start, not at three in the night.
    init({ config }) {
      return config.schedules
        .filter(({ enabled }) => enabled)
        .map((entry) => ({ entry, schedule: parseSchedule(entry.cron, config.timezone) }));
    },

    async run(client, { config, state, logger, signal }) {
      logger.info('watching the clock', { schedules: state.length, timezone: config.timezone });
      const lines = state.map(({ entry, schedule }) =>
        follow({ entry, schedule, config, client, clock, random, logger, signal }),
      );
      try {
        await Promise.all(lines);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  });
}

export default cronImpulse();

interface Line extends Ports {
  readonly entry: z.infer<typeof ScheduleConfig>;
  readonly schedule: Schedule;
  readonly config: Config;
  readonly client: TriggerClient;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Follows one schedule until the signal aborts. */
async function follow(line: Line): Promise<void> {
  const { entry, schedule, config, clock, random, signal } = line;
  const dispatcher = new Dispatcher(line);
  if (config.runOnStartup) dispatcher.dispatch(clock.now());
  let dueMs = schedule.next(clock.now());
  while (dueMs !== undefined) {
    await waitUntil(dueMs + jitterMs(entry.jitter, random), clock, signal);
    dispatcher.dispatch(dueMs);
    // From the planned moment, not from now: a late timer shifts nothing. Moments that were slept through are skipped.
    dueMs = schedule.next(Math.max(dueMs, clock.now()));
  }
  line.logger.warn('the schedule has no further moment', { schedule: entry.name });
}

/** Submits the runs of one schedule, as the concurrency policy says. */
class Dispatcher {
  readonly #line: Line;
  #pending = 0;
  #last: StoryRun | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  /** Never throws and never waits: a slow operator must not shift the clock. */
  dispatch(dueMs: number): void {
    const { config, entry, logger } = this.#line;
    if (config.concurrencyPolicy === 'forbid' && this.#pending > 0) {
      logger.warn('skipped: the last submission is still pending', { schedule: entry.name });
      return;
    }
    this.#pending += 1;
    void this.#submit(dueMs)
      .catch((error: unknown) => {
        logger.error('could not start the story', { schedule: entry.name, error });
      })
      .finally(() => {
        this.#pending -= 1;
      });
  }

  async #submit(dueMs: number): Promise<void> {
    const { client, config, entry, logger, signal } = this.#line;
    const previous = this.#last;
    if (config.concurrencyPolicy === 'replace' && previous !== undefined) {
      await client.stopStory(previous, { signal });
    }
    const triggeredAt = new Date(dueMs).toISOString();
    // Two replicas, or a restart in the same second, say the same thing under the same token: one run starts.
    const token = `${entry.name}@${triggeredAt}`;
    const run = await client.startStory(
      {
        ...entry.inputs,
        _cron: {
          schedule: entry.name,
          description: entry.description,
          triggeredAt,
          runID: createHash('sha256').update(token).digest('hex').slice(0, 16),
        },
      },
      { token, signal },
    );
    this.#last = run;
    logger.info('story started', { schedule: entry.name, run: run.name, triggeredAt });
  }
}
