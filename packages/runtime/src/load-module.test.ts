import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CancelledError, EngramkitError } from '@engramkit/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { manualClock } from '../test/manual-clock.js';
import { testInvocation, testPorts } from '../test/ports.js';
import { type LoadModuleOptions, loadExports, loadModule, runBatch } from './index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-module-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

const load = (file: string, options: Partial<LoadModuleOptions> = {}) =>
  loadModule(file, { cacheDirectory: join(folder, 'cache'), ...options });

async function refusal(loading: Promise<unknown>): Promise<EngramkitError> {
  const error: unknown = await loading.then(
    () => new Error('it loaded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngramkitError);
  return error as EngramkitError; // Asserted above.
}

const ENGRAM =
  'class Greet { static spec = { name: "greet", version: "1.2.3" }; process(inputs) { return inputs; } }';

async function outputOf(file: string, inputs: object = {}): Promise<unknown> {
  const { component } = await load(file);
  if (component.kind !== 'batch') throw new Error(component.kind);
  const outcome = await runBatch(component, testInvocation({ inputs }), testPorts());
  expect(outcome.failure?.error).toBeUndefined();
  return outcome.output;
}

describe('loading', () => {
  it.each([
    ['default.mjs', `export default ${ENGRAM}`],
    ['named.mjs', `export ${ENGRAM}`],
    ['common.cjs', `${ENGRAM}; module.exports = Greet;`],
    [
      'compiled.cjs',
      `${ENGRAM}; Object.defineProperty(exports, '__esModule', { value: true }); exports.default = Greet;`,
    ],
    ['bare.js', `${ENGRAM}; module.exports = new Greet();`],
    [
      'typed.ts',
      `interface Inputs { readonly a?: number }\nexport default class Greet { static spec = { name: 'greet', version: '1.2.3' }; process(inputs: Inputs): Inputs { return inputs; } }`,
    ],
    ['typed.mts', `${ENGRAM}; export default Greet as unknown;`],
    ['typed.cts', `${ENGRAM}; export = Greet;`],
    ['typed.tsx', `${ENGRAM}; export default Greet;`],
  ])('takes %s', async (name, text) => {
    const loaded = await load(await put(name, text));
    expect(loaded).toMatchObject({
      file: join(folder, name),
      format: /ts/.test(name) ? 'typescript' : 'javascript',
      name: 'greet',
      version: '1.2.3',
      component: { kind: 'batch' },
    });
    expect(await outputOf(join(folder, name), { a: 1 })).toEqual({ a: 1 });
  });

  it('makes a name of the file, or of the folder of an index file', async () => {
    const anonymous = 'export default { process: () => ({}) };';
    expect((await load(await put('myHTTPEngram v2.mjs', anonymous))).name).toBe('my-httpengram-v2');
    expect((await load(await put('quake-digest/index.mjs', anonymous))).name).toBe('quake-digest');
  });

  it('offers both modes of a module, the batch one first', async () => {
    const loaded = await load(
      await put('both.mjs', 'export default class { process() {} async stream() {} }'),
    );
    expect(loaded.components.map(({ kind }) => kind)).toEqual(['batch', 'streaming']);
    expect(loaded.component.kind).toBe('batch');
  });

  it('keeps the meaning of locations, local imports, JSON and require in TypeScript', async () => {
    await put(
      'lib/words.ts',
      'export const word: string = new URL("./here.txt", import.meta.url).href;',
    );
    await put('data.json', '{"answer": 42}');
    const file = await put(
      'located.ts',
      `#!/usr/bin/env node
import { sep } from 'node:path';
import data from './data.json';
import { word } from './lib/words.js';
export default { process: () => ({ word, sep, data, file: __filename, folder: __dirname, own: import.meta.url, os: typeof require('node:os').platform }) };`,
    );
    expect(await outputOf(file)).toEqual({
      word: `file://${folder}/lib/here.txt`,
      sep: '/',
      data: { answer: 42 },
      file,
      folder,
      own: `file://${file}`,
      os: 'function',
    });
  });

  it('takes packages from the folder of the module, not from the cache or the program', async () => {
    await put(
      'project/node_modules/pear/package.json',
      '{"name":"pear","version":"1.0.0","type":"module","exports":{"import":"./pear.js"}}',
    );
    await put('project/node_modules/pear/pear.js', 'export const pear = "yellow";');
    await put(
      'project/node_modules/plum/package.json',
      '{"name":"plum","version":"1.0.0","main":"plum.js"}',
    );
    await put('project/node_modules/plum/plum.js', 'module.exports = { plum: "blue" };');
    const file = await put(
      'project/src/fruit.ts',
      "import { pear } from 'pear';\nimport plum from 'plum';\nexport default { process: () => ({ pear, ...plum }) };",
    );
    expect(await outputOf(file)).toEqual({ pear: 'yellow', plum: 'blue' });
    // An update of a package is seen: the bundle names the file that was found.
    await put(
      'project/node_modules/pear/package.json',
      '{"name":"pear","version":"2.0.0","type":"module","exports":"./green.js"}',
    );
    await put('project/node_modules/pear/green.js', 'export const pear = "green";');
    expect(await outputOf(file)).toEqual({ pear: 'green', plum: 'blue' });
  });
});

describe('the bundle cache', () => {
  it('is used while every input is the same, and not after a change of an import', async () => {
    await put('part.ts', 'export const part = 1;');
    const file = await put(
      'whole.ts',
      "import { part } from './part.js';\nexport default { process: () => ({ part }) };",
    );
    expect((await load(file)).cached).toBe(false);
    expect((await load(file)).cached).toBe(true);
    await put('part.ts', 'export const part = 2;');
    expect((await load(file)).cached).toBe(false);
    expect(await outputOf(file)).toEqual({ part: 2 });
  });

  it('notices compiler settings that appear', async () => {
    const file = await put('settings.ts', 'export default { process: () => ({}) };');
    await load(file);
    await put('tsconfig.json', '{"compilerOptions":{"target":"es2022"}}');
    expect((await load(file)).cached).toBe(false);
    expect((await load(file)).cached).toBe(true);
  });

  it('repairs entries that are damaged', async () => {
    const file = await put('again.ts', 'export default { process: () => ({ ok: true }) };');
    await load(file);
    for (const name of await readdir(join(folder, 'cache/modules'))) {
      if (name.endsWith('.json'))
        await put(`cache/modules/${name}`, '{"bundle": "../../escape.mjs"');
    }
    expect((await load(file)).cached).toBe(false);
    expect((await load(file)).cached).toBe(true);
  });

  it('forgets bundles that nobody used for a week', async () => {
    await load(await put('old.ts', 'export default { process: () => ({ old: 1 }) };'));
    const [old = ''] = await readdir(join(folder, 'cache/modules'));
    await utimes(join(folder, 'cache/modules', old), 0, 0);
    await load(await put('new.ts', 'export default { process: () => ({ new: 1 }) };'));
    expect(await readdir(join(folder, 'cache/modules'))).not.toContain(old);
  });

  it('is safe to share between loads at the same time', async () => {
    const file = await put('shared.ts', 'export default { process: () => ({ shared: true }) };');
    const loaded = await Promise.all(Array.from({ length: 8 }, () => load(file)));
    expect(new Set(loaded.map(({ name }) => name))).toEqual(new Set(['shared']));
    expect(
      (await readdir(join(folder, 'cache/modules'))).filter((name) => name.endsWith('.tmp')),
    ).toEqual([]);
  });
});

describe('refusals say what, where and what to do', () => {
  it('a missing module, with near names', async () => {
    await put('greet.ts', '');
    const error = await refusal(load(join(folder, 'gret.ts')));
    expect(error).toMatchObject({ code: 'MODULE_NOT_FOUND', details: { near: ['greet.ts'] } });
    expect(error.hint).toContain('greet.ts');
    const other = await refusal(load(join(folder, 'greet.js')));
    expect(other.hint).toContain('greet.ts');
  });

  it('a directory, and a file of another kind', async () => {
    await put('folder/greet.ts', '');
    expect((await refusal(load(join(folder, 'folder')))).hint).toContain('folder/greet.ts');
    expect(await refusal(load(await put('greet.py', '')))).toMatchObject({
      code: 'MODULE_UNSUPPORTED',
    });
    expect(await refusal(load(await put('types.d.ts', '')))).toMatchObject({
      code: 'MODULE_UNSUPPORTED',
    });
  });

  it.each(['broken.ts', 'broken.mjs'])(
    'a syntax error in %s, with the place and the line',
    async (name) => {
      const file = await put(
        name,
        'const fine = 1;\nexport default {\n  process( { return 1; }\n};\n',
      );
      const error = await refusal(load(file));
      expect(error).toMatchObject({ code: 'MODULE_SYNTAX_ERROR', details: { file, line: 3 } });
      expect(error.message).toContain(`${file}:3:`);
      expect(error.message).toContain('  3 |   process( { return 1; }');
      expect(error.message).toMatch(/\^/);
    },
  );

  it('a syntax error in a file that a TypeScript module imports', async () => {
    const part = await put('part.ts', 'export const = 1;');
    const error = await refusal(
      load(await put('whole.ts', "import './part.js';\nexport default { process() {} };")),
    );
    expect(error).toMatchObject({ code: 'MODULE_SYNTAX_ERROR', details: { file: part, line: 1 } });
  });

  it.each([
    [
      'thrown.ts',
      'interface Gone { a: 1 }\n\nconst fail = (): never => {\n  throw new Error("no config");\n};\nfail();\nexport default {};',
      4,
    ],
    ['thrown.mjs', '\nthrow new Error("no config");', 2],
  ])('an import of %s that throws, at the original line', async (name, text, line) => {
    const file = await put(name, text);
    const error = await refusal(load(file));
    expect(error).toMatchObject({ code: 'MODULE_LOAD_FAILED', details: { file } });
    expect(error.message).toContain('no config');
    // In this test runner modules of the cache are loaded by Node itself, as in production.
    expect(error.message).toContain(`${file}:${line}:`);
  });

  it('an import that throws something that is no error', async () => {
    const error = await refusal(load(await put('odd.mjs', 'throw undefined;')));
    expect(error).toMatchObject({ code: 'MODULE_LOAD_FAILED' });
  });

  it('an import that never settles, at its limit', async () => {
    const clock = manualClock();
    const loading = refusal(
      load(await put('never.mjs', 'await new Promise(() => {});'), { clock, timeoutMs: 5_000 }),
    );
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(5_000);
    expect(await loading).toMatchObject({
      code: 'MODULE_LOAD_TIMEOUT',
      details: { timeoutMs: 5_000 },
    });
    expect(clock.pending).toBe(0);
  });

  it('an import that is cancelled, with the reason', async () => {
    const controller = new AbortController();
    const clock = manualClock();
    const loading = refusal(
      load(await put('slow.mjs', 'await new Promise(() => {});'), {
        clock,
        signal: controller.signal,
      }),
    );
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    controller.abort(new CancelledError('enough'));
    expect(await loading).toMatchObject({ code: 'CANCELLED', message: 'enough' });
  });

  it('a package that is not installed, with the command of the package manager at hand', async () => {
    const typed = await put(
      'typed.ts',
      "import 'left-pear/sub';\nexport default { process() {} };",
    );
    expect(await refusal(load(typed))).toMatchObject({
      code: 'MISSING_DEPENDENCY',
      details: { package: 'left-pear' },
      hint: 'Run `npm install left-pear`.',
    });
    await put('pnpm-lock.yaml', '');
    const plain = await put(
      'plain.mjs',
      "import '@fruit/pear/sub';\nexport default { process() {} };",
    );
    expect(await refusal(load(plain))).toMatchObject({
      code: 'MISSING_DEPENDENCY',
      details: { package: '@fruit/pear' },
      hint: 'Run `pnpm add @fruit/pear`.',
    });
  });

  it.each([
    ['nothing.mjs', 'const a = 1;', 'nothing'],
    ['function.mjs', 'export default function greet() {}', 'default is'],
    ['numbers.mjs', 'export const a = 1, b = {};', 'a is'],
  ])('%s without a component, listing what was found', async (name, text, found) => {
    const error = await refusal(load(await put(name, text)));
    expect(error.code).toBe('EXPORT_NOT_FOUND');
    expect(error.message).toContain(found);
    expect(error.hint).toContain('defineBatch');
  });

  it('two candidates, unless one is chosen', async () => {
    const file = await put(
      'two.mjs',
      `export const one = { process() {} }; export const two = { async stream() {} };`,
    );
    const error = await refusal(load(file));
    expect(error).toMatchObject({ code: 'EXPORT_AMBIGUOUS', details: { found: ['one', 'two'] } });
    expect((await load(file, { exportName: 'two' })).component.kind).toBe('streaming');
    const missing = await refusal(load(file, { exportName: 'three' }));
    expect(missing).toMatchObject({ code: 'EXPORT_NOT_FOUND' });
    expect(missing.message).toContain('three');
    expect(missing.hint).toBe('Choose one of one, two.');
    expect((await refusal(load(file, { exportName: 'tow' }))).hint).toContain('--export two?');
  });
});

describe('stack traces of author code', () => {
  it('show the lines of the TypeScript file', async () => {
    const file = await put(
      'deep.ts',
      `type Inputs = { readonly a: string };\n\nfunction fail(inputs: Inputs): never {\n  throw new Error('deep');\n}\n\nexport default {\n  async process(inputs: Inputs) {\n    await null;\n    fail(inputs);\n  },\n};\n`,
    );
    const { component } = await load(file);
    if (component.kind !== 'batch') throw new Error(component.kind);
    const outcome = await runBatch(component, testInvocation(), testPorts());
    expect(outcome.failure?.stack).toMatch(/^deep\n/);
    expect(outcome.failure?.stack).toContain(`${file}:4:`);
    expect(outcome.failure?.stack).toContain(`${file}:10:`);
    expect(fileURLToPath(import.meta.url)).not.toBe(file);
  });
});

describe('the exports of any module', () => {
  it('come by name, also when none of them is a component', async () => {
    const file = await put('agents.ts', 'export const one: number = 1; export default [one, 2];');
    const { exports } = await loadExports(file, { cacheDirectory: join(folder, 'cache') });
    expect(Object.fromEntries(exports)).toEqual({ one: 1, default: [1, 2] });
  });
});
