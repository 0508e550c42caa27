// What `npm start` runs: the command line on a module in TypeScript, with a real week of earthquakes as its inputs.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cli = join(
  dirname(createRequire(import.meta.url).resolve('engramkit/package.json')),
  'dist/cli.js',
);
const shown = (path) => relative(process.cwd(), join(here, path));

const { status, signal, error } = spawnSync(
  process.execPath,
  [
    cli,
    'run',
    shown('src/quake-digest.ts'),
    '--inputs',
    `@${shown('data/usgs-all-week-2018-02.geojson')}`,
    '--timeout',
    '1m',
  ],
  { stdio: 'inherit' },
);
if (error) throw error;
if (signal) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
