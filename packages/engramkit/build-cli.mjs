// Builds the command line from the sources of all packages it stands on. A program starts faster from few and small files: what
// every run needs is in one file and nothing else is in it, the rest is loaded on demand.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';

const here = import.meta.dirname;
const packages = dirname(here);
const dist = join(here, 'dist');
const target = 'node20.19';
const manifest = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'));

/** Packages that are taken in: where they are installed, and what of them is used. */
const taken = {
  eventemitter3: { folder: 'provenance', names: ['EventEmitter'] },
  pino: { folder: 'runtime', names: ['pino'] },
};

/** Installed with this package, or by whoever uses what needs it. */
function staysOutside(id) {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? id;
  return (
    id.startsWith('node:') ||
    id.startsWith('@opentelemetry/') ||
    name in manifest.peerDependencies ||
    (name in manifest.dependencies && !name.startsWith('@engramkit/'))
  );
}

const sources = {
  name: 'sources',
  resolveId(id, importer) {
    if (importer === undefined || id in taken) return id;
    if (id.startsWith('.')) return join(dirname(importer), id).replace(/\.js$/, '.ts');
    if (staysOutside(id)) return { id, external: true };
    const inside = /^@engramkit\/([a-z]+)$/.exec(id)?.[1];
    if (inside !== undefined) return join(packages, inside, 'src', 'index.ts');
    throw new Error(
      `${importer} imports ${id}, which is neither installed with this package nor taken in`,
    );
  },
  async load(id) {
    if (id in taken) return await bundled(id);
    const { code } = await transform(await readFile(id, 'utf8'), { loader: 'ts', target });
    return code;
  },
  async renderChunk(code) {
    const minified = await transform(code, { minify: true, format: 'esm', target });
    return minified.code;
  },
};

/** A package as one ES module. */
async function bundled(name) {
  const { folder, names } = taken[name];
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${names.join(', ')} } from '${name}';`,
      resolveDir: join(packages, folder),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target,
  });
  const [{ text }] = outputFiles;
  // CommonJS asks for built-in modules in its own way.
  return text.includes('typeof require')
    ? `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);\n${text}`
    : text;
}

const bundle = await rollup({
  input: join(here, 'src', 'cli.ts'),
  plugins: [sources],
  // No module of these packages does anything when it is imported, except the program itself.
  treeshake: { moduleSideEffects: (id) => id.endsWith('cli.ts') },
  onLog(level, log) {
    if (level === 'warn' && log.code !== 'CIRCULAR_DEPENDENCY') throw new Error(log.message);
  },
});
await bundle.write({
  dir: dist,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
