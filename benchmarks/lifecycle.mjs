#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { parser } from '@aws-lambda-powertools/parser/middleware';
// What one warm invocation costs: a no-op engram whose config, inputs and output have zod schemas of 20 fields each.
//   node benchmarks/lifecycle.mjs [--rounds 15] [--calls 3000]
import { systemClock, systemRandom } from '@engramkit/core';
import { defineBatch, emptyStoryInfo } from '@engramkit/engram';
import { noopTracer, runBatch, silentLogger } from '@engramkit/runtime';
import { secretsFromValues } from '@engramkit/secrets';
import middy from '@middy/core';
import * as z from 'zod';
import { interleaveAsync } from './measure/interleave.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    calls: { type: 'string', default: '3000' },
  },
});

const shape = Object.fromEntries(
  Array.from({ length: 20 }, (_, at) => [
    `field${at}`,
    [z.string(), z.number(), z.boolean(), z.array(z.string()), z.object({ a: z.string() })][at % 5],
  ]),
);
const schema = z.object(shape);
const value = Object.fromEntries(
  Object.keys(shape).map((name, at) => [name, ['text', at, true, ['x', 'y'], { a: 'b' }][at % 5]]),
);

const component = defineBatch({
  name: 'no-op',
  config: schema,
  inputs: schema,
  output: schema,
  process: (inputs) => inputs,
});
const secrets = secretsFromValues({});
const ports = {
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
  tracer: noopTracer,
  secrets: { open: async () => secrets },
  effects: {
    once: (_, effect) => effect({}),
    has: async () => false,
    record: async () => undefined,
  },
  signals: { emit: async () => undefined, replay: async function* () {} },
};
const invocation = {
  runId: 'run-1',
  story: emptyStoryInfo,
  config: value,
  inputs: value,
  timeoutMs: 60_000,
};
const lambda = middy((event) => schema.parse(event)).use(parser({ schema }));

const check = await runBatch(component, invocation, ports);
if (check.status !== 'succeeded') throw new Error(JSON.stringify(check));

const result = await interleaveAsync(
  [
    [
      'zod alone: config, inputs and output parsed',
      async () => [schema.parse(value), schema.parse(value), schema.parse(value)],
    ],
    ['powertools parser 2.35 on middy: inputs and output parsed', () => lambda(value, {})],
    ['engramkit runBatch: the whole lifecycle', () => runBatch(component, invocation, ports)],
  ],
  { rounds: Number(values.rounds), calls: Number(values.calls) },
);
console.log('| candidate | best µs | median µs |\n|---|---|---|');
for (const [name, { best, median }] of Object.entries(result)) {
  console.log(`| ${name} | ${(best / 1000).toFixed(1)} | ${(median / 1000).toFixed(1)} |`);
}
