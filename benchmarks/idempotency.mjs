// once() of @engramkit/ids beside the idempotency utility of AWS Lambda Powertools, both with a store in memory.
// node benchmarks/idempotency.mjs [--quick]
import { cpus } from 'node:os';
import {
  IdempotencyConfig,
  IdempotencyItemAlreadyExistsError,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import {
  BasePersistenceLayer,
  IdempotencyRecord,
} from '@aws-lambda-powertools/idempotency/persistence';
import { contentId, memoryIdempotencyStore, once } from '@engramkit/ids';
import { interleaveAsync } from './measure/interleave.mjs';

const quick = process.argv.includes('--quick');
process.env.AWS_LAMBDA_FUNCTION_NAME = 'benchmark';

/** The least that the interface of Powertools asks for: a map, as its own documentation shows. */
class MemoryPersistence extends BasePersistenceLayer {
  #items = new Map();
  async _deleteRecord(record) {
    this.#items.delete(record.idempotencyKey);
  }
  async _getRecord(key) {
    return this.#items.get(key);
  }
  async _putRecord(record) {
    if (this.#items.has(record.idempotencyKey))
      throw new IdempotencyItemAlreadyExistsError('exists', this.#items.get(record.idempotencyKey));
    this.#items.set(record.idempotencyKey, new IdempotencyRecord(record));
  }
  async _updateRecord(record) {
    this.#items.set(record.idempotencyKey, new IdempotencyRecord(record));
  }
}

const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 30_000 };
const sizes = [
  ['200 B', 200, quick ? 1_000 : 5_000],
  ['1 KB', 1_000, quick ? 1_000 : 5_000],
  ['100 KB', 100_000, quick ? 20 : 100],
];
const results = {};
for (const [label, bytes, calls] of sizes) {
  let serial = 0;
  const payloadOf = () => ({
    id: ++serial,
    customer: 'Ada',
    amount: 12.5,
    note: 'x'.repeat(bytes - 50),
  });
  const fixed = payloadOf();
  const result = { charge: 'ch_1', note: 'y'.repeat(bytes - 40) };
  const effect = async () => result;
  const store = memoryIdempotencyStore();
  const layer = () => ({
    persistenceStore: new MemoryPersistence(),
    config: new IdempotencyConfig({ hashFunction: 'sha256' }),
  });
  const powertools = makeIdempotent(effect, layer());
  const candidates = [
    ['once, key given, first call', () => once(`k${++serial}`, effect, { store })],
    ['once, key given, replay', () => once('fixed', effect, { store })],
    [
      'once, key from the content of the payload, first call',
      () => once(contentId(payloadOf()), effect, { store }),
    ],
    [
      'once, key from the content of the payload, replay',
      () => once(contentId(fixed), effect, { store }),
    ],
    ['powertools 2.35.0 (SHA-256), first call', () => powertools(payloadOf(), context)],
    ['powertools 2.35.0 (SHA-256), replay', () => powertools(fixed, context)],
  ];
  const timings = await interleaveAsync(candidates, { rounds: quick ? 3 : 9, calls });
  for (const [name, { best }] of Object.entries(timings)) {
    results[name] ??= {};
    results[name][label] = best / 1000;
  }
}

console.log(
  `Node ${process.version}, ${cpus()[0].model}, ${cpus().length} CPUs, best of interleaved rounds\n`,
);
console.log(
  '| µs per call, payload and result of about | 200 B | 1 KB | 100 KB |\n|---|---|---|---|',
);
for (const [name, cells] of Object.entries(results)) {
  console.log(`| ${name} | ${sizes.map(([label]) => cells[label].toFixed(1)).join(' | ')} |`);
}
