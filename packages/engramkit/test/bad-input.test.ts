import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CallOptions, type Ended, engramkit, temporaryFolder } from './cli-process.js';

const folder = temporaryFolder();
const file = (name: string): string => join(folder.path, name);
const fault = (name: string, ...more: string[]): string[] => [
  'run',
  'faults.ts',
  '--export',
  name,
  ...more,
];

/** One bad input: what is called, how it ends, and what must stand on the screen. */
interface Case {
  readonly name: string;
  readonly args: () => string[];
  readonly code: number;
  readonly shows: readonly (string | RegExp)[];
  readonly never?: readonly string[];
  readonly options?: () => CallOptions;
}

/** Runs a case for people and again for programs, whose document must be valid in every case. */
async function check({ args, code, shows, never = [], options }: Case): Promise<void> {
  const state = ['--directory', file('state')];
  const place = args().includes('run') || args().includes('check') ? state : [];
  const [human, machine] = await Promise.all([
    engramkit([...args(), ...place], options?.()),
    engramkit([...args(), ...place, '--json'], options?.()),
  ]);
  // Long lines are broken at spaces, so that words are compared without their lines.
  const seen = (human.stdout + human.stderr).replace(/\s+/g, ' ');
  for (const text of shows) expect(seen).toMatch(text);
  for (const text of [...never, ' at async ', 'node:internal']) {
    expect(seen).not.toContain(text);
    if (never.includes(text)) expect(machine.stdout + machine.stderr).not.toContain(text);
  }
  expect(human.code, seen).toBe(code);
  expect(machine.code, machine.stdout).toBe(code);
  expect(documentOf(machine).exitCode).toBe(code);
}

function documentOf({ stdout }: Ended): { readonly exitCode: number } & Record<string, unknown> {
  return JSON.parse(stdout);
}

function table(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    it.each(cases)('$name', check, 60_000);
  });
}

beforeAll(() => {
  writeFileSync(file('secret'), 'hunter2-hunter2\n');
  symlinkSync(file('secret'), file('link'));
  mkdirSync(file('many'));
  for (let index = 0; index < 300; index += 1) writeFileSync(file(`many/${index}`), 'x');
  writeFileSync(file('large'), Buffer.alloc(2 * 1024 * 1024, 'x'));
  writeFileSync(file('binary'), Uint8Array.from([0xff, 0xfe, 0x00]));
  writeFileSync(file('deep.json'), '['.repeat(100_000) + ']'.repeat(100_000));
  writeFileSync(file('broken.json'), '{\n  "who": "Ada",\n  "times": 1x\n}\n');
  writeFileSync(file('proto.json'), '{"who": "Ada", "__proto__": {"admin": true}}');
  mkdirSync(file('locked'), { mode: 0o500 });
  writeFileSync(file('plain-file'), '');
});

table('the command line', [
  {
    name: 'unknown command',
    args: () => ['rnu', 'greet.ts'],
    code: 2,
    shows: ['unknown command "rnu"', 'Did you mean "engramkit run"?'],
  },
  {
    name: 'unknown flag',
    args: () => ['run', 'greet.ts', '--input', '{}'],
    code: 2,
    shows: ['unknown flag --input', 'Did you mean --inputs?', 'engramkit help run'],
  },
  {
    name: 'flag before the command',
    args: () => ['--json', 'run', 'greet.ts'],
    code: 2,
    shows: ['unknown flag --json before the command', 'Flags come after'],
  },
  { name: 'missing module', args: () => ['run'], code: 2, shows: ['<module> is missing'] },
  {
    name: 'bad duration',
    args: () => ['run', 'greet.ts', '--timeout', '30'],
    code: 2,
    shows: ['--timeout 30 is not a duration', '30s'],
  },
  {
    name: 'no time at all',
    args: () => ['run', 'greet.ts', '--timeout', '0s'],
    code: 2,
    shows: ['leaves no time'],
  },
  {
    name: 'unknown level',
    args: () => ['run', 'greet.ts', '--log-level', 'debgu'],
    code: 2,
    shows: ['Did you mean debug?'],
  },
  {
    name: 'a secret on the command line',
    args: () => ['run', 'greet.ts', '--secret', 'token=hunter2'],
    code: 2,
    shows: ['token names neither a variable nor a file', 'NAME=env:VARIABLE'],
    never: ['hunter2'],
  },
]);

