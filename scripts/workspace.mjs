// What the workspace consists of, read from its folders: a new package is found by every check without being named anywhere.
import fs from 'node:fs';
import path from 'node:path';
import { Refusal, root, run } from './progress.mjs';

const readManifest = (directory) =>
  JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'));

/** The folders below `parent` that hold a package.json, in order of name. */
function foldersWithManifest(parent) {
  const home = path.join(root, parent);
  if (!fs.existsSync(home)) return [];
  return fs
    .readdirSync(home)
    .sort()
    .map((folder) => ({ folder, directory: path.join(home, folder) }))
    .filter(({ directory }) => fs.existsSync(path.join(directory, 'package.json')))
    .map((place) => ({ ...place, manifest: readManifest(place.directory) }));
}

/** Every package that is published: `{ folder, directory, manifest }`. */
export const publishedPackages = () =>
  foldersWithManifest('packages').filter(({ manifest }) => manifest.private !== true);

/** Every example: `{ folder, directory, manifest }`. */
export const examples = () => foldersWithManifest('examples');

/** The importable entries of a package: `{ specifier, file, types }`, files as absolute paths. */
export function entriesOf({ directory, manifest }) {
  return Object.entries(manifest.exports ?? {})
    .filter(([, target]) => typeof target === 'object')
    .map(([key, target]) => ({
      specifier: key === '.' ? manifest.name : `${manifest.name}${key.slice(1)}`,
      file: path.join(directory, target.default),
      types: path.join(directory, target.types),
    }));
}

/** The names of the dependencies of a package that come from elsewhere. */
export const foreignDependencies = ({ manifest }) =>
  ['dependencies', 'peerDependencies', 'optionalDependencies']
    .flatMap((field) => Object.keys(manifest[field] ?? {}))
    .filter((name) => !/^(@engramkit\/|engramkit$|create-engramkit$)/.test(name));

/** Runs pnpm with captured output; throws with that output when it fails. */
export async function pnpm(args, options = {}) {
  const shell = process.platform === 'win32';
  const result = await run('pnpm', args, { capture: true, shell, ...options });
  if (result.status !== 0) throw new Refusal(`pnpm ${args.join(' ')}\n${result.output.trim()}`);
  return result;
}

/** Packs every published package into `folder`, as publishing would; gives the tarballs by package name. */
export async function packAll(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  await pnpm(['-r', '--filter', './packages/*', 'pack', '--pack-destination', folder]);
  const tarballs = new Map();
  for (const { manifest } of publishedPackages()) {
    const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
    const tarball = path.join(folder, file);
    if (!fs.existsSync(tarball)) throw new Refusal(`${manifest.name} was not packed to ${file}`);
    tarballs.set(manifest.name, tarball);
  }
  return tarballs;
}

/** Where checks keep what they make; ignored by git, safe to delete. */
export const cacheFolder = (...parts) => path.join(root, '.cache', ...parts);

/** Throws when a check found something: one line each, most important first. */
export function refuseIfAny(problems, advice) {
  if (problems.length === 0) return;
  const shown = problems.slice(0, 60);
  if (problems.length > shown.length) shown.push(`… and ${problems.length - shown.length} more`);
  throw new Refusal([...shown, ...(advice ? ['', advice] : [])].join('\n'));
}

/** Runs a Node program with captured output, by this Node or another `executable`; throws with that output when it fails. */
export async function node(args, { executable = process.execPath, ...options } = {}) {
  const result = await run(executable, args, { capture: true, ...options });
  if (result.status !== 0)
    throw new Refusal(result.output.trim() || `exit status ${result.status}`);
  return result;
}
