import { defineConfig, type Options } from 'tsup';

/** The one build recipe of every package: ESM only, one entry unless said otherwise, types by the native compiler. */
export function packageBuild(options: Options = {}) {
  return defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node20.19',
    platform: 'node',
    // Maps with their sources would double what users install.
    sourcemap: false,
    splitting: true,
    clean: true,
    dts: false,
    tsconfig: 'tsconfig.build.json',
    esbuildOptions(esbuild) {
      // Less to read at every start: white space and long forms go; names and lines stay, so that a stack still says where.
      esbuild.minifyWhitespace = true;
      esbuild.minifySyntax = true;
      esbuild.lineLimit = 120;
    },
    ...options,
  });
}
