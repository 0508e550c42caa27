#!/usr/bin/env node
// From spawn to `process()` entered: `engramkit run` of a built module with a zod schema, beside bare node.
//   node benchmarks/start.mjs [--rounds 21]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  ${mark('module')}
  export default defineBatch({
    name: 'start',
    inputs: z.object({ who: z.string() }),
    output: z.object({ greeting: z.string() }),
    process: ({ who }) => { ${mark('process')} return { greeting: \`Hello, \${who}\` }; },
  });`;
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

const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...env } = process.env;
function start(args) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, {
      env,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const marks = {};
    child.stdio[3].setEncoding('utf8').on('data', (text) => {
      marks.seen ??= performance.now() - began;
      for (const line of text.trim().split('\n')) {
        const [name, at] = line.split(' ');
        if (name === 'process') marks.entered ??= performance.now() - began;
        marks[name] = Number(at);
      }
    });
    child.once('exit', (code) => {
      if (code !== 0) reject(new Error(`${args.join(' ')} exited with ${code}`));
      else resolve({ ...marks, exit: performance.now() - began });
    });
  });
}

const candidates = [
  ['node -e ""', ['-e', ''], 'exit'],
  ['zod in one file, parsed once', [zodOnly], 'entered'],
  [
    'engramkit run, quiet',
    [
      cli,
      'run',
      engram,
      '--inputs',
      '{"who":"Ada"}',
      '--quiet',
      '--directory',
      join(folder, 'state'),
    ],
    'entered',
  ],
];
const times = candidates.map(() => []);
const inside = [];
for (let round = -2; round < Number(values.rounds); round += 1) {
  for (const [at, [, args, what]] of candidates.entries()) {
    const marks = await start(args);
    if (round < 0) continue;
    times[at].push(marks[what]);
    if (at === 2) inside.push(marks);
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
const of = (name) => median(inside.map((marks) => marks[name]));
console.log(
  `\nWithin \`engramkit run\`, in milliseconds after the process began: the module is evaluated at ${of('module').toFixed(1)}, \`process()\` is entered at ${of('process').toFixed(1)}.`,
);
