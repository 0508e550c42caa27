import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The part of esbuild that is used here. */
interface Bundler {
  buildSync(options: object): { readonly outputFiles: readonly { readonly text: string }[] };
}

let built: URL | undefined;

/**
 * Bundles the thread's program from its sources, for tests of this workspace; published packages carry it built.
 *
 * The file goes beside the package's dependencies, so that it finds the engines as the package does.
 */
export function buildWorker(source: URL): URL {
  if (built !== undefined) return built;
  const load = createRequire(import.meta.url);
  const bundler = load('esbuild') as Bundler;
  const root = fileURLToPath(new URL('../', source));
  const { outputFiles } = bundler.buildSync({
    entryPoints: [fileURLToPath(source)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'silent',
    external: ['quickjs-wasi', '@swc/wasm-typescript', '@pydantic/monty', 'acorn'],
    alias: { '@engramkit/core': `${root}../core/src/index.ts` },
  });
  const text = outputFiles[0]?.text ?? '';
  const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const folder = `${root}node_modules/.engine-worker`;
  const path = `${folder}/${name}.mjs`;
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, text);
    renameSync(draft, path);
  }
  built = pathToFileURL(path);
  return built;
}
