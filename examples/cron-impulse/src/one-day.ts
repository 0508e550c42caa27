import { ImpulseHarness, manualClock, seededRandom } from '@engramkit/testing';
import { defineBatch } from 'engramkit';
import * as z from 'zod';
import { cronImpulse } from './cron-impulse.js';

const DAY_MS = 24 * 60 * 60_000;

/** Lets a day pass in a moment: a manual clock drives the impulse, a trigger client in this process takes its starts. */
export default defineBatch({
  name: 'one-day',
  version: '1.0.0',
  description: 'Rehearses one day of a cron impulse.',
  inputs: z.object({
    from: z.iso.datetime(),
    timezone: z.string().default('UTC'),
    schedules: z.array(z.object({ name: z.string(), cron: z.string() })),
  }),
  output: z.object({
    starts: z.array(z.object({ schedule: z.string(), at: z.string() })),
    timersLeft: z.int(),
  }),
  async process({ from, timezone, schedules }) {
    const clock = manualClock({ nowMs: Date.parse(from) });
    const harness = new ImpulseHarness(cronImpulse({ clock, random: seededRandom(1) }), {
      config: {
        timezone,
        runOnStartup: false,
        concurrencyPolicy: 'allow',
        schedules: schedules.map((schedule) => ({
          ...schedule,
          description: '',
          inputs: {},
          enabled: true,
        })),
      },
    });
    const over = harness.run();
    await clock.advance(DAY_MS);
    harness.context.abort();
    const starts = (await over).map(({ inputs }) => Start.parse(inputs)._cron);
    return {
      starts: starts.map(({ schedule, triggeredAt }) => ({ schedule, at: triggeredAt })),
      timersLeft: clock.pending.length,
    };
  },
});

const Start = z.object({ _cron: z.object({ schedule: z.string(), triggeredAt: z.string() }) });
