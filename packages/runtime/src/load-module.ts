import { basename, dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Clock,
  describeThrown,
  EngramkitError,
  InvalidInputError,
  systemClock,
} from '@engramkit/core';
import { type Component, inspectExport } from '@engramkit/engram';
import { BundleCache } from './bundle-cache.js';
import { missingDependency, moduleSyntaxError, positionText } from './module-error.js';
import { type ModuleFile, type ModuleFormat, moduleFile } from './module-file.js';
import { nearNames } from './near-names.js';
import { authorPosition, isErrorObject } from './thrown.js';

/** Options of {@link loadModule}. */
export interface LoadModuleOptions {
  /** Where bundles of TypeScript modules are kept, usually `.engramkit/cache`; made when missing. */
  readonly cacheDirectory: string;
  readonly signal?: AbortSignal | undefined;
  /** How long the import may take, in milliseconds; default 30,000. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** The export to take; default: the default export, or the only one that is a component. */
  readonly exportName?: string | undefined;
}

/** An author's module, ready to run. */
export interface LoadedModule {
  /** Absolute path of the source file. */
  readonly file: string;
  readonly format: ModuleFormat;
  /** The component that a run without further choice means: of a module with two modes, the batch one. */
  readonly component: Component;
  /** Every component that the export offers: one, or a batch and a streaming one. */
  readonly components: readonly Component[];
  /** The component's own name, else one made from the file name. */
  readonly name: string;
  readonly version: string;
  readonly exportName: string;
  /** How long finding, bundling and importing took, in milliseconds. */
  readonly loadMs: number;
  /** Whether a bundle from an earlier run was used; `false` for JavaScript. */
  readonly cached: boolean;
}

const TIMEOUT_MS = 30_000;

/**
 * Loads an author's module: TypeScript directly, JavaScript as ES module or CommonJS.
 *
 * TypeScript is bundled with the local files it imports and kept by content in the cache directory; packages are taken from the
 * module's own folder. Stack traces show the original positions: source maps are switched on for the process.
 *
 * Throws `MODULE_NOT_FOUND`, `MODULE_UNSUPPORTED`, `MODULE_UNREADABLE`, `MODULE_SYNTAX_ERROR`, `MODULE_LOAD_FAILED`,
 * `MODULE_LOAD_TIMEOUT`, `MISSING_DEPENDENCY`, `EXPORT_NOT_FOUND` or `EXPORT_AMBIGUOUS`.
 */
export async function loadModule(file: string, options: LoadModuleOptions): Promise<LoadedModule> {
  const { clock = systemClock, exportName } = options;
  const began = clock.monotonic();
  const source = await moduleFile(file);
  const { path, cached } = await runnableFile(source, options, clock);
  const namespace = await importFile(source, path, options, clock);
  const chosen = chooseExport(namespace, source.path, exportName);
  const { spec } = chosen.component;
  return {
    file: source.path,
    format: source.format,
    ...chosen,
    name: spec.name ?? nameFromFile(source.path),
    version: spec.version ?? '0.0.0',
    loadMs: clock.monotonic() - began,
    cached,
  };
}

/** The exports of an author's module by name, whatever they are; loaded as {@link loadModule} does. */
export async function loadExports(
  file: string,
  options: Omit<LoadModuleOptions, 'exportName'>,
): Promise<{ readonly file: string; readonly exports: ReadonlyMap<string, unknown> }> {
  const { clock = systemClock } = options;
  const source = await moduleFile(file);
  const { path } = await runnableFile(source, options, clock);
  return { file: source.path, exports: exportsOf(await importFile(source, path, options, clock)) };
}

async function runnableFile(source: ModuleFile, options: LoadModuleOptions, clock: Clock) {
  if (source.format === 'javascript') return { path: source.path, cached: false };
  process.setSourceMapsEnabled(true);
  const cache = new BundleCache(options.cacheDirectory, clock);
  const found = await cache.find(source.path);
  if (found !== undefined) return { path: found, cached: true };
  const { bundleTypeScript } = await import('./typescript-bundle.js');
  const bundle = await bundleTypeScript(source.path);
  return { path: await cache.store(source.path, bundle), cached: false };
}

async function importFile(
  source: ModuleFile,
  path: string,
  options: LoadModuleOptions,
  clock: Clock,
): Promise<Readonly<Record<string, unknown>>> {
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  signal?.throwIfAborted();
  let cleanUp = (): void => undefined;
  const stop = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    const timer = clock.setTimer(() => {
      reject(
        new EngramkitError(`importing ${source.path} did not end within ${timeoutMs} ms`, {
          code: 'MODULE_LOAD_TIMEOUT',
          details: { file: source.path, timeoutMs },
          hint: 'Look for a top-level await that never settles; do such work in init.',
        }),
      );
    }, timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    cleanUp = () => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    };
  });
  const importing: Promise<Readonly<Record<string, unknown>>> = import(pathToFileURL(path).href);
  try {
    return await Promise.race([importing, stop]);
  } catch (thrown) {
    if (signal?.aborted === true || isLoadTimeout(thrown)) throw thrown;
    throw await importError(source, thrown);
  } finally {
    cleanUp();
  }
}

function isLoadTimeout(thrown: unknown): boolean {
  return thrown instanceof EngramkitError && thrown.code === 'MODULE_LOAD_TIMEOUT';
}

