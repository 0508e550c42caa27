// Rehearses a day of the impulse in a moment, on a manual clock, and asserts which stories it starts and when.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cli = join(
  dirname(createRequire(import.meta.url).resolve('engramkit/package.json')),
  'dist/cli.js',
);
const state = mkdtempSync(join(tmpdir(), 'cron-impulse-'));
const inputs = {
  from: '2026-03-02T00:00:00Z',
  timezone: 'Europe/Madrid',
  schedules: [
    { name: 'morning', cron: '0 8 * * 1-5' },
    { name: 'pulse', cron: '@every 6h' },
  ],
};
try {
  const { stdout } = spawnSync(
    process.execPath,
    [
      ...[cli, 'run', 'src/one-day.ts', '--json', '--quiet', '--directory', state],
      ...['--inputs', JSON.stringify(inputs)],
    ],
    { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { status, output } = JSON.parse(stdout);
  assert.equal(status, 'succeeded');
  assert.deepEqual(
    output.starts.map(({ schedule, at }) => `${schedule} ${at}`),
    [
      'pulse 2026-03-02T06:00:00.000Z',
      'morning 2026-03-02T07:00:00.000Z',
      'pulse 2026-03-02T12:00:00.000Z',
      'pulse 2026-03-02T18:00:00.000Z',
      'pulse 2026-03-03T00:00:00.000Z',
    ],
  );
  assert.equal(output.timersLeft, 0);
  console.log(`cron-impulse: ${output.starts.length} stories started in one day, no timer left`);
} finally {
  rmSync(state, { recursive: true, force: true });
}
