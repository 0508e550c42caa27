// The ledger and the session recorder: appends per second, time per synced append, verification, memory, bytes written.
// node benchmarks/ledger.mjs [--full]
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem, openLedger, openProvSession, verifyLedger } from '@engramkit/provenance';

const full = process.argv.includes('--full');
const directory = mkdtempSync(join(tmpdir(), 'ledger-bench-'));
const ROUNDS = full ? 5 : 3;

const body = (n) => ({
  type: 'run',
  component: 'greet',
  version: '1.0.0',
  run: `20260314t200002000-${n.toString(16).padStart(8, '0')}`,
  input_id: `sha256:${'a'.repeat(64)}`,
  output_id: `sha256:${'b'.repeat(64)}`,
  outcome: 'succeeded',
  duration_ms: n % 977,
});

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

/** Appends with that many in flight; milliseconds. */
async function append(name, count, inFlight, options) {
  const ledger = await openLedger({ directory, name, ...options });
  let peak = 0;
  const started = performance.now();
  for (let n = 0; n < count; ) {
    const group = [];
    for (let k = 0; k < inFlight && n < count; k += 1, n += 1) group.push(ledger.append(body(n)));
    await Promise.all(group);
    if (n % 65_536 < inFlight) peak = Math.max(peak, process.memoryUsage().rss);
  }
  const ms = performance.now() - started;
  await ledger.release();
  return { ms, peak };
}

const bytesOf = (name) =>
  readdirSync(directory)
    .filter((file) => file.startsWith(`${name}.`) && file.endsWith('.jsonl'))
    .reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);

console.log(
  `${cpus()[0]?.model} (${cpus().length} processors), Node ${process.version}, median of ${ROUNDS} rounds${full ? '' : ', short form'}`,
);
console.log('\n| appends | entries | in flight | per second | ms each |');
console.log('|---|---|---|---|---|');
const policies = [
  ['group', full ? 200_000 : 50_000, 1_024],
  ['group', full ? 50_000 : 10_000, 64],
  ['none', full ? 200_000 : 50_000, 1_024],
];
for (const [sync, count, inFlight] of policies) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    times.push((await append(`p-${sync}-${inFlight}-${round}`, count, inFlight, { sync })).ms);
  }
  const ms = median(times);
  console.log(
    `| ${sync} | ${count} | ${inFlight} | ${Math.round((count / ms) * 1_000)} | ${(ms / count).toFixed(3)} |`,
  );
}

// Synced appends, in turns with their floor: the same bytes written and synced by the platform alone, without chain, lock and
// checkpoints, blocking the process.
{
  const file = openSync(join(directory, 'floor'), 'a');
  const line = Buffer.alloc(516, 0x61);
  const ledger = await openLedger({ directory, name: 'synced', sync: 'each' });
  const count = full ? 5_000 : 1_000;
  const times = { ours: [], floor: [] };
  for (let n = 0; n < count; n += 1) {
    const first = performance.now();
    await ledger.append(body(n));
    const second = performance.now();
    writeSync(file, line);
    fdatasyncSync(file);
    times.ours.push(second - first);
    times.floor.push(performance.now() - second);
  }
  closeSync(file);
  await ledger.release();
  const mean = (numbers) => numbers.reduce((a, b) => a + b) / numbers.length;
  console.log('\n| synced one by one, in turns | mean ms | median ms |');
  console.log('|---|---|---|');
  console.log(
    `| ledger, fsync per entry | ${mean(times.ours).toFixed(3)} | ${median(times.ours).toFixed(3)} |`,
  );
  console.log(
    `| floor: write + fdatasync | ${mean(times.floor).toFixed(3)} | ${median(times.floor).toFixed(3)} |`,
  );
}

const many = full ? 1_000_000 : 100_000;
const before = process.memoryUsage().rss;
const { ms, peak } = await append('many', many, 1_024, { sync: 'group' });
const size = bytesOf('many');
console.log(
  `\n${many} entries, ${megabytes(size)} MB in ${(ms / 1_000).toFixed(1)} s; resident memory ${megabytes(before)} MB before, at most ${megabytes(peak)} MB`,
);
const started = performance.now();
const verified = await verifyLedger({ directory, name: 'many' });
const seconds = (performance.now() - started) / 1_000;
if (!verified.ok || verified.entries <= many) throw new Error('the ledger is damaged');
console.log(
  `verified in ${seconds.toFixed(1)} s (${((seconds / verified.entries) * 1e6).toFixed(1)} microseconds each, ${verified.seals} checkpoints), resident memory ${megabytes(process.memoryUsage().rss)} MB`,
);

console.log('\n| a session of | recorder | ms per action | bytes written | bytes per action |');
console.log('|---|---|---|---|---|');
for (const count of full ? [100, 1_000, 3_000, 10_000] : [100, 1_000]) {
  for (const [backend, sync] of [
    ['ledger', 'group'],
    ['json', 'none'],
  ]) {
    if (backend === 'json' && count > 3_000) continue;
    let written = 0;
    const storageDirectory = join(directory, `session-${backend}-${count}`);
    const files = {
      ...nodeFileSystem,
      async openForAppending(path, options) {
        const file = await nodeFileSystem.openForAppending(path, options);
        return {
          ...file,
          write: async (bytes) => {
            const taken = await file.write(bytes);
            written += taken;
            return taken;
          },
        };
      },
    };
    const session = await openProvSession({
      storageDirectory,
      label: 'l',
      kernel: 'A',
      backend,
      sync,
      files,
    });
    const at = performance.now();
    for (let n = 0; n < count; ) {
      const group = [];
      for (let k = 0; k < 64 && n < count; k += 1, n += 1) {
        group.push(
          session.record({
            actionType: 'widget.deploy',
            outcome: 'verified',
            intent: { target: 'prod' },
            evidence: { n, digest: 'a'.repeat(64) },
            beforeState: { replicas: n },
            afterState: { replicas: n + 1 },
          }),
        );
      }
      await Promise.all(group);
    }
    await session.close();
    const took = performance.now() - at;
    console.log(
      `| ${count} actions | ${backend === 'json' ? 'whole file per action, not synced' : 'ledger and file, group commit'} | ${(took / count).toFixed(3)} | ${megabytes(written)} MB | ${Math.round(written / count)} |`,
    );
  }
}
rmSync(directory, { recursive: true });