async function importError(source: ModuleFile, thrown: unknown): Promise<EngramkitError> {
  const { path } = source;
  const position = authorPosition(thrown);
  if (source.format === 'javascript' && (position === undefined || isSyntaxError(thrown))) {
    const syntax = await syntaxErrorIn(path);
    if (syntax !== undefined) return syntax;
  }
  const message = describeThrown(thrown);
  const code = isErrorObject(thrown) ? (thrown as NodeJS.ErrnoException).code : undefined;
  const missing = /^Cannot find (?:package|module) '([^'./][^']*)'(?:.*? imported from (.+))?/.exec(
    message,
  );
  if ((code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && missing !== null) {
    return missingDependency(
      missing[1] ?? '',
      source.format === 'typescript' ? path : (missing[2] ?? path),
    );
  }
  const where = position === undefined ? '' : ` at ${positionText(position)}`;
  return new EngramkitError(`importing ${path} failed${where}: ${message}`, {
    code: 'MODULE_LOAD_FAILED',
    details: {
      file: path,
      ...(position === undefined ? {} : { line: position.line, column: position.column }),
      ...(code === undefined ? {} : { reason: code }),
    },
    hint: 'The module threw while it was imported; do work that can fail in init or process.',
    cause: thrown,
  });
}

function isSyntaxError(thrown: unknown): boolean {
  return isErrorObject(thrown) && thrown.name === 'SyntaxError';
}

/** Node does not say where in a JavaScript file the error is; the bundler's parser does. */
async function syntaxErrorIn(path: string): Promise<EngramkitError | undefined> {
  const { readFile } = await import('node:fs/promises');
  const { transform } = await import('esbuild');
  try {
    await transform(await readFile(path, 'utf8'), {
      sourcefile: path,
      loader: 'js',
      logLevel: 'silent',
    });
    return undefined; // The error is in a file that this one imports.
  } catch (failure) {
    const [first] = (failure as { readonly errors?: readonly EsbuildMessage[] }).errors ?? [];
    if (first?.location == null) return undefined;
    const { line, column, length, lineText } = first.location;
    return moduleSyntaxError(
      first.text,
      { file: path, line, column: column + 1, length },
      lineText,
    );
  }
}

interface EsbuildMessage {
  readonly text: string;
  readonly location: {
    readonly line: number;
    readonly column: number;
    readonly length: number;
    readonly lineText: string;
  } | null;
}

interface Chosen {
  readonly component: Component;
  readonly components: readonly Component[];
  readonly exportName: string;
}

const ACCEPTED =
  'Export the result of defineBatch, defineStreaming, defineImpulse or defineEngram as default, or a class with a process, ' +
  'stream or run method.';

function chooseExport(
  namespace: Readonly<Record<string, unknown>>,
  file: string,
  exportName: string | undefined,
): Chosen {
  const exports = exportsOf(namespace);
  const inspected = [...exports].map(([name, value]) => ({ name, found: inspectExport(value) }));
  const wanted = exportName ?? (exports.has('default') ? 'default' : undefined);
  const named = inspected.find(({ name }) => name === wanted);
  if (named?.found.component !== undefined) return chosen(named.name, named.found.component);
  const usable = inspected.flatMap(({ name, found }) =>
    found.component === undefined ? [] : [{ name, component: found.component }],
  );
  const [first] = usable;
  if (exportName === undefined && first !== undefined && usable.length === 1) {
    return chosen(first.name, first.component);
  }
  const list = inspected.map(({ name, found }) => ({
    export: name,
    is: found.refusal ?? 'a component',
  }));
  const listText = list.map((one) => `${one.export} is ${one.is}`).join('; ');
  if (exportName === undefined && usable.length > 1) {
    const names = usable.map(({ name }) => name);
    throw new InvalidInputError(`${file} exports more than one component: ${names.join(', ')}`, {
      code: 'EXPORT_AMBIGUOUS',
      details: { file, found: names },
      hint: `Make one of them the default export, or choose with --export ${names[0] ?? ''}.`,
    });
  }
  const missing =
    exportName !== undefined && named === undefined
      ? `${file} has no export ${exportName}`
      : `${file} exports no component`;
  throw new InvalidInputError(
    `${missing}; it exports ${listText === '' ? 'nothing' : `this: ${listText}`}`,
    {
      code: 'EXPORT_NOT_FOUND',
      details: { file, found: list },
      hint: exportName === undefined ? ACCEPTED : hintFor(exportName, usable),
    },
  );
}

function hintFor(wanted: string, usable: readonly { readonly name: string }[]): string {
  const names = usable.map(({ name }) => name);
  const [meant] = nearNames(wanted, names);
  if (meant !== undefined) return `Did you mean --export ${meant}?`;
  return names.length === 0 ? ACCEPTED : `Choose one of ${names.join(', ')}.`;
}

function chosen(
  exportName: string,
  found: NonNullable<ReturnType<typeof inspectExport>['component']>,
): Chosen {
  const components = 'kind' in found ? [found] : [found.batch, found.streaming];
  return { component: components[0] as Component, components, exportName };
}

/** The exports by name, without the wrapping that compilers put around CommonJS modules. */
function exportsOf(namespace: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const exports = new Map(Object.entries(namespace));
  exports.delete('module.exports');
  const inner = exports.get('default');
  if (typeof inner === 'object' && inner !== null && '__esModule' in inner) {
    exports.delete('__esModule');
    exports.delete('default');
    for (const [name, value] of Object.entries(inner)) exports.set(name, value);
  }
  return exports;
}

/** A component name from a file name; `index` and the like take the folder's. */
function nameFromFile(file: string): string {
  const stem = basename(file, extname(file));
  const telling = /^(?:index|engram|main|mod)$/.test(stem) ? basename(dirname(file)) : stem;
  const name = telling
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'engram' : name;
}
