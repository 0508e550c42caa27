// Drains completion receipts with the billing processor while the process is killed again and again; every one is billed once.
// node benchmarks/billing-drain.mjs [--receipts <count>] [--kill-after-ms <milliseconds>]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BillingProcessor, drainReceipts, readBilledEvents } from '@engramkit/functions';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
const count = option('--receipts', 1_000_000);
const killAfterMs = option('--kill-after-ms', 8_000);
const drainAt = process.argv.indexOf('--drain');

function* receipts(after) {
  for (let position = after + 1; position < count; position++) {
    yield {
      position,
      event: {
        outcome: 'completed',
        chronicle_cid: `sha256:${position}`,
        time: '2026-03-30T00:00:00Z',
      },
    };
  }
}

if (drainAt > 0) {
  await drainReceipts({
    receipts,
    processor: new BillingProcessor(),
    directory: process.argv[drainAt + 1],
    checkpointEvery: 5_000,
  });
} else {
  const directory = mkdtempSync(join(tmpdir(), 'billing-drain-'));
  try {
    const began = performance.now();
    let kills = 0;
    for (;;) {
      const args = [
        fileURLToPath(import.meta.url),
        '--receipts',
        String(count),
        '--drain',
        directory,
      ];
      const child = spawn(process.execPath, args, { stdio: 'inherit' });
      // Later tries get longer: each one first reads what the earlier ones billed.
      const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs * (1 + kills / 2));
      const [code, signal] = await new Promise((ended) => child.on('exit', (...how) => ended(how)));
      clearTimeout(timer);
      if (signal !== 'SIGKILL') {
        if (code !== 0) throw new Error(`the drain ended with ${code}`);
        break;
      }
      kills++;
    }
    const seconds = (performance.now() - began) / 1000;
    const seen = new Set();
    let events = 0;
    for await (const { chronicle_cid: cid } of readBilledEvents({ directory })) {
      events++;
      seen.add(cid);
    }
    const exact = events === count && seen.size === count;
    console.log(
      `${count} receipts, ${kills} kills, ${seconds.toFixed(1)} s: ${events} billed, ${seen.size} different${exact ? '' : ' (WRONG)'}`,
    );
    if (!exact) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