table('the module', [
  {
    name: 'missing, with a suggestion',
    args: () => ['run', 'great.ts'],
    code: 1,
    shows: ['great.ts', /Did you mean .*greet\.ts/, 'MODULE_NOT_FOUND'],
  },
  {
    name: 'in the wrong directory',
    args: () => ['run', 'greet.ts'],
    options: () => ({ directory: folder.path }),
    code: 1,
    shows: ['no module at', 'greet.ts', 'folder you are in'],
  },
  {
    name: 'a directory',
    args: () => ['run', '.'],
    code: 1,
    shows: ['is a directory', 'Name the file'],
  },
  {
    name: 'syntax error in TypeScript',
    args: () => ['run', 'syntax-error.ts'],
    code: 1,
    shows: [/syntax-error\.ts:4:29/, 'broken: )', '^', 'MODULE_SYNTAX_ERROR'],
  },
  {
    name: 'syntax error in JavaScript',
    args: () => ['run', 'syntax-error.mjs'],
    code: 1,
    shows: [/syntax-error\.mjs:1:44/, '^', 'MODULE_SYNTAX_ERROR'],
  },
  {
    name: 'throws on import',
    args: () => ['run', 'throws-on-import.ts'],
    code: 1,
    shows: [/throws-on-import\.ts:2/, 'LIMIT is not configured', 'MODULE_LOAD_FAILED'],
  },
  {
    name: 'never settles',
    args: () => ['run', 'never-settles.mjs', '--load-timeout', '300ms'],
    code: 1,
    shows: ['importing', 'never-settles.mjs did not end within 300 ms', 'top-level await'],
  },
  {
    name: 'imports what is not installed',
    args: () => ['run', 'missing-package.ts'],
    code: 1,
    shows: [
      'a-package-that-nobody-installed',
      'not installed',
      /(?:npm install|pnpm add) a-package/,
    ],
  },
  {
    name: 'no component among the exports',
    args: () => ['run', 'no-component.ts'],
    code: 1,
    shows: ['no component', 'answer', 'default', 'defineBatch', 'EXPORT_NOT_FOUND'],
  },
  {
    name: 'two components',
    args: () => ['run', 'two-components.ts'],
    code: 1,
    shows: ['first, second', '--export first', 'EXPORT_AMBIGUOUS'],
  },
  {
    name: 'an export that is not there',
    args: () => ['run', 'two-components.ts', '--export', 'third'],
    code: 1,
    shows: ['no export third', 'EXPORT_NOT_FOUND'],
  },
]);

