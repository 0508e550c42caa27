// Plays a call to the captioner and asserts that captions come out while the call goes on, and what they say.
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
const state = mkdtempSync(join(tmpdir(), 'live-captions-'));
try {
  const { stdout } = spawnSync(
    process.execPath,
    [
      ...[cli, 'run', 'src/one-call.ts', '--json', '--quiet', '--directory', state],
      ...['--inputs', '{"keys": "1800 555#"}'],
    ],
    { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { status, output } = JSON.parse(stdout);
  assert.equal(status, 'succeeded');
  const captions = output.deltas.filter(({ final }) => final).map(({ text }) => text);
  assert.deepEqual(captions, ['1800', '555#']);
  assert.equal(
    output.deltas
      .filter(({ final }) => !final)
      .map(({ text }) => text)
      .join(''),
    '1800555#',
  );
  assert.equal(output.acknowledged, output.frames);
  assert.ok(output.framesBeforeFirstDelta < output.frames / 4, 'captions came only at the end');
  console.log(`live-captions: ${output.frames} frames of audio became "${captions.join('", "')}"`);
} finally {
  rmSync(state, { recursive: true, force: true });
}
