import { defineConfig, type Options } from 'tsup';

/** The one build recipe of every package: ESM only, one entry unless said otherwise, types by the native compiler. */
export function packageBuild(options: Options = {}) {
  return defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node20.19',
    platform: 'node',
    // What is published is not minified, and maps with their sources would double what users install.
    sourcemap: false,
    splitting: true,
    clean: true,
    dts: false,
    tsconfig: 'tsconfig.build.json',
    ...options,
  });
}
