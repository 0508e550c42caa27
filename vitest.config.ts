import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * Tests run on the sources of every package; tests that need the built form say so and use `dist`.
 *
 * A subpath `@engramkit/arcp/node` is the file `packages/arcp/src/node.ts`.
 */
const alias = [
  { find: /^engramkit$/, replacement: `${root}packages/engramkit/src/index.ts` },
  { find: /^@engramkit\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` },
  { find: /^@engramkit\/([^/]+)\/([^/]+)$/, replacement: `${root}packages/$1/src/$2.ts` },
];

/** `npm run test:matrix` lets every package meet its neighbours in the form that is published. */
const useBuilt = process.env.ENGRAMKIT_TEST_BUILT === '1';

export default defineConfig({
  resolve: { alias: useBuilt ? [] : alias },
  test: {
    include: ['{packages,examples}/*/{src,test}/**/*.test.ts', 'tests/**/*.test.ts'],
    // tests/publish has a configuration of its own: it needs built packages and a registry.
    exclude: ['**/node_modules/**', '**/dist/**', 'tests/publish/**'],
    setupFiles: [`${root}tests/property-seed.ts`],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
