import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
const packages = readdirSync(new URL('packages', import.meta.url));

/** Tests run on the sources of every package; tests that need the built form say so and use `dist`. */
const alias = [
  {
    find: '@engramkit/client/functions',
    replacement: `${root}packages/client/src/functions/index.ts`,
  },
  ...packages.map((folder) => ({
    find: new RegExp(`^${folder === 'engramkit' ? 'engramkit' : `@engramkit/${folder}`}$`),
    replacement: `${root}packages/${folder}/src/index.ts`,
  })),
];

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
