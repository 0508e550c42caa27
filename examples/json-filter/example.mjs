// The same selection twice: once as a batch step through the command line, once as a stream over in-process channels.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModule } from '@engramkit/runtime';
import { StreamHarness } from '@engramkit/testing';
import { jsonMessage, messageJson, parseErrorMessage } from 'engramkit';

const here = dirname(fileURLToPath(import.meta.url));
const cli = join(
  dirname(createRequire(import.meta.url).resolve('engramkit/package.json')),
  'dist/cli.js',
);
const state = mkdtempSync(join(tmpdir(), 'json-filter-'));
const inputs = {
  input: {
    channels: [
      { id: 'C1', name: 'general' },
      { id: 'C2', name: 'random' },
    ],
  },
  select: { itemsPath: 'channels', matchField: 'name', matchValue: 'random', valuePath: 'id' },
};

function batch(given) {
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      ...[cli, 'run', 'src/json-filter.ts', '--json', '--quiet', '--directory', state],
      ...['--inputs', JSON.stringify(given)],
    ],
    { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return { status, ...JSON.parse(stdout) };
}

try {
  const selected = batch(inputs);
  assert.equal(selected.status, 'succeeded');
  assert.deepEqual(selected.output, { resultSelected: { value: 'C2' } });
  const refused = batch({});
  assert.equal(refused.exitCode, 1);
  assert.equal(refused.failure.structured.message, 'input is required');

  const module = await loadModule(join(here, 'src/json-filter.ts'), { cacheDirectory: state });
  const streaming = module.components.find(({ kind }) => kind === 'streaming');
  const harness = new StreamHarness(streaming, { inputs: [jsonMessage(inputs), jsonMessage({})] });
  const [first, second] = await harness.run();
  assert.deepEqual(messageJson(first), { resultSelected: { value: 'C2' } });
  assert.equal(parseErrorMessage(second).message, 'input is required');
  assert.equal(harness.doneCount, 2);
  console.log('json-filter: C2 as a batch step and as a stream; empty inputs are refused in both');
} finally {
  rmSync(state, { recursive: true, force: true });
}
