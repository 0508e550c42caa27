import { packageBuild } from '../../tsup.base.js';
import manifest from './package.json' with { type: 'json' };

/**
 * The author's import stays a thin file that names other packages, so that a project has one copy of them. The command line is
 * built by a second call (`--env.PART cli`) with them inside: a program starts faster from a few small files.
 */
const part = process.argv[process.argv.indexOf('--env.PART') + 1];

/** What only some commands need is installed by whoever uses them, and stays outside. */
const optional = Object.keys(manifest.peerDependencies);
const inside = new RegExp(
  `^@engramkit/(?!(?:${optional.map((name) => name.replace('@engramkit/', '')).join('|')})(?:$|/))`,
);

export default part === 'cli'
  ? packageBuild({
      entry: ['src/cli.ts'],
      clean: false,
      minify: true,
      noExternal: [inside],
      // Loaded only when they are needed, from wherever the project has them.
      external: [/^@opentelemetry\//, 'esbuild', 'pino', 'yaml', ...optional],
    })
  : packageBuild();
