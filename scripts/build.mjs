#!/usr/bin/env node
// Builds every package that changed, quietly: node scripts/build.mjs [turbo filter…]
import path from 'node:path';
import { finish, Refusal, root, run, step } from './progress.mjs';

async function build(filters) {
  const turbo = path.join(root, 'node_modules', 'turbo', 'bin', 'turbo');
  const logs = ['--output-logs=errors-only', '--log-order=grouped'];
  const flags = [...logs, '--continue=dependencies-successful'];
  const args = [turbo, 'run', 'build', ...filters.map((name) => `--filter=${name}`), ...flags];
  const result = await run(process.execPath, args, { capture: true });
  if (result.status !== 0) {
    // What tsup says about its successes hides what the compiler says about failures.
    const lines = result.output
      .split('\n')
      .filter((line) => !/:build: ((CLI|ESM) |> |$)/.test(line));
    throw new Refusal(`The build failed:\n\n${lines.join('\n').trim()}`);
  }
  const [, cached, total] = /Cached:\s+(\d+) cached, (\d+) total/.exec(result.output) ?? [];
  const built = Number(total) - Number(cached);
  return built > 0 ? `${built} built, ${cached} unchanged` : 'unchanged';
}

finish(step('packages', () => build(process.argv.slice(2))).then(() => 0));
