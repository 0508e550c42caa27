#!/usr/bin/env node
// From spawn to `process()` entered: `engramkit run` of a built module with a zod schema, beside bare node.
//   node benchmarks/start.mjs [--rounds 21]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '21' } } });
const here = fileURLToPath(new URL('.', import.meta.url));
const cli = join(here, '..', 'packages', 'engramkit', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'engramkit-start-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Marks go to file descriptor 3 as milliseconds since the process began. */
const mark = (name) => `writeSync(3, \`${name} \${performance.now()}\\n\`);`;
const source = `
  import { writeSync } from 'node:fs';
  import { defineBatch } from 'engramkit';
  import * as z from 'zod';
  export default defineBatch({
    name: 'start',
    inputs: z.object({ who: z.string() }),
    output: z.object({ greeting: z.string() }),
    process: ({ who }) => { ${mark('process')} return { greeting: \`Hello, \${who}\` }; },
  });
  ${mark('module')}`;
function bundle(name, contents, external) {
  const outfile = join(folder, name);
  buildSync({
    stdin: { contents, resolveDir: here },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    outfile,
    external,
  });
  return outfile;
}
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
const engram = bundle('engram.mjs', source);
const zodOnly = bundle(
  'zod.mjs',
  `import { writeSync } from 'node:fs'; import * as z from 'zod'; z.object({ who: z.string() }).parse({ who: 'x' }); ${mark('process')}`,
);

const empty = bundle('empty.mjs', `import { writeSync } from 'node:fs'; ${mark('process')}`);

const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...env } = process.env;
function start(args) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, {
      env,
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    const marks = { printed: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      marks.printed += text;
    });
    child.stdio[3].setEncoding('utf8').on('data', (text) => {
      marks.seen ??= performance.now() - began;
      for (const line of text.trim().split('\n')) {
        const [name, at] = line.split(' ');
        if (name === 'process') marks.entered ??= performance.now() - began;
        marks[name] = Number(at);
      }
    });
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`${args.join(' ')} exited with ${code}`));
      else resolve({ ...marks, exit: performance.now() - began });
    });
  });
}

const candidates = [
  ['node -e ""', ['-e', ''], 'exit'],
  ['an empty ES module', [empty], 'entered'],
  ['zod in one file, parsed once', [zodOnly], 'entered'],
  [
    'engramkit run',
    [
      cli,
      'run',
      engram,
      '--inputs',
      '{"who":"Ada"}',
      '--json',
      '--directory',
      join(folder, 'state'),
    ],
    'entered',
  ],
];
const times = candidates.map(() => []);

/** Where the time of one run went, in milliseconds. */
function phases({ module, process, printed }) {
  const { loadMs, stages } = JSON.parse(printed);
  const lifecycle = stages
    .slice(
      0,
      stages.findIndex(({ stage }) => stage === 'process'),
    )
    .reduce((sum, { durationMs }) => sum + durationMs, 0);
  return {
    'node and the command line, until the module is loaded': module - loadMs,
    'the module with zod: found, read, compiled, evaluated': loadMs,
    'folder, lock and first record of the run, entry in the ledger': process - module - lifecycle,
    'config, secrets, init and inputs, with the first use of zod': lifecycle,
  };
}
const inside = [];
for (let round = -2; round < Number(values.rounds); round += 1) {
  for (const [at, [, args, what]] of candidates.entries()) {
    const marks = await start(args);
    if (round < 0) continue;
    times[at].push(marks[what]);
    if (marks.module !== undefined) inside.push(phases(marks));
  }
}
const median = (list) => list.toSorted((left, right) => left - right)[list.length >> 1];
const bare = median(times[0]);
console.log('| candidate | best ms | median ms | times bare node |\n|---|---|---|---|');
for (const [at, [name]] of candidates.entries()) {
  console.log(
    `| ${name} | ${Math.min(...times[at]).toFixed(1)} | ${median(times[at]).toFixed(1)} | ${(median(times[at]) / bare).toFixed(2)} |`,
  );
}
console.log('\n| within `engramkit run` | best ms | median ms |\n|---|---|---|');
for (const phase of Object.keys(inside[0])) {
  const taken = inside.map((one) => one[phase]);
  console.log(`| ${phase} | ${Math.min(...taken).toFixed(1)} | ${median(taken).toFixed(1)} |`);
}
console.log(`\nLoad average: ${loadavg()[0].toFixed(1)}`);
