import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { describe, expect, it } from 'vitest';
import { places } from './house.js';
import {
  at,
  importsOf,
  type Manifest,
  packageNameOf,
  packages,
  root,
  rootManifest,
  sources,
} from './sources.js';

const workspaceNames = new Map(packages.map(({ folder, manifest }) => [manifest.name, folder]));
const floorOf = (folder: string) => places[folder]?.floor ?? Number.NaN;

function namesIn(manifest: Manifest, ...fields: string[]): string[] {
  return fields.flatMap((field) => Object.keys((manifest[field] as object | undefined) ?? {}));
}

const RUN_TIME = ['dependencies', 'peerDependencies', 'optionalDependencies'];

describe('the package graph', () => {
  it('gives every package a floor', () => {
    expect(
      packages.filter(({ folder }) => !(folder in places)).map(({ folder }) => folder),
    ).toEqual([]);
  });

  it('is the one that the architecture page shows', () => {
    const page = readFileSync(`${root}/docs/architecture.md`, 'utf8');
    const rows = page.matchAll(/^\| (\d) \| `(?:@engramkit\/)?([a-z-]+)` \|/gm);
    const shown = [...rows].map(([, floor, folder]) => [folder, Number(floor)]);
    const pinned = Object.entries(places).map(([folder, { floor }]) => [folder, floor]);
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(pinned));
  });

  it('lets a package declare only packages of lower floors', () => {
    const wrong = packages.flatMap(({ folder, manifest }) =>
      namesIn(manifest, ...RUN_TIME)
        .filter((name) => workspaceNames.has(name))
        .filter((name) => !(floorOf(workspaceNames.get(name) ?? '') < floorOf(folder)))
        .map((name) => `${folder} (floor ${floorOf(folder)}) depends on ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('lets shipped source import only packages of lower floors', () => {
    const wrong: string[] = [];
    for (const source of sources.filter(({ shipped }) => shipped)) {
      for (const { specifier, node } of importsOf(source)) {
        const target = workspaceNames.get(packageNameOf(specifier));
        if (target === undefined || floorOf(target) < floorOf(source.folder)) continue;
        wrong.push(`${at(source, node)} imports ${specifier} (floor ${floorOf(target)})`);
      }
    }
    expect(wrong).toEqual([]);
  });

  /** The packages that a build takes in, whose licences it ships: `bundled-licences.mjs pino`. */
  const takenIn = (manifest: Manifest): readonly string[] => {
    const build = String((manifest.scripts as { readonly build?: unknown } | undefined)?.build);
    const names = /bundled-licences\.mjs ([^&]+)/.exec(build)?.[1]?.trim().split(/\s+/) ?? [];
    const development = namesIn(manifest, 'devDependencies');
    return names.filter((name) => development.includes(name));
  };

  it('has every import of shipped source among the run-time dependencies, or takes it into the build', () => {
    const wrong: string[] = [];
    for (const { folder, manifest } of packages) {
      const declared = new Set([...namesIn(manifest, ...RUN_TIME), ...takenIn(manifest)]);
      for (const source of sources.filter((one) => one.shipped && one.folder === folder)) {
        for (const { specifier, node } of importsOf(source)) {
          if (specifier.startsWith('.') || isBuiltin(specifier)) continue;
          if (!declared.has(packageNameOf(specifier)))
            wrong.push(`${at(source, node)} imports ${specifier}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('has every import of a test among the dependencies of its package or of the workspace', () => {
    const wrong: string[] = [];
    const shared = namesIn(rootManifest, 'devDependencies');
    for (const { folder, manifest } of packages) {
      const declared = new Set([...shared, ...namesIn(manifest, 'devDependencies', ...RUN_TIME)]);
      declared.add(manifest.name);
      for (const source of sources.filter((one) => !one.shipped && one.folder === folder)) {
        for (const { specifier, node } of importsOf(source)) {
          if (specifier.startsWith('.') || isBuiltin(specifier)) continue;
          const name = packageNameOf(specifier);
          if (!declared.has(name) && !workspaceNames.has(name))
            wrong.push(`${at(source, node)} imports ${specifier}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('declares no dependency that its source does not import', () => {
    const idle = packages.flatMap(({ folder, manifest }) => {
      const shipped = sources.filter((source) => source.shipped && source.folder === folder);
      const used = new Set(
        shipped.flatMap(importsOf).map(({ specifier }) => packageNameOf(specifier)),
      );
      return namesIn(manifest, 'dependencies')
        .filter((name) => !used.has(name))
        .map((name) => `${folder}: ${name}`);
    });
    expect(idle).toEqual([]);
  });

  it('names Node built-ins with their prefix and relative files with their extension', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      for (const { specifier, node } of importsOf(source)) {
        const bareBuiltin = isBuiltin(specifier) && !specifier.startsWith('node:');
        const bareFile = /^\.\.?(\/|$)/.test(specifier) && !/\.(js|mjs|cjs|json)$/.test(specifier);
        if (bareBuiltin || bareFile) wrong.push(`${at(source, node)} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps relative imports of shipped source inside the package, away from tests', () => {
    const wrong: string[] = [];
    for (const source of sources.filter(({ shipped }) => shipped)) {
      for (const { specifier, node } of importsOf(source)) {
        if (!specifier.startsWith('.')) continue;
        const target = new URL(specifier, `file:///${source.path}`).pathname;
        const inside = target.startsWith(`/packages/${source.folder}/src/`);
        const manifest = target === `/packages/${source.folder}/package.json`;
        if ((!inside && !manifest) || /\.(test|examples|bench)\.js$/.test(target))
          wrong.push(`${at(source, node)} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
