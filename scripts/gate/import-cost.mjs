import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Refusal, run } from '../progress.mjs';
import { cacheFolder } from '../workspace.mjs';

/** The environment to measure starts in. */
export function quietEnvironment() {
  // Reading extra certificate authorities costs Node 20 tens of milliseconds at every start.
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env;
  return env;
}

async function spawnMs(code) {
  const began = process.hrtime.bigint();
  const args = ['--input-type=module', '--no-warnings', '-e', code];
  const result = await run(process.execPath, args, { capture: true, env: quietEnvironment() });
  if (result.status !== 0) throw new Refusal(result.output);
  return Number(process.hrtime.bigint() - began) / 1e6;
}

const median = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];

const least = (values) => Math.min(...values);

/**
 * Milliseconds that importing each file costs above an empty module, from interleaved spawns: their medians, or with `isBusy`
 * the least of each, which other programs on the machine move hardly at all.
 */
export async function importCosts(files, { rounds, isBusy = false }) {
  const empty = cacheFolder('empty.mjs');
  fs.mkdirSync(path.dirname(empty), { recursive: true });
  fs.writeFileSync(empty, '');
  const codes = [empty, ...files].map(
    (file) => `import ${JSON.stringify(pathToFileURL(file).href)};`,
  );
  const samples = codes.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, code] of codes.entries()) samples[index].push(await spawnMs(code));
  }
  const [floor, ...costs] = samples.map(isBusy ? least : median);
  return costs.map((value) => value - floor);
}
