import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { Refusal, root } from '../progress.mjs';
import { cacheFolder } from '../workspace.mjs';

/** Bundles a program: `{ gzipBytes, modules }` of what it loads at once; what it loads only by `import()` does not count. */
export async function bundle(input) {
  const result = await esbuild.build({
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'silent',
    tsconfigRaw: {}, // the workspace's own paths lead to sources
    absWorkingDir: root,
    outdir: cacheFolder('bundles'),
    ...input,
  });
  const { outputs } = result.metafile;
  const eager = new Set();
  const visit = (name) => {
    if (eager.has(name) || !(name in outputs)) return;
    eager.add(name);
    for (const { path: next, kind } of outputs[name].imports) {
      if (kind !== 'dynamic-import') visit(next);
    }
  };
  const { stdin, entryPoints } = input;
  const entry = stdin ? path.join(stdin.resolveDir, stdin.sourcefile) : entryPoints[0];
  const wanted = path.relative(root, entry).split(path.sep).join('/');
  for (const [name, { entryPoint }] of Object.entries(outputs)) {
    if (entryPoint === wanted) visit(name);
  }
  if (eager.size === 0) throw new Refusal(`${wanted} is not in its own bundle`);
  const files = result.outputFiles.filter((file) =>
    eager.has(path.relative(root, file.path).split(path.sep).join('/')),
  );
  const modules = [...eager].flatMap((name) => Object.keys(outputs[name].inputs));
  return {
    gzipBytes: gzipSync(Buffer.concat(files.map(({ contents }) => contents)), { level: 9 }).length,
    modules,
  };
}
