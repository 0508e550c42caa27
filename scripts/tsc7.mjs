#!/usr/bin/env node
// Runs the native TypeScript compiler (installed under the alias `ts7`) with the given arguments.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const manifest = require.resolve('ts7/package.json');
const bin = require(manifest).bin;
const tsc = join(dirname(manifest), typeof bin === 'string' ? bin : bin.tsc);
const result = spawnSync(process.execPath, [tsc, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(result.status ?? 1);