table('inputs and config', [
  {
    name: 'not JSON',
    args: () => ['run', 'greet.ts', '--inputs', '{who: Ada}'],
    code: 2,
    shows: ['--inputs', 'single quotes', 'JSON_INVALID'],
  },
  {
    name: 'a file without its sign',
    args: () => ['run', 'greet.ts', '--inputs', 'inputs.yaml'],
    code: 2,
    shows: ['--inputs @inputs.yaml'],
  },
  {
    name: 'a file with a mistake',
    args: () => ['run', 'greet.ts', '--inputs', `@${file('broken.json')}`],
    code: 1,
    shows: ['broken.json', /line 3|3:/, 'JSON_INVALID'],
  },
  {
    name: 'a file that is not there',
    args: () => ['run', 'greet.ts', '--inputs', '@absent.json'],
    code: 1,
    shows: ['absent.json does not exist', 'spelling'],
  },
  {
    name: 'too deep',
    args: () => ['run', 'greet.ts', '--inputs', `@${file('deep.json')}`],
    code: 1,
    shows: ['deep.json', 'JSON_TOO_DEEP'],
  },
  {
    name: 'too big',
    args: () => ['run', 'greet.ts', '--inputs', '-'],
    options: () => ({ stdin: Buffer.alloc(65 * 1024 * 1024, ' ') }),
    code: 1,
    shows: ['standard input', 'at most 64.0 MiB', 'JSON_TOO_LARGE'],
  },
  {
    name: '__proto__',
    args: () => ['run', 'greet.ts', '--inputs', `@${file('proto.json')}`],
    code: 1,
    shows: ['proto.json', '__proto__', 'JSON_FORBIDDEN_KEY'],
  },
  {
    name: 'not an object',
    args: () => ['run', 'greet.ts', '--inputs', '[1]'],
    code: 1,
    shows: ['must be an object', 'a list'],
  },
  {
    name: 'both from standard input',
    args: () => ['run', 'greet.ts', '--inputs', '-', '--config', '-'],
    code: 2,
    shows: ['cannot both come from standard input'],
  },
  {
    name: 'every issue of the schema, with paths, without values',
    args: () => [
      ...fault('strictSchema', '--secret', `token=file:${file('secret')}`),
      ...['--config', '{"url":"https://example.org","retries":2}'],
      ...['--inputs', '{"user":{"age":-1,"mail":"secret-value-of-mine"}}'],
    ],
    code: 1,
    shows: ['/user/age', '/user/mail', 'SCHEMA_MISMATCH'],
    never: ['secret-value-of-mine', 'hunter2'],
  },
]);

table('secrets', [
  {
    name: 'file missing',
    args: () => fault('withSecret', '--secret', `token=file:${file('nowhere-to-be-found')}`),
    code: 1,
    shows: ['"token"', 'failed to expand secrets'],
    never: ['nowhere-to-be-found'],
  },
  {
    name: 'symbolic link',
    args: () => fault('withSecret', '--secret', `token=file:${file('link')}`),
    code: 1,
    shows: ['"token"', /sym(bolic )?link/i],
    never: ['hunter2'],
  },
  {
    name: 'directory with 300 files',
    args: () => fault('withSecret', '--secret', `token=file:${file('many')}`),
    code: 1,
    shows: ['"token"', /directory|regular file/],
  },
  {
    name: 'file of 2 MB',
    args: () => fault('withSecret', '--secret', `token=file:${file('large')}`),
    code: 1,
    shows: ['"token"', /1 MiB|1048576|1,048,576|larg|big/],
  },
  {
    name: 'binary file',
    args: () => fault('withSecret', '--secret', `token=file:${file('binary')}`),
    code: 1,
    shows: ['"token"', /UTF-8/],
  },
  {
    name: 'variable not set',
    args: () => fault('withSecret', '--secret', 'token=env:NOT_SET_ANYWHERE'),
    code: 1,
    shows: ['"token"', 'not set'],
  },
  {
    name: 'required but not given',
    args: () => fault('withSecret'),
    code: 1,
    shows: ['token', /SECRET_NOT_FOUND|secret/],
  },
  {
    name: 'in an error of the component',
    args: () => fault('leaksSecret', '--secret', `token=file:${file('secret')}`),
    code: 1,
    shows: ['login with', 'refused', '[REDACTED]'],
    never: ['hunter2'],
  },
]);

