import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { places } from './house.js';
import { packages, root, rootManifest } from './sources.js';

const published = packages.filter(({ manifest }) => manifest.private !== true);
const read = (...parts: string[]) => readFileSync(join(...parts), 'utf8');

describe.each(published)('packages/$folder', ({ folder, directory, manifest }) => {
  const place = places[folder] ?? { floor: Number.NaN };

  it('is named, licensed and placed like the rest of the house', () => {
    expect(manifest).toMatchObject({
      name: /engramkit$/.test(folder) ? folder : `@engramkit/${folder}`,
      license: 'Apache-2.0',
      type: 'module',
      engines: rootManifest.engines,
      repository: {
        type: 'git',
        url: 'git+https://github.com/engramkit/engramkit.git',
        directory: `packages/${folder}`,
      },
      publishConfig: { access: 'public' },
      files: expect.arrayContaining(['dist', 'README.md', 'LICENSE']),
    });
    expect(manifest.description).toEqual(expect.stringMatching(/^.{20,160}$/));
    expect(manifest.keywords).toEqual(expect.arrayContaining(['engramkit']));
    expect(manifest).toHaveProperty('sideEffects');
    expect(read(directory, 'LICENSE')).toBe(read(root, 'LICENSE'));
  });

  it('offers exactly the pinned entries, each with types and default', () => {
    const entries = Object.entries(manifest.exports as Record<string, unknown>);
    const pinned = ['.', ...(place.subpaths ?? []), './package.json'];
    expect(entries.map(([key]) => key).sort()).toEqual([...pinned].sort());
    for (const [key, target] of entries) {
      if (key === './package.json') expect(target).toBe('./package.json');
      else {
        expect(target).toEqual({
          types: expect.stringMatching(/^\.\/dist\/.+\.d\.ts$/),
          default: expect.stringMatching(/^\.\/dist\/.+\.js$/),
        });
      }
    }
    expect(Object.keys((manifest.bin as object | undefined) ?? {})).toEqual(place.commands ?? []);
  });

  it('runs no script at installation', () => {
    const scripts = Object.keys((manifest.scripts as object | undefined) ?? {});
    expect(scripts.filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
  });

  it('depends on the workspace by range and on others by exact version', () => {
    const all = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((field) =>
      Object.entries((manifest[field] as Record<string, string> | undefined) ?? {}),
    );
    const wrong = all.filter(([name, range]) => {
      if (/^(@engramkit\/|engramkit$)/.test(name)) return range !== 'workspace:^';
      return !/^(catalog:|npm:.+@\d|\d+\.\d+\.\d+)/.test(range);
    });
    expect(wrong).toEqual([]);
  });

  it('has a README with its name, an example and a reason for every dependency from elsewhere', () => {
    const readme = read(directory, 'README.md');
    expect(readme).toMatch(new RegExp(`^# (\`)?${manifest.name}(\`)?\\n`));
    expect(readme).toMatch(/^```ts\b/m);
    const foreign = Object.keys((manifest.dependencies as object | undefined) ?? {}).filter(
      (name) => !/^(@engramkit\/|engramkit$)/.test(name),
    );
    expect(foreign.filter((name) => !readme.includes(name))).toEqual([]);
  });

  it('builds like the rest of the house', () => {
    for (const file of ['tsconfig.json', 'tsconfig.build.json', 'src/index.ts']) {
      expect(existsSync(join(directory, file)), file).toBe(true);
    }
    expect((manifest.scripts as Record<string, string>).build).toMatch(/tsup.*tsc7\.mjs/);
  });
});
