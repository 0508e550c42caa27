import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseJson } from '@engramkit/core';
import { packageDirectory, packageVersion } from '../../version.js';
import type { Finding, Machine } from './finding.js';

/** How many folders are looked into before the search for copies gives up. */
const MOST_FOLDERS = 20_000;
/** How deep `node_modules` folders inside of `node_modules` folders are followed. */
const MOST_NESTING = 4;

interface Copy {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/** Which version this is, and whether the project has several copies of one of our packages. */
export function checkPackages({ directory }: Machine): Finding[] {
  const findings: Finding[] = [
    {
      check: 'engramkit',
      verdict: 'fine',
      text: `engramkit ${packageVersion()} in ${packageDirectory}`,
    },
  ];
  const copies = copiesFrom(directory);
  const byName = new Map<string, Copy[]>();
  for (const copy of copies) byName.set(copy.name, [...(byName.get(copy.name) ?? []), copy]);
  const several = [...byName].filter(([, found]) => found.length > 1);
  if (several.length === 0) {
    findings.push({
      check: 'packages',
      verdict: 'fine',
      text:
        copies.length === 0
          ? 'no Engramkit packages installed in this project'
          : `${byName.size} Engramkit packages, one copy of each`,
    });
  }
  for (const [name, found] of several) {
    const versions = [...new Set(found.map(({ version }) => version))].sort();
    findings.push({
      check: 'packages',
      verdict: 'notice',
      text: `${name} is installed ${found.length} times (${versions.join(', ')}): ${found
        .slice(0, 4)
        .map(({ path }) => path)
        .join(', ')}`,
      fix:
        versions.length > 1
          ? 'Bring the versions in your package.json into line, then run "npm dedupe".'
          : 'Run "npm dedupe"; copies work together, but take space and time.',
    });
  }
  return findings;
}

/** Every distinct copy of our packages that the project or a dependency of it can reach. */
function copiesFrom(directory: string): Copy[] {
  const copies = new Map<string, Copy>();
  const budget = { folders: MOST_FOLDERS };
  for (let at = directory; ; at = dirname(at)) {
    lookInto(join(at, 'node_modules'), copies, budget, 0);
    if (dirname(at) === at) return [...copies.values()];
  }
}

function lookInto(
  modules: string,
  copies: Map<string, Copy>,
  budget: { folders: number },
  nesting: number,
): void {
  for (const name of namesIn(modules, budget)) {
    if (name === '@engramkit') {
      for (const scoped of namesIn(join(modules, name), budget)) {
        note(join(modules, name, scoped), copies);
      }
    } else if (name === 'engramkit') {
      note(join(modules, name), copies);
    }
    if (nesting >= MOST_NESTING) continue;
    if (name === '.pnpm') {
      for (const stored of namesIn(join(modules, name), budget)) {
        if (/^@?engramkit[+@]/.test(stored)) {
          lookInto(join(modules, name, stored, 'node_modules'), copies, budget, MOST_NESTING);
        }
      }
    } else if (name.startsWith('@')) {
      for (const scoped of namesIn(join(modules, name), budget)) {
        lookInto(join(modules, name, scoped, 'node_modules'), copies, budget, nesting + 1);
      }
    } else if (!name.startsWith('.')) {
      lookInto(join(modules, name, 'node_modules'), copies, budget, nesting + 1);
    }
  }
}

function namesIn(folder: string, budget: { folders: number }): readonly string[] {
  budget.folders -= 1;
  if (budget.folders < 0) return [];
  try {
    return readdirSync(folder);
  } catch {
    return []; // Most packages have no folder of that name.
  }
}

function note(folder: string, copies: Map<string, Copy>): void {
  try {
    const path = realpathSync(folder);
    if (copies.has(path)) return;
    const manifest = parseJson(readFileSync(join(path, 'package.json')), { what: path });
    if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) return;
    const { name, version } = manifest as Readonly<Record<string, unknown>>;
    if (typeof name !== 'string' || typeof version !== 'string') return;
    copies.set(path, { name, version, path });
  } catch {
    // A folder without a readable manifest is no copy that anything could load.
  }
}