table('what the component does', [
  {
    name: 'cyclic output',
    args: () => fault('cyclicOutput'),
    code: 1,
    shows: ['the output', '/nested/0/self', /cycl|circular/i],
  },
  {
    name: 'BigInt in the output',
    args: () => fault('bigintOutput'),
    code: 1,
    shows: ['/total/amount', /bigint/i],
  },
  {
    name: 'output of another shape',
    args: () => fault('wrongOutput'),
    code: 1,
    shows: ['output schema validation failed', '/count'],
  },
  {
    name: 'throws undefined',
    args: () => fault('throwsUndefined'),
    code: 1,
    shows: ['panicked: undefined', 'Throw an Error'],
  },
  {
    name: 'throws a proxy whose traps throw',
    args: () => fault('throwsProxy'),
    code: 1,
    shows: ['panicked', 'cannot be read'],
  },
  {
    name: 'throws a frozen error',
    args: () => fault('throwsFrozen'),
    code: 1,
    shows: ['frozen solid'],
  },
  {
    name: 'throws an error that is its own cause',
    args: () => fault('throwsCyclicCause'),
    code: 1,
    shows: ['round and round'],
  },
  {
    name: 'throws a structured error',
    args: () => fault('throwsStructured'),
    code: 1,
    shows: ['the order is empty', 'EMPTY_ORDER'],
  },
  {
    name: 'init throws',
    args: () => fault('initThrows'),
    code: 1,
    shows: ['init:', 'engram initialization failed: no database'],
  },
  {
    name: 'init hangs past the deadline',
    args: () => fault('initHangs', '--timeout', '100ms'),
    code: 1,
    shows: ['100 ms'],
  },
  {
    name: 'process ignores its signal',
    args: () => fault('ignoresSignal', '--timeout', '100ms'),
    code: 124,
    shows: ['ran out of time', '100 ms', 'left behind', 'DEADLINE_EXCEEDED', '--timeout'],
  },
  {
    name: 'awaits what can never happen',
    args: () => fault('stalls'),
    code: 1,
    shows: ['the run can never end', 'RUN_STALLED'],
  },
  {
    name: 'a rejection nobody awaits, during the run',
    args: () => fault('floatingDuring'),
    code: 1,
    shows: ['nobody awaited me', 'Await every promise'],
  },
  {
    name: 'a rejection nobody awaits, after the end',
    args: () => fault('floatingAfter'),
    code: 1,
    shows: ['too late', /nobody awaits|after the run was over/],
  },
]);

describe('code that blocks the event loop', () => {
  it('is ended with 124 past its deadline, and leaves a record', async () => {
    const state = file('busy');
    const { code, stderr } = await engramkit(
      fault('busyLoop', '--timeout', '200ms', '--directory', state),
    );
    expect(stderr).toContain('blocked the event loop past its limit of 200 ms');
    expect(code).toBe(124);
    const listed = await engramkit(['runs', 'list', '--json', '--directory', state]);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ status: 'timed-out', exitCode: 124 }]);
  });
});

describe('an output that is too large for the record', () => {
  it('is kept whole in a file of its own, and the report says where', async () => {
    const state = file('huge');
    const { code, stdout } = await engramkit(fault('hugeOutput', '--directory', state));
    expect(code).toBe(0);
    expect(stdout.length).toBeLessThan(5_000);
    const [, path = ''] = /the whole output is in (\S+)/.exec(stdout) ?? [];
    expect(statSync(path).size).toBeGreaterThan(80_000_000);
  });
});

describe('the state directory', () => {
  it('that is below a file is refused in words, and nothing is run', async () => {
    const state = file('plain-file/state');
    const { code, stderr } = await engramkit(['run', 'plain.mjs', '--directory', state]);
    expect(stderr).toContain(state);
    expect(code).toBe(1);
  });

  it.skipIf(process.getuid?.() === 0)('without permission is refused in words', async () => {
    const state = file('locked/state');
    const { code, stderr } = await engramkit(['run', 'plain.mjs', '--directory', state]);
    expect(stderr).toMatch(/PERMISSION_DENIED/);
    expect(code).toBe(1);
  });

  it('keeps whole records only, also of failed runs', async () => {
    const state = file('whole');
    await engramkit(fault('throwsUndefined', '--directory', state));
    const { stdout } = await engramkit(['runs', 'show', 'last', '--json', '--directory', state]);
    const { files, status } = JSON.parse(stdout);
    expect(status).toBe('failed');
    expect(existsSync(files.record)).toBe(true);
    expect(() => JSON.parse(readFileSync(files.record, 'utf8'))).not.toThrow();
  });
});
