import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { engramkit, start, temporaryFolder } from './cli-process.js';

const folder = temporaryFolder();
const state = (name: string): string[] => ['--directory', join(folder.path, name)];

describe('engramkit', () => {
  it('shows its version and its help', async () => {
    const version = await engramkit(['--version']);
    expect(version).toMatchObject({ code: 0, stderr: '' });
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await engramkit(['--help']);
    for (const name of ['run', 'check', 'describe', 'runs', 'doctor', 'help']) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
    expect(help.code).toBe(0);
    expect(await engramkit([])).toMatchObject({ code: 2, stdout: help.stdout });
  });

  it.each(['run', 'check', 'describe', 'runs', 'doctor'])(
    'explains %s in two ways',
    async (name) => {
      const [long, short] = await Promise.all([
        engramkit([name, '--help', '--nonsense']),
        engramkit(['help', name]),
      ]);
      expect(long).toEqual(short);
      expect(long.stdout).toContain(`engramkit ${name}`);
      expect(long.stdout).toContain('--json');
      expect(Math.max(...long.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(
        100,
      );
    },
  );
});

describe('run', () => {
  it('runs TypeScript with config, YAML inputs and a record', async () => {
    const { code, stdout, stderr } = await engramkit([
      ...['run', 'greet.ts', '--config', '{"greeting":"Hallo"}', '--inputs', '@inputs.yaml'],
      ...state('human'),
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('✔ greet 1.2.3 succeeded in');
    expect(stdout).toContain('text: "Hallo, Ada! Hallo, Ada!"');
    expect(stdout).toMatch(/Time\n {2}load-module +\d/);
    expect(stdout).toMatch(/Record\n {2}\S+run\.json/);
    expect(stdout).toContain('runs show last');
    expect(stderr).toBe('');
  });

  it('decodes weakly, so that numbers may come as text', async () => {
    const { stdout } = await engramkit(
      [...['run', 'greet.ts', '--inputs', '-', '--json', ...state('weak')]],
      { stdin: '{"who":"Ada","times":"2"}' },
    );
    expect(JSON.parse(stdout).output).toEqual({ text: 'Hello, Ada! Hello, Ada!' });
  });

  it('gives programs everything in one document', async () => {
    const { stdout } = await engramkit([
      'run',
      'plain.mjs',
      '--inputs',
      '{"a":1}',
      '--json',
      ...state('json'),
    ]);
    expect(JSON.parse(stdout)).toEqual({
      status: 'succeeded',
      exitCode: 0,
      runId: expect.any(String),
      component: { name: 'plain', version: '0.0.0', kind: 'batch' },
      output: { echo: { a: 1 } },
      stages: expect.arrayContaining([{ stage: 'process', durationMs: expect.any(Number) }]),
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      durationMs: expect.any(Number),
      loadMs: expect.any(Number),
      record: expect.stringMatching(/run\.json$/),
    });
  });

  it('says nothing when it is quiet and all is well', async () => {
    expect(await engramkit(['run', 'plain.mjs', '--quiet', ...state('quiet')])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('takes the export that it is told to', async () => {
    const args = ['run', 'two-components.ts', '--export', 'second', '--json', ...state('export')];
    expect(JSON.parse((await engramkit(args)).stdout).output).toEqual({ which: 'second' });
  });
});

describe('describe', () => {
  it('shows what a component takes and returns', async () => {
    const { stdout, code } = await engramkit(['describe', 'greet.ts']);
    expect(code).toBe(0);
    expect(stdout).toContain('greet 1.2.3  batch');
    expect(stdout).toMatch(/who +string/);
    expect(stdout).toMatch(/times\? +integer from 1 +default 1/);
    expect(stdout).toContain('Secrets\n  none');
  });

  it('gives programs JSON Schemas', async () => {
    const { stdout } = await engramkit(['describe', 'greet.ts', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'greet',
      kind: 'batch',
      inputs: { type: 'object', required: ['who'] },
    });
  });
});

describe('check', () => {
  it('is content with a good module', async () => {
    const { stdout, code } = await engramkit(['check', 'greet.ts']);
    expect(stdout).toContain('greet.ts is in order.');
    expect(code).toBe(0);
  });

  it.each([
    ['syntax-error.ts', 'MODULE_SYNTAX_ERROR'],
    ['no-component.ts', 'EXPORT_NOT_FOUND'],
    ['absent.ts', 'MODULE_NOT_FOUND'],
    ['bad-secret-name.ts', 'SECRET_NAME_UNDELIVERABLE'],
  ])('finds the problem of %s', async (module, code) => {
    const { stdout, code: exitCode } = await engramkit(['check', module, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'problems',
      findings: expect.arrayContaining([expect.objectContaining({ verdict: 'problem', code })]),
    });
    expect(exitCode).toBe(1);
  });
});

describe('runs', () => {
  it('lists the newest first and shows one by the beginning of its id', async () => {
    const place = state('runs');
    expect(await engramkit(['runs', 'list', ...place])).toMatchObject({ code: 0, stdout: '' });
    await engramkit(['run', 'plain.mjs', '--inputs', '{"n":1}', ...place]);
    await engramkit(['run', 'plain.mjs', '--inputs', '{"n":2}', ...place]);
    const listed = JSON.parse((await engramkit(['runs', 'list', '--json', ...place])).stdout);
    expect(listed.map(({ output }: { output: unknown }) => output)).toEqual([
      { echo: { n: 2 } },
      { echo: { n: 1 } },
    ]);
    const human = await engramkit(['runs', 'list', '--limit', '1', ...place]);
    expect(human.stdout.trim().split('\n')).toHaveLength(1);
    expect(human.stdout).toContain('succeeded');
    const shown = await engramkit(['runs', 'show', listed[1].runId.slice(0, -3), ...place]);
    expect(shown.stdout).toContain('echo: { n: 1 }');
  });

  it.each([
    [['runs', 'lst'], 2, 'Did you mean "runs list"?'],
    [['runs', 'show'], 2, 'needs the id'],
    [['runs', 'list', 'abc'], 2, 'takes no id'],
    [['runs', 'list', '--limit', '0'], 2, '--limit 0'],
    [['runs', 'show', 'nothing-like-it'], 1, 'nothing-like-it'],
  ])('%j ends with %i', async (args, code, text) => {
    const ended = await engramkit([...args, ...state('none')]);
    expect(ended.stderr.replace(/\s+/g, ' ')).toContain(text);
    expect(ended.code).toBe(code);
  });
});

describe('doctor', () => {
  it('finds this machine fit, for people and for programs', async () => {
    const [human, machine] = await Promise.all([
      engramkit(['doctor', ...state('doctor')]),
      engramkit(['doctor', '--json', ...state('doctor-json')]),
    ]);
    expect(human.stdout).toContain('modules in TypeScript load directly');
    expect(human.stdout).toContain('Nothing stands in the way.');
    expect(human.code).toBe(0);
    expect(JSON.parse(machine.stdout)).toMatchObject({ status: 'fine', exitCode: 0 });
  });

  it('says what is broken and how to mend it', async () => {
    const { code, stdout } = await engramkit(['doctor', ...state('broken')], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
    });
    expect(stdout).toMatch(/✖ tracing/);
    expect(stdout).toContain('1 thing is broken.');
    expect(code).toBe(1);
  });
});

describe('run --watch', () => {
  it('runs again on a change of an imported file, stops what is going on, and ends with Ctrl-C', async () => {
    const project = join(folder.path, 'watched project');
    mkdirSync(project);
    const helper = join(project, 'helper.ts');
    writeFileSync(join(project, 'package.json'), '{"type":"module"}');
    writeFileSync(helper, "export const word = 'one';\n");
    writeFileSync(
      join(project, 'main.ts'),
      "import { word } from './helper.ts';\nexport default { process: () => ({ word }) };\n",
    );
    const call = start(['run', 'main.ts', '--watch', ...state('watch')], { directory: project });
    await call.shows('word: "one"');
    writeFileSync(helper, 'export const word = ;\n');
    await call.shows('MODULE_SYNTAX_ERROR');
    writeFileSync(
      helper,
      "export const word = 'two';\nawait new Promise((resolve) => setTimeout(resolve, 0));\n",
    );
    await call.shows('word: "two"');
    writeFileSync(
      join(project, 'main.ts'),
      "export default { process: async () => {\n  process.stderr.write('SLOW\\n');\n  await new Promise((resolve) => setTimeout(resolve, 60_000));\n} };\n",
    );
    await call.shows('SLOW');
    writeFileSync(
      join(project, 'main.ts'),
      "export default { process: () => ({ word: 'three' }) };\n",
    );
    await call.shows('word: "three"');
    call.child.kill('SIGINT');
    expect((await call.ended).code).toBe(0);
  }, 60_000);

  it.each([
    [['--json'], '--json'],
    [['--inputs', '-'], 'standard input'],
  ])('refuses %j', async (more, text) => {
    const { code, stderr, stdout } = await engramkit(['run', 'plain.mjs', '--watch', ...more]);
    expect(stderr + stdout).toContain(text);
    expect(code).toBe(2);
  });
});

describe('a project that installed only engramkit', () => {
  it('runs a module with npx, through the link of the package manager', async () => {
    const project = join(folder.path, 'project');
    const modules = join(project, 'node_modules');
    mkdirSync(join(modules, '.bin'), { recursive: true });
    const own = fileURLToPath(new URL('..', import.meta.url));
    symlinkSync(own, join(modules, 'engramkit'));
    symlinkSync('../engramkit/dist/cli.js', join(modules, '.bin', 'engramkit'));
    writeFileSync(join(project, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(project, 'greet.ts'),
      "import { defineBatch } from 'engramkit';\nexport default defineBatch({ process: () => ({ hello: 'world' }) });\n",
    );
    const { code, stdout } = await start(['run', './greet.ts'], {
      directory: project,
      program: join(modules, '.bin', 'engramkit'),
    }).ended;
    expect(stdout).toContain('hello: "world"');
    expect(stdout).toContain('npx engramkit runs show last');
    expect(stdout).toContain('.engramkit/runs/');
    expect(code).toBe(0);
  });
});
