import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Refusal, root, run } from '../progress.mjs';
import {
  cacheFolder,
  entriesOf,
  foreignDependencies,
  node,
  packAll,
  publishedPackages,
} from '../workspace.mjs';

/** What a consumer compiles with: the newest compiler, and the oldest one that is supported. */
const NEWEST = path.join(root, 'node_modules', 'ts7');
const OLDEST = path.join(root, 'node_modules', 'typescript-oldest');

/** Packages whose dependencies are declared for newer compilers: `@bufbuild/protobuf` writes `Uint8Array<…>`, which needs 5.7. */
const BEYOND_OLDEST = new Set(['@engramkit/transport']);

const link = (target, file) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  if (!fs.existsSync(file)) fs.symlinkSync(fs.realpathSync(target), file, 'junction');
};

/** Lays a project outside of the workspace that has the packed packages as an installation would leave them. */
async function layConsumer(home) {
  const modules = path.join(home, 'node_modules');
  const tarballs = await packAll(cacheFolder('packed'));
  for (const place of publishedPackages()) {
    const target = path.join(modules, place.manifest.name);
    fs.mkdirSync(target, { recursive: true });
    const tarball = tarballs.get(place.manifest.name);
    const result = await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', target], {
      capture: true,
    });
    if (result.status !== 0) throw new Refusal(`${tarball}: ${result.output}`);
    for (const name of foreignDependencies(place)) {
      const from = path.join(place.directory, 'node_modules', name);
      const optional = place.manifest.peerDependenciesMeta?.[name]?.optional === true;
      if (fs.existsSync(from)) link(from, path.join(modules, name));
      else if (!optional)
        throw new Refusal(`${place.manifest.name} needs ${name}, which is not installed`);
    }
  }
  for (const name of ['zod', '@types/node'])
    link(path.join(root, 'node_modules', name), path.join(modules, name));
  fs.writeFileSync(path.join(home, 'package.json'), '{ "private": true, "type": "module" }\n');
}

const entries = () => publishedPackages().flatMap(entriesOf);

function project(home, name, source, compilerOptions) {
  fs.writeFileSync(path.join(home, name), source);
  const config = `${name}.tsconfig.json`;
  const strict = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    types: ['node'],
  };
  const content = { compilerOptions: { ...strict, ...compilerOptions }, files: [name] };
  fs.writeFileSync(path.join(home, config), JSON.stringify(content, null, 2));
  return config;
}

async function compile(home, compiler, config, what) {
  const manifest = JSON.parse(fs.readFileSync(path.join(compiler, 'package.json'), 'utf8'));
  const bin = path.join(
    compiler,
    typeof manifest.bin === 'string' ? manifest.bin : manifest.bin.tsc,
  );
  try {
    await node([bin, '-p', config, '--pretty', 'false'], { cwd: home });
  } catch (error) {
    throw new Refusal(`${what} with TypeScript ${manifest.version}:\n${error.message}`);
  }
  return manifest.version;
}

const inOldest = ({ specifier }) => !BEYOND_OLDEST.has(specifier.split('/').slice(0, 2).join('/'));

const importAll = (wanted = () => true) =>
  entries()
    .filter(wanted)
    .map(
      ({ specifier }, index) =>
        `import * as e${index} from '${specifier}';\nexport const k${index}: object = e${index};`,
    )
    .join('\n');

const requireAll = () =>
  entries()
    .map(
      ({ specifier }, index) =>
        `import e${index} = require('${specifier}');\nexport const k${index}: object = e${index};`,
    )
    .join('\n');

/** Loads every entry both ways and compares what they offer: one module, whichever way it is reached. */
const LOAD_ALL = `
(async () => {
  for (const specifier of process.argv.slice(2)) {
    const required = Object.keys(require(specifier)).filter((name) => name !== '__esModule').sort();
    const imported = Object.keys(await import(specifier)).sort();
    if (required.join() !== imported.join()) throw new Error(specifier + ': require() and import differ');
  }
})().catch((error) => { console.error(error); process.exitCode = 1; });
`;

/** Lays a consumer for the time of `action`, in a folder outside of the workspace whose path has a space. */
async function withConsumer(action) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'engramkit consumer-'));
  try {
    await layConsumer(home);
    return await action(home);
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

/** Loads every entry by import and by require(), with the given Node. */
async function loadAll(home, executable) {
  fs.writeFileSync(path.join(home, 'load.cjs'), LOAD_ALL);
  const specifiers = entries().map(({ specifier }) => specifier);
  await node(['--no-warnings', 'load.cjs', ...specifiers], { cwd: home, executable });
}

/** Whether the packed packages load in another Node. */
export const loadPackedPackages = (executable) => withConsumer((home) => loadAll(home, executable));

/** Uses the packed packages as their users do: strict types in three ways of resolution, and at run time by import and require. */
export const checkConsumers = () =>
  withConsumer(async (home) => {
    const nodeNext = { module: 'NodeNext', moduleResolution: 'NodeNext' };
    const bundler = { module: 'ESNext', moduleResolution: 'bundler' };
    const esm = project(home, 'esm.mts', importAll(), nodeNext);
    const bundled = project(home, 'bundled.ts', importAll(), bundler);
    const commonjs = project(home, 'commonjs.cts', requireAll(), nodeNext);
    const newest = await compile(home, NEWEST, esm, 'An ESM consumer');
    await compile(home, NEWEST, bundled, 'A bundler consumer');
    await compile(home, NEWEST, commonjs, 'A CommonJS consumer');
    // Before 5.8 the compiler refuses to require() an ES module, whatever Node can do; so ESM only here.
    const olderEsm = project(home, 'older.mts', importAll(inOldest), nodeNext);
    const olderBundled = project(home, 'older.ts', importAll(inOldest), bundler);
    const oldest = await compile(home, OLDEST, olderEsm, 'An ESM consumer');
    await compile(home, OLDEST, olderBundled, 'A bundler consumer');
    await loadAll(home, process.execPath);
    return `${entries().length} entries; TypeScript ${oldest} to ${newest}; ESM, bundler, CommonJS`;
  });
