import {
  ImpulseHarness,
  manualClock,
  recordingTriggerClient,
  seededRandom,
} from '@engramkit/testing';
import { expect, test } from 'vitest';
import { type Config, cronImpulse } from '../src/cron-impulse.js';
import { parseSchedule } from '../src/schedule.js';

const MONDAY = Date.parse('2026-03-02T07:59:30Z');
const MINUTE = 60_000;

function config(
  schedule: Partial<Config['schedules'][number]>,
  rest: Partial<Config> = {},
): Config {
  return {
    schedules: [
      {
        name: 'report',
        description: '',
        cron: '0 8 * * *',
        inputs: {},
        enabled: true,
        ...schedule,
      },
    ],
    timezone: 'UTC',
    runOnStartup: false,
    concurrencyPolicy: 'allow',
    ...rest,
  };
}

function start(given: Config, client = recordingTriggerClient()) {
  const clock = manualClock({ nowMs: MONDAY });
  const harness = new ImpulseHarness(cronImpulse({ clock, random: seededRandom(7) }), {
    config: given,
    client,
  });
  const over = harness.run();
  return {
    clock,
    client,
    logs: harness.context.recorded.logs,
    async stop() {
      harness.context.abort();
      return await over;
    },
  };
}

test('starts the story at its time, every day, with the schedule in the inputs', async () => {
  const run = start(config({ inputs: { kind: 'daily' }, description: 'the morning report' }));
  await run.clock.advance(29_999);
  expect(run.client.starts).toEqual([]);
  await run.clock.advance(1);
  await run.clock.advance(24 * 60 * MINUTE);
  const starts = await run.stop();
  expect(starts.map(({ inputs, token }) => [inputs, token])).toEqual([
    [
      {
        kind: 'daily',
        _cron: {
          schedule: 'report',
          description: 'the morning report',
          triggeredAt: '2026-03-02T08:00:00.000Z',
          runID: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      },
      'report@2026-03-02T08:00:00.000Z',
    ],
    [expect.anything(), 'report@2026-03-03T08:00:00.000Z'],
  ]);
});

test('keeps the wall clock of its time zone when summer time begins', async () => {
  // Madrid changes on 29 March 2026: 08:00 is 07:00 UTC before, 06:00 UTC after.
  const run = start(config({}, { timezone: 'Europe/Madrid' }));
  await run.clock.advanceTo(Date.parse('2026-03-30T12:00:00Z'));
  const tokens = (await run.stop()).map(({ token }) => token);
  expect(tokens).toContain('report@2026-03-28T07:00:00.000Z');
  expect(tokens).toContain('report@2026-03-30T06:00:00.000Z');
});

test('starts at once when asked to, and not at all when switched off', async () => {
  const eager = start(config({}, { runOnStartup: true }));
  await eager.clock.advance(0);
  expect(await eager.stop()).toHaveLength(1);
  const off = start(config({ enabled: false }, { runOnStartup: true }));
  await off.clock.advance(24 * 60 * MINUTE);
  expect(await off.stop()).toEqual([]);
});

test('spreads starts by jitter without shifting the schedule', async () => {
  const run = start(config({ cron: '*/5 * * * *', jitter: '60s' }));
  await run.clock.advance(31 * MINUTE);
  const tokens = (await run.stop()).map(({ token }) => token);
  expect(tokens.slice(0, 3)).toEqual([
    'report@2026-03-02T08:00:00.000Z',
    'report@2026-03-02T08:05:00.000Z',
    'report@2026-03-02T08:10:00.000Z',
  ]);
});

test('skips a start while the last submission is pending, if the policy says so', async () => {
  let release = (): void => undefined;
  const pending = new Promise<void>((resolve) => {
    release = resolve;
  });
  const client = recordingTriggerClient({ beforeStart: () => pending });
  const run = start(config({ cron: '@every 1m' }, { concurrencyPolicy: 'forbid' }), client);
  await run.clock.advance(3 * MINUTE);
  release();
  await run.clock.advance(MINUTE);
  expect(await run.stop()).toHaveLength(2);
  expect(run.logs.filter(({ level }) => level === 'warn')).toHaveLength(2);
});

test('stops the last run before the next one, if the policy says so', async () => {
  const run = start(config({ cron: '@every 1m' }, { concurrencyPolicy: 'replace' }));
  await run.clock.advance(3 * MINUTE);
  const starts = await run.stop();
  expect(run.client.stops).toEqual(
    starts.slice(0, 2).map(({ run: { name, namespace } }) => ({ name, namespace })),
  );
});

test('goes on when a start fails, and says so', async () => {
  let calls = 0;
  const client = recordingTriggerClient({
    beforeStart() {
      calls += 1;
      if (calls === 1) throw new Error('the operator is away');
    },
  });
  const run = start(config({ cron: '@every 1m' }), client);
  await run.clock.advance(2 * MINUTE);
  expect(await run.stop()).toHaveLength(1);
  expect(run.logs).toContainEqual(expect.objectContaining({ level: 'error' }));
});

test.each([
  ['0 8 * *', 'five fields'],
  ['99 8 * * *', '"99 8 * * *" in UTC: '],
  ['@every 10ms', 'at least 1s'],
  ['@every soon', 'soon'],
  ['at eight in the morning', '"at eight in the morning" in UTC: '],
])('refuses the expression %s before anything runs', (expression, reason) => {
  expect(() => parseSchedule(expression, 'UTC')).toThrow(reason);
});
