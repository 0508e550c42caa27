import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const packages = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds a fixture and everything that it imports from the sources into one file that plain Node runs. */
export async function buildScript(fixture: string, directory: string): Promise<string> {
  const outfile = join(directory, fixture.replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [join(packages, 'provenance/test/fixtures', fixture)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'error',
    external: ['n3', 'jsonld'],
    alias: {
      '@engramkit/core': join(packages, 'core/src/index.ts'),
      '@engramkit/ids': join(packages, 'ids/src/index.ts'),
    },
  });
  return outfile;
}

/** Starts a built fixture. */
export function startScript(script: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What a process wrote to standard output until it ended, and how it ended. */
export async function outputOf(child: ChildProcess): Promise<{
  readonly text: string;
  readonly code: number | null;
  readonly signal: string | null;
}> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ text, code, signal }));
  });
}
