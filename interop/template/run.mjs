#!/usr/bin/env node
// Renders the corpus through the real Go engine and keeps the answers as test vectors of packages/template.
//   node interop/template/run.mjs           writes the vectors
//   node interop/template/run.mjs --check   compares with what is there; non-zero exit when something differs
// Without Go it says so aloud and ends with 0: the tests of the package then check against the kept answers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { corpus, datasets } from './corpus.mjs';
import { functions } from './functions.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '../../packages/template/test/vectors/go-corpus.json');
const isCheck = process.argv.includes('--check');

/** Runs the Go program; `undefined` when there is no Go. */
export function runGo(input, args = []) {
  const probe = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (probe.error) return undefined;
  const result = spawnSync('go', ['run', '.', ...args], {
    cwd: here,
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 600_000,
    env: { ...process.env, TZ: 'UTC', GOFLAGS: '-mod=readonly' },
  });
  if (result.status !== 0)
    throw new Error(`the Go program failed: ${result.stderr || result.error}`);
  return JSON.parse(result.stdout);
}

function main() {
  const cases = corpus();
  const results = runGo({ functions, datasets, cases });
  if (results === undefined) {
    console.warn(
      'SKIPPED interop/template: Go is not installed, the kept vectors were not compared with the real engine',
    );
    return 0;
  }
  const rows = cases.map((test, at) => {
    const { output, error, single } = results[at];
    return {
      ...test,
      ...(error === undefined ? { output } : { error }),
      ...(single ? { single } : {}),
    };
  });
  const text = `{"datasets":${JSON.stringify(datasets)},\n"cases":[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]}\n`;
  if (!isCheck) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    console.log(
      `${rows.length} answers written, ${rows.filter((row) => 'error' in row).length} of them errors`,
    );
    return 0;
  }
  if (!existsSync(target)) {
    console.error('there are no vectors yet: run without --check');
    return 1;
  }
  const kept = JSON.parse(readFileSync(target, 'utf8')).cases;
  const differing = rows.filter((row, at) => JSON.stringify(row) !== JSON.stringify(kept[at]));
  for (const row of differing.slice(0, 20)) console.error(`differs: ${JSON.stringify(row)}`);
  if (differing.length > 0 || kept.length !== rows.length) {
    console.error(
      `${differing.length} of ${rows.length} answers differ from the vectors (${kept.length} kept)`,
    );
    return 1;
  }
  console.log(`the Go engine gives all ${rows.length} kept answers`);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main();
