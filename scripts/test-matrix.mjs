#!/usr/bin/env node
// Tests the built packages on the Node versions beside the one at hand: npm run test:matrix
//
// The other versions come from npm, into .tools/; a version that the registry or the platform does not have is skipped aloud.
import fs from 'node:fs';
import path from 'node:path';
import { runChecks } from './checks.mjs';
import { loadPackedPackages } from './gate/consumers.mjs';
import { checkExamples } from './gate/examples.mjs';
import { finish, root, run } from './progress.mjs';
import { node } from './workspace.mjs';

const VERSIONS = ['22.23.3', '24.21.0'];

const PLATFORM = { win32: 'win' }[process.platform] ?? process.platform;

/** Fetches a Node as an npm package; gives its program, or a reason why there is none. */
async function fetchNode(version) {
  const name = `node-${PLATFORM}-${process.arch}`;
  const home = path.join(root, '.tools', `node-${version}`);
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const executable = path.join(home, 'node_modules', name, 'bin', file);
  if (fs.existsSync(executable)) return { executable };
  const staging = `${home}.${process.pid}`;
  fs.rmSync(staging, { recursive: true, force: true });
  fs.mkdirSync(staging, { recursive: true });
  fs.writeFileSync(path.join(staging, 'package.json'), '{"private":true}');
  const flags = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
  ];
  const args = ['install', ...flags, '--fetch-retries=2', `${name}@${version}`];
  const shell = process.platform === 'win32';
  const result = await run('npm', args, { capture: true, cwd: staging, shell });
  if (result.status !== 0) {
    fs.rmSync(staging, { recursive: true, force: true });
    return { reason: `${name}@${version} could not be installed\n${result.output.trim()}` };
  }
  fs.rmSync(home, { recursive: true, force: true });
  fs.renameSync(staging, home);
  return fs.existsSync(executable)
    ? { executable }
    : { reason: `${name}@${version} has no program` };
}

/** What is checked in each version. */
function checksFor(label, executable) {
  const env = {
    ...process.env,
    ENGRAMKIT_TEST_BUILT: '1',
    PATH: `${path.dirname(executable)}${path.delimiter}${process.env.PATH}`,
  };
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const tests = [vitest, 'run', '--reporter=dot', 'packages/', 'examples/'];
  return [
    {
      name: `${label}: tests, neighbours in their built form`,
      check: () =>
        node(tests, { executable, env, timeoutMs: 900_000 }).then(
          ({ output }) => /Tests\s+(.*)/.exec(output)?.[1],
        ),
    },
    {
      name: `${label}: packed packages by import and require`,
      check: () => loadPackedPackages(executable),
    },
    { name: `${label}: examples`, check: () => checkExamples({ env }) },
  ];
}

async function matrix() {
  await node([path.join(root, 'scripts', 'build.mjs')]);
  const checks = [];
  for (const version of VERSIONS) {
    const { executable, reason } = await fetchNode(version);
    if (executable) checks.push(...checksFor(`Node ${version}`, executable));
    else checks.push({ name: `Node ${version}`, check: ({ skip }) => skip(reason) });
  }
  return runChecks(checks);
}

finish(matrix());
