#!/usr/bin/env node
// Lays a new workspace package: node scripts/new-package.mjs <folder> "<one sentence>" [dependency folder…]
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [folder, description, ...dependencies] = process.argv.slice(2);
if (!folder || !description || !/^[a-z][a-z0-9-]*$/.test(folder)) {
  console.error('usage: new-package.mjs <folder> "<one sentence>" [dependency folder…]');
  process.exit(2);
}
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const home = join(root, 'packages', folder);
if (existsSync(join(home, 'package.json'))) {
  console.error(`packages/${folder} exists already`);
  process.exit(1);
}
const name = folder === 'engramkit' ? 'engramkit' : `@engramkit/${folder}`;
const manifest = {
  name,
  version: '0.1.0',
  description,
  keywords: ['engramkit', folder],
  license: 'Apache-2.0',
  repository: {
    type: 'git',
    url: 'git+https://github.com/engramkit/engramkit.git',
    directory: `packages/${folder}`,
  },
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  files: ['dist', 'README.md', 'LICENSE'],
  publishConfig: { access: 'public' },
  scripts: { build: 'tsup && node ../../scripts/tsc7.mjs -p tsconfig.build.json' },
  ...(dependencies.length > 0
    ? {
        dependencies: Object.fromEntries(
          dependencies.map((dependency) => [`@engramkit/${dependency}`, 'workspace:^']),
        ),
      }
    : {}),
};
const put = (file, text) => {
  mkdirSync(dirname(join(home, file)), { recursive: true });
  writeFileSync(join(home, file), text);
};
put('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
put(
  'tsup.config.ts',
  "import { packageBuild } from '../../tsup.base.js';\n\nexport default packageBuild();\n",
);
put(
  'tsconfig.build.json',
  `${JSON.stringify(
    {
      extends: '../../tsconfig.base.json',
      compilerOptions: {
        rootDir: 'src',
        outDir: 'dist',
        emitDeclarationOnly: true,
        declarationMap: false,
      },
      include: ['src'],
      exclude: ['src/**/*.test.ts', 'src/**/*.test-d.ts', 'src/**/*.examples.ts'],
    },
    null,
    2,
  )}\n`,
);
put(
  'tsconfig.json',
  `${JSON.stringify({ extends: '../../tsconfig.json', include: ['src', 'test', '*.ts'] }, null, 2)}\n`,
);
put('README.md', `# ${name}\n\n${description}\n`);
copyFileSync(join(root, 'LICENSE'), join(home, 'LICENSE'));
put('src/index.ts', 'export {};\n');
console.log(`packages/${folder}: ${name}`);
