import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { Refusal, root, run } from '../progress.mjs';
import { cacheFolder, entriesOf, publishedPackages, refuseIfAny } from '../workspace.mjs';

const FILE = path.join(root, 'scripts', 'ceilings.json');
const ADD = 'npm run verify -- --only build,ceilings --update';
const TRACE = path.join(root, 'scripts', 'gate', 'trace-modules.mjs');

/** Bundles a program and looks at what it loads at once; what it loads only by `import()` does not count. */
async function bundle(input) {
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

/** The modules that must not be there, as `node_modules/<name>/` in any path. */
const unwanted = (modules, names) =>
  names.filter((name) =>
    modules.some(
      (file) => file.includes(`/node_modules/${name}/`) || file.includes(`packages/${name}/dist/`),
    ),
  );

function quietEnvironment() {
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

/** Milliseconds that importing each file costs above an empty module: medians of interleaved spawns. */
async function importCosts(files, rounds) {
  const empty = cacheFolder('empty.mjs');
  fs.writeFileSync(empty, '');
  const codes = [empty, ...files].map((file) => `import ${JSON.stringify(`file://${file}`)};`);
  const samples = codes.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, code] of codes.entries()) samples[index].push(await spawnMs(code));
  }
  const [floor, ...medians] = samples.map(median);
  return medians.map((value) => value - floor);
}

