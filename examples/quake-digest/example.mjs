// Runs the example the way a script would: machine output on standard output, the exit code says how it went.
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
const state = mkdtempSync(join(tmpdir(), 'quake-digest-'));
try {
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      ...[cli, 'run', 'src/quake-digest.ts', '--json', '--directory', state],
      ...['--inputs', '@data/usgs-all-week-2018-02.geojson', '--config', '{"strongest": 3}'],
    ],
    { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  assert.equal(status, 0);
  const { output } = JSON.parse(stdout);
  assert.equal(output.events, 1707);
  assert.deepEqual(
    output.strongest.map(({ magnitude }) => magnitude),
    [6.4, 6.1, 6.1],
  );
  assert.equal(output.regions[0].key, 'California');
  assert.equal(output.tsunamiFlags.length, 4);
  console.log(`quake-digest: ${output.events} events, strongest ${output.strongest[0].place}`);
} finally {
  rmSync(state, { recursive: true, force: true });
}
