import fs from 'node:fs';
import path from 'node:path';
import { root } from '../progress.mjs';
import { entriesOf, pnpm, publishedPackages, refuseIfAny } from '../workspace.mjs';
import { bundle } from './bundle.mjs';
import { importCosts } from './import-cost.mjs';
import { modulesLoadedBy } from './loaded-modules.mjs';

const FILE = path.join(root, 'scripts', 'ceilings.json');
const ADD = 'npm run verify -- --only build,ceilings --update';

/** The modules that must not be there, as `node_modules/<name>/` in any path. */
const unwanted = (modules, names) =>
  names.filter((name) =>
    modules.some(
      (file) => file.includes(`/node_modules/${name}/`) || file.includes(`packages/${name}/dist/`),
    ),
  );

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
    if (!fs.existsSync(file)) {
      problems.push(`${specifier} is not built`);
      continue;
    }
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
  const modules = await modulesLoadedBy(trial);
  const isSeen = modules.some((file) => file.includes('packages/engramkit/dist/'));
  if (!isSeen) return [`run "${name}": its modules could not be seen`];
  const names = [...mustNotAppear, ...(trial.mustNotAppear ?? [])];
  return unwanted(modules, names).map((one) => `run "${name}": ${one} is loaded`);
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
  const known = Object.keys(ceilings.entries).length;
  const measured = [];
  const problems = await checkEntries(ceilings, update, measured);
  if (Object.keys(ceilings.entries).length > known) {
    fs.writeFileSync(FILE, `${JSON.stringify(ceilings, null, 2)}\n`);
    await pnpm(['exec', 'biome', 'format', '--write', FILE]);
  }
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

/** Measures the imports; what is over its ceiling is measured again, as on a busy machine, before it counts. */
async function checkImportTimes(entries, headroom) {
  const measure = async (some, options) => {
    const costs = await importCosts(
      some.map(({ file }) => file),
      options,
    );
    for (const [index, cost] of costs.entries()) some[index].importMs = cost;
  };
  const isOver = ({ importMs, ceiling }) => importMs > ceiling.importMs * headroom;
  await measure(entries, { rounds: 7 });
  for (let attempt = 0; attempt < 2 && entries.some(isOver); attempt += 1) {
    await measure(entries.filter(isOver), { rounds: 15, isBusy: true });
  }
  return entries
    .filter(isOver)
    .map(
      ({ specifier, importMs, ceiling }) =>
        `${specifier}: import costs ${importMs.toFixed(1)} ms, ceiling ${ceiling.importMs} ms × ${headroom} for a busy machine`,
    );
}