/** The modules that a run of the built command loads, from its own process. */
async function modulesLoadedBy(folder, { files, command }) {
  for (const [name, lines] of Object.entries(files))
    fs.writeFileSync(path.join(folder, name), lines.join('\n'));
  fs.mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  const link = (target, name) => {
    const place = path.join(folder, 'node_modules', name);
    if (!fs.existsSync(place)) fs.symlinkSync(target, place, 'junction');
  };
  link(path.join(root, 'packages', 'engramkit'), 'engramkit');
  link(fs.realpathSync(path.join(root, 'node_modules', 'zod')), 'zod');
  const log = path.join(folder, 'modules.log');
  fs.writeFileSync(log, '');
  const cli = path.join(root, 'packages', 'engramkit', 'dist', 'cli.js');
  const result = await run(process.execPath, ['--import', `file://${TRACE}`, cli, ...command], {
    capture: true,
    cwd: folder,
    env: { ...quietEnvironment(), ENGRAMKIT_MODULE_LOG: log },
    timeoutMs: 60_000,
  });
  if (result.status !== 0) throw new Refusal(`engramkit ${command.join(' ')}\n${result.output}`);
  return fs.readFileSync(log, 'utf8').split('\n').filter(Boolean);
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
const roundUp = (value, step) => Math.ceil(value / step) * step;

const overSize = (what, gzipBytes, ceiling) =>
  gzipBytes > ceiling.gzipBytes
    ? [`${what}: ${kilobytes(gzipBytes)} gzip, ceiling ${kilobytes(ceiling.gzipBytes)}`]
    : [];

/** Bundles every entry; with `update`, an entry without a ceiling gets one. Fills `measured`, gives the problems. */
async function checkEntries(ceilings, update, measured) {
  const problems = [];
  for (const { specifier, file } of publishedPackages().flatMap(entriesOf)) {
    const { gzipBytes, modules } = await bundle({ entryPoints: [file] });
    if (update && !(specifier in ceilings.entries)) {
      const gzip = roundUp(gzipBytes * 1.3 + 256, 512);
      ceilings.entries[specifier] = { gzipBytes: gzip, importMs: 40 };
    }
    const ceiling = ceilings.entries[specifier];
    if (!ceiling) {
      problems.push(
        `${specifier} has no ceiling; it measures ${gzipBytes} bytes. Give it one: ${ADD}`,
      );
      continue;
    }
    measured.push({ specifier, gzipBytes, ceiling, file });
    problems.push(...overSize(specifier, gzipBytes, ceiling));
    const names = ceilings.mustNotAppear.filter((name) => !ceiling.mayAppear?.includes(name));
    for (const name of unwanted(modules, names))
      problems.push(`${specifier}: ${name} is loaded at once`);
  }
  return problems;
}

/** Bundles what an author would write. */
async function checkProgram(name, program, mustNotAppear, measured) {
  const resolveDir = path.join(root, 'packages', 'engramkit');
  const stdin = {
    contents: program.source.join('\n'),
    resolveDir,
    sourcefile: `${name}.ts`,
    loader: 'ts',
  };
  const { gzipBytes, modules } = await bundle({ stdin });
  measured.push({ specifier: `program ${name}`, gzipBytes, ceiling: program });
  const found = unwanted(modules, mustNotAppear).map((one) => `program ${name}: ${one} is bundled`);
  return [...overSize(`program ${name}`, gzipBytes, program), ...found];
}

/** Runs the built command and looks at what it loads. */
async function checkRun(name, trial, mustNotAppear) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engramkit-run-'));
  try {
    const modules = await modulesLoadedBy(folder, trial);
    const isSeen = modules.some((file) => file.includes('packages/engramkit/dist/'));
    if (!isSeen) return [`run "${name}": its modules could not be seen`];
    const names = [...mustNotAppear, ...(trial.mustNotAppear ?? [])];
    return unwanted(modules, names).map((one) => `run "${name}": ${one} is loaded`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The problems of a check, or the check's own failure as one. */
const problemsOf = (what, check) => check().catch((error) => [`${what}: ${error.message}`]);

/**
 * Holds every entry to its ceilings in scripts/ceilings.json: gzip bytes of the bundle, milliseconds to import, and modules that
 * must not appear. `update` adds entries that have no ceiling yet; it never raises one.
 */
export async function checkCeilings({ update }) {
  const ceilings = JSON.parse(fs.readFileSync(FILE, 'utf8'));
  const { mustNotAppear, programs, runs, timingHeadroom } = ceilings;
  const measured = [];
  const problems = await checkEntries(ceilings, update, measured);
  if (update) fs.writeFileSync(FILE, `${JSON.stringify(ceilings, null, 2)}\n`);
  problems.push(...(await checkImportTimes(measured, timingHeadroom)));
  for (const [name, program] of Object.entries(programs)) {
    const check = () => checkProgram(name, program, mustNotAppear, measured);
    problems.push(...(await problemsOf(`program ${name}`, check)));
  }
  for (const [name, trial] of Object.entries(runs)) {
    problems.push(
      ...(await problemsOf(`run "${name}"`, () => checkRun(name, trial, mustNotAppear))),
    );
  }
  for (const { specifier, gzipBytes, ceiling, importMs } of measured) {
    const time =
      importMs === undefined ? '' : `, import ${importMs.toFixed(1)} of ${ceiling.importMs} ms`;
    const size = `${kilobytes(gzipBytes)} of ${kilobytes(ceiling.gzipBytes)}`;
    process.stdout.write(`    ${specifier}: ${size}${time}\n`);
  }
  refuseIfAny(
    problems,
    'Make it lighter, or raise the ceiling in scripts/ceilings.json on purpose.',
  );
  return `${measured.length} ceilings`;
}

/** Measures the imports; what is over its ceiling is measured again, more often, before it counts. */
async function checkImportTimes(entries, headroom) {
  const costs = await importCosts(
    entries.map(({ file }) => file),
    7,
  );
  for (const [index, cost] of costs.entries()) entries[index].importMs = cost;
  const isOver = ({ importMs, ceiling }) => importMs > ceiling.importMs * headroom;
  for (let attempt = 0; attempt < 2 && entries.some(isOver); attempt += 1) {
    const again = entries.filter(isOver);
    const measured = await importCosts(
      again.map(({ file }) => file),
      15,
    );
    for (const [index, cost] of measured.entries()) {
      again[index].importMs = Math.min(again[index].importMs, cost);
    }
  }
  return entries
    .filter(isOver)
    .map(
      ({ specifier, importMs, ceiling }) =>
        `${specifier}: import costs ${importMs.toFixed(1)} ms, ceiling ${ceiling.importMs} ms × ${headroom} for a busy machine`,
    );
}
