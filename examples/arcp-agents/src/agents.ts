import { type AgentContext, defineAgent } from '@engramkit/agent';
import { numberOf, objectOf, pause, textOf } from './input.js';
import { delegateAll } from './parent.js';
import { type Spending, spendAll } from './spend.js';

/** Gives its input back. */
const echo = defineAgent({
  name: 'echo',
  description: 'Gives its input back.',
  handler: (input) => ({ echoed: input ?? null }),
});

/** Waits and shows progress; ends at once when it is told to. Input: `{ ms?, steps?, everyMs? }`. */
const slow = defineAgent({
  name: 'slow',
  description: 'Waits two seconds, or as long as { ms } says, with { steps } steps of progress.',
  async handler(input, context) {
    const { ms, steps, everyMs } = objectOf(input);
    const total = numberOf(steps, 20);
    const interval = numberOf(everyMs, 50);
    for (let step = 1; step <= total; step += 1) {
      await pause(interval, context.signal);
      await context.progress(step, { total });
    }
    await pause(Math.max(0, numberOf(ms, 2_000) - total * interval), context.signal);
    return { steps: total };
  },
});

/** Writes log lines. Input: a number of lines, or `{ n?, everyMs? }`; default 20 lines, one every 50 milliseconds. */
const logger = defineAgent({
  name: 'logger',
  description: 'Writes { n } log lines, one every { everyMs } milliseconds.',
  async handler(input, context) {
    const given = typeof input === 'number' ? { n: input } : objectOf(input);
    const lines = numberOf(given.n, 20);
    const interval = numberOf(given.everyMs, given.n === undefined ? 50 : 0);
    for (let line = 1; line <= lines; line += 1) {
      if (interval > 0) await pause(interval, context.signal);
      await context.log('info', `line ${line} of ${lines}`, { line });
    }
    return { lines };
  },
});

/** Tells which of its versions was asked. */
const versions = ['1.0.0', '2.0.0'].map((version) =>
  defineAgent({
    name: 'ver',
    version,
    isDefault: version === '2.0.0',
    description: 'Tells its version.',
    handler: () => ({ version }),
  }),
);

/** Calls a tool and reports what it cost, until the budget is used up. Input: `{ tool?, currency?, costs? }`. */
const spend = defineAgent({
  name: 'spend',
  description: 'Calls a tool and reports costs until its budget refuses.',
  handler: (input, context) => spendAll(readSpending(input), context),
});

/** Streams its result in pieces. Input: `{ text?, pieces? }`. */
const chunks = defineAgent({
  name: 'chunks',
  description: 'Streams its result: { text }, { pieces } times.',
  async handler(input, context: AgentContext) {
    const { text, pieces } = objectOf(input);
    const writer = context.streamResult();
    const times = numberOf(pieces, 1);
    for (let piece = 0; piece < times; piece += 1) {
      if (text === undefined) {
        await writer.write('naïve ');
        await writer.write(new TextEncoder().encode('🚀'));
      } else await writer.write(textOf(text, ''));
    }
    await writer.end({ summary: String(times) });
  },
});

/** Delegates parts of its lease. Input: `{ delegations? }`; default: one that fits and three that do not. */
const parent = defineAgent({
  name: 'parent',
  description: 'Delegates to other agents and tells what became of each.',
  handler: (input, context) => delegateAll(objectOf(input).delegations, context),
});

function readSpending(input: unknown): Spending {
  const { tool, currency, costs } = objectOf(input);
  return {
    tool: textOf(tool, 'search.web'),
    currency: textOf(currency, 'USD'),
    costs: Array.isArray(costs) ? costs.map((cost) => numberOf(cost, 0)) : [0.42, 0.7],
  };
}

export default [echo, slow, logger, ...versions, spend, chunks, parent];
