import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidInputError } from '@engramkit/core';
import type {
  BuildFailure,
  Message,
  OnResolveArgs,
  PartialMessage,
  Plugin,
  PluginBuild,
} from 'esbuild';
import { type Bundle, type BundleInput, hashOfFile, sha256Of } from './bundle-cache.js';
import { missingDependency, moduleSyntaxError, type SourcePosition } from './module-error.js';

const SELF = Symbol('resolving itself');
const LOCATION = /\bimport\.meta\b|\b__dirname\b|\b__filename\b/;

/**
 * Bundles a TypeScript module and the local files it imports into one ES module; packages stay imports.
 *
 * Packages are resolved from the folder of the file that imports them. `import.meta.url`, `__dirname` and `__filename` keep the
 * meaning they have in the original file. Throws `MODULE_SYNTAX_ERROR` with a code frame, and `MISSING_DEPENDENCY`.
 */
export async function bundleTypeScript(entry: string): Promise<Bundle> {
  const { build } = await import('esbuild');
  const inputs = new Map<string, string>();
  try {
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      outfile: join(dirname(entry), 'module.mjs'),
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      conditions: [], // Without the bundlers' own condition `module`: packages load as Node would load them.
      sourcemap: 'external',
      sourcesContent: true,
      sourceRoot: `${pathToFileURL(dirname(entry)).href}/`, // Sources are named relative to the outfile, which moves.
      preserveSymlinks: true,
      logLevel: 'silent',
      charset: 'utf8',
      legalComments: 'none',
      define: {
        'import.meta.url': '__engramkitUrl',
        'import.meta.filename': '__filename',
        'import.meta.dirname': '__dirname',
      },
      banner: {
        js: `import { createRequire as __engramkitRequire } from 'node:module'; const require = __engramkitRequire(${JSON.stringify(pathToFileURL(entry).href)});`,
      },
      plugins: [authorFiles(inputs)],
    });
    const text = (ending: string): string =>
      result.outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
    await addSettings(entry, inputs);
    return {
      code: text('.mjs'),
      sourceMap: text('.map'),
      inputs: [...inputs].map(([path, sha256]): BundleInput => ({ path, sha256 })),
    };
  } catch (error) {
    throw buildError(entry, error);
  }
}

function authorFiles(inputs: Map<string, string>): Plugin {
  return {
    name: 'author-files',
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) => resolveImport(build, args, inputs));
      build.onLoad({ filter: /\.[cm]?[jt]sx?$|\.json$/ }, async ({ path }) => {
        const bytes = await readFile(path);
        inputs.set(path, sha256Of(bytes));
        const contents = bytes.toString('utf8');
        if (path.endsWith('.json') || !LOCATION.test(contents)) return undefined;
        return { contents: withLocation(contents, path), loader: loaderOf(path) };
      });
    },
  };
}

async function resolveImport(build: PluginBuild, args: OnResolveArgs, inputs: Map<string, string>) {
  if (args.kind === 'entry-point' || args.pluginData === SELF) return undefined;
  if (isBuiltin(args.path)) return { path: args.path, external: true };
  if (/^(?:file|data|https?):/.test(args.path)) return { path: args.path, external: true };
  if (/^\.{0,2}(?:\/|$)/.test(args.path)) return undefined;
  const { kind, importer, resolveDir } = args;
  const found = await build.resolve(args.path, { kind, importer, resolveDir, pluginData: SELF });
  if (found.errors.length > 0) {
    // A require or a dynamic import may stand in a try block: what is missing shows when it runs.
    if (kind !== 'import-statement') return { path: args.path, external: true };
    const text = `package not installed: ${args.path}`;
    return {
      errors: [{ text, detail: { missing: args.path, importer } } satisfies PartialMessage],
    };
  }
  const inPackage = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(found.path);
  if (inPackage === null) return { path: found.path };
  // The bundle names the file that was found: an update of the package makes it stale.
  const manifest = join(inPackage[1] ?? '', 'package.json');
  inputs.set(manifest, await hashOfFile(manifest));
  const path = kind === 'require-call' ? found.path : pathToFileURL(found.path).href;
  return { path, external: true };
}

/** Declares the location of the original file in front of its text, on the first line, so that lines keep their numbers. */
function withLocation(contents: string, path: string): string {
  const declared =
    `const __engramkitUrl = ${JSON.stringify(pathToFileURL(path).href)}, ` +
    `__filename = ${JSON.stringify(path)}, __dirname = ${JSON.stringify(dirname(path))};`;
  const hashbang = /^#![^\n]*\n/.exec(contents)?.[0] ?? '';
  return `${hashbang === '' ? '' : '\n'}${declared}${contents.slice(hashbang.length)}`;
}

function loaderOf(path: string): 'ts' | 'tsx' | 'js' | 'jsx' {
  if (path.endsWith('.tsx')) return 'tsx';
  if (path.endsWith('.jsx')) return 'jsx';
  return /\.[cm]?ts$/.test(path) ? 'ts' : 'js';
}

/** Adds the settings files that the compiler looks at: they change what a bundle means. */
async function addSettings(entry: string, inputs: Map<string, string>): Promise<void> {
  const folders = new Set([...inputs.keys(), entry].map(dirname));
  for (const folder of folders) {
    if (/[\\/]node_modules(?:[\\/]|$)/.test(folder)) continue;
    for (let at = folder; ; at = dirname(at)) {
      const settings = join(at, 'tsconfig.json');
      if (!inputs.has(settings)) await addSettingsFile(settings, inputs);
      const manifest = join(at, 'package.json');
      if (!inputs.has(manifest)) inputs.set(manifest, await hashOfFile(manifest));
      if (inputs.get(manifest) !== 'absent' || at === dirname(at)) break;
    }
  }
}

async function addSettingsFile(path: string, inputs: Map<string, string>): Promise<void> {
  inputs.set(path, await hashOfFile(path));
  if (inputs.get(path) === 'absent') return;
  const text = await readFile(path, 'utf8');
  const inherited = /"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/.exec(text)?.[1] ?? '';
  for (const [, base = ''] of inherited.matchAll(/"([^"]*)"/g)) {
    if (!base.startsWith('.')) continue;
    const file = resolve(dirname(path), base.endsWith('.json') ? base : `${base}.json`);
    if (!inputs.has(file)) await addSettingsFile(file, inputs);
  }
}

function buildError(entry: string, error: unknown): unknown {
  const [first] = (error as Partial<BuildFailure>).errors ?? [];
  if (first === undefined) return error;
  const detail: unknown = first.detail;
  const position = positionOf(first);
  if (typeof detail === 'object' && detail !== null && 'missing' in detail) {
    return missingDependency(String(detail.missing), position?.file ?? entry, position);
  }
  if (position === undefined) {
    return new InvalidInputError(`${entry} cannot be bundled: ${first.text}`, {
      code: 'MODULE_SYNTAX_ERROR',
      cause: error,
    });
  }
  return moduleSyntaxError(first.text, position, first.location?.lineText ?? '');
}

function positionOf(message: Message): SourcePosition | undefined {
  const { location } = message;
  if (location === null) return undefined;
  const file = location.file.startsWith('file:')
    ? fileURLToPath(location.file)
    : resolve(location.file);
  return { file, line: location.line, column: location.column + 1, length: location.length };
}
