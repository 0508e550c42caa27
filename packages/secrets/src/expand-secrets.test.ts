import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CancelledError, EngramkitError } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { SecretDirectory } from '../test/secret-directory.js';
import { type ExpandSecretsOptions, expandSecrets } from './expand-secrets.js';
import { secretDescriptorsFromEnv } from './secret-descriptors.js';
import { nodeSecretFileSystem, type SecretFileSystem } from './secret-file-system.js';
import type { SecretStore } from './secret-store.js';

type Rest = Partial<Omit<ExpandSecretsOptions, 'descriptors'>>;

function expand(
  descriptors: Readonly<Record<string, string>>,
  rest: Rest = {},
): Promise<SecretStore> {
  const { signal } = new AbortController();
  return expandSecrets({ descriptors, env: {}, signal, ...rest });
}

async function refusal(
  descriptors: Readonly<Record<string, string>>,
  rest: Rest = {},
): Promise<EngramkitError> {
  const outcome: unknown = await expand(descriptors, rest).catch((error: unknown) => error);
  if (outcome instanceof EngramkitError) return outcome;
  throw new Error(`not refused: ${String(outcome)}`);
}

function plain(store: SecretStore): Readonly<Record<string, string | undefined>> {
  return store.select(...store.names());
}

function warnings() {
  const said: [string, unknown][] = [];
  return {
    said,
    logger: { warn: (message: string, fields?: unknown) => said.push([message, fields]) },
  };
}

function failureCodes(error: EngramkitError): unknown {
  const failures = (error.details?.failures ?? []) as readonly { readonly code: string }[];
  return failures.map(({ code }) => code);
}

describe('collecting descriptors', () => {
  test('takes the prefix off and passes over what describes no secret', () => {
    const env = {
      BUBU_SECRET_auth: 'env:auth_',
      BUBU_SECRET_auth_NAME: 'stripe-auth',
      BUBU_SECRET_: 'x',
      BUBU_SECRET_a__b: 'x',
      BUBU_SECRET___proto__: 'x',
      BUBU_SECRET_empty: '',
      BUBU_SECRET_gone: undefined,
      OTHER: 'x',
      bubu_secret_lower: 'x',
    };
    expect(secretDescriptorsFromEnv(env)).toEqual({ auth: 'env:auth_', empty: '' });
  });
});

describe('env: descriptors', () => {
  const env = {
    auth_token: 'T',
    auth_user: 'U',
    AUTH_other: 'O',
    auth: 'exact',
    auth_: 'prefix itself',
    auth_gone: undefined,
  };

  test('deliver every variable with the prefix, keyed by the rest', async () => {
    const { said, logger } = warnings();
    expect(plain(await expand({ auth: 'env:auth_' }, { env, logger }))).toEqual({
      token: 'T',
      user: 'U',
    });
    expect(said).toEqual([
      ['a variable named like the prefix was skipped', { secret: 'auth', source: 'env' }],
    ]);
  });

  test('do not trim the prefix, and warn when nothing matches', async () => {
    const { said, logger } = warnings();
    expect((await expand({ auth: 'env: auth_' }, { env, logger })).names()).toEqual([]);
    expect(said).toEqual([
      ['no variable starts with the prefix', { secret: 'auth', source: 'env' }],
    ]);
  });

  test('with an empty prefix never expand everything', async () => {
    const error = await refusal({ auth: 'env:' }, { env });
    expect(error.message).toBe(
      'failed to expand secrets: secret expansion failed: secret "auth" (env): the prefix is empty; it would match everything',
    );
    expect(failureCodes(error)).toEqual(['SECRET_PREFIX_EMPTY']);
  });

  test('trim keys and skip empty ones', async () => {
    const { said, logger } = warnings();
    const spaced = { 'p_ a ': '1', 'p_  ': '2' };
    expect(plain(await expand({ x: 'env:p_' }, { env: spaced, logger }))).toEqual({ a: '1' });
    expect(said.map(([message]) => message)).toEqual(['a secret with an empty key was skipped']);
  });
});

describe('file: descriptors', () => {
  test('deliver a file under its base name, without the newlines at its end', async () => {
    using directory = new SecretDirectory();
    const path = directory.write('token', ' käse \r\n\n\n');
    expect(plain(await expand({ x: `file: ${path} ` }))).toEqual({ token: ' käse \r' });
  });

  test('deliver a directory with all below it, keyed by relative path', async () => {
    using directory = new SecretDirectory();
    directory.write('token', 'a\n');
    directory.write('db/user', 'b');
    directory.write('db/deep/er/password', 'c');
    directory.write('empty', '');
    expect(plain(await expand({ x: `file:${directory.path}` }))).toEqual({
      'db/deep/er/password': 'c',
      'db/user': 'b',
      empty: '',
      token: 'a',
    });
  });

  test('skip links and special files with a warning that names no path', async () => {
    using directory = new SecretDirectory();
    directory.write('token', 'a');
    directory.link('outside', '/etc/hostname');
    directory.link('inside', 'token');
    execFileSync('mkfifo', [join(directory.path, 'pipe')]);
    const { said, logger } = warnings();
    expect(plain(await expand({ x: `file:${directory.path}` }, { logger }))).toEqual({
      token: 'a',
    });
    expect(said.map(([message]) => message).sort()).toEqual([
      'a special file was skipped',
      'a symbolic link was skipped',
      'a symbolic link was skipped',
    ]);
    expect(JSON.stringify(said)).not.toContain(directory.path);
  });

  test('deliver a projected volume under plain keys', async () => {
    using directory = new SecretDirectory();
    directory.project({ token: 'old', gone: 'x' });
    directory.project({ token: 'new', 'certs/ca.crt': 'pem' });
    directory.write('beside', 'y');
    const { said, logger } = warnings();
    const store = await expand({ x: `file:${directory.path}` }, { logger });
    expect(plain(store)).toEqual({ beside: 'y', 'certs/ca.crt': 'pem', token: 'new' });
    expect(said).toEqual([]);
  });

  test('do not follow a projection link that leads outside', async () => {
    using directory = new SecretDirectory();
    using outside = new SecretDirectory();
    outside.write('stolen', 'x');
    directory.link('..data', outside.path);
    directory.write('token', 'a');
    expect((await expand({ x: `file:${directory.path}` })).names()).toEqual(['token']);
  });

  test.each<[string, (directory: SecretDirectory) => string, string, string]>([
    [
      'a missing file',
      (directory) => join(directory.path, 'nope'),
      'SECRET_FILE_MISSING',
      'lstat: no such file or directory',
    ],
    [
      'a path through a file',
      (directory) => join(directory.write('f', ''), 'x'),
      'SECRET_FILE_MISSING',
      'lstat: not a directory',
    ],
    ['an empty path', () => '  ', 'SECRET_PATH_EMPTY', 'the path is empty'],
    ['a path with a NUL', () => '/x\0y', 'SECRET_FILE_MISSING', 'lstat: invalid path'],
    [
      'a link at the root',
      (directory) => {
        directory.write('real', 'x');
        directory.link('link', 'real');
        return join(directory.path, 'link');
      },
      'SECRET_FILE_LINK',
      'lstat: the root must not be a symbolic link',
    ],
    [
      'a pipe',
      (directory) => {
        execFileSync('mkfifo', [join(directory.path, 'pipe')]);
        return join(directory.path, 'pipe');
      },
      'SECRET_FILE_IRREGULAR',
      'lstat: the root is neither a regular file nor a directory',
    ],
    [
      'bytes that are no text',
      (directory) => directory.write('binary', Uint8Array.of(0xff, 0xfe, 0)),
      'SECRET_NOT_TEXT',
      'a file is not UTF-8 text; encode binary secrets',
    ],
    [
      'a file above 1 MiB',
      (directory) => directory.write('big', 'x'.repeat(1024 * 1024 + 1)),
      'SECRET_FILE_TOO_LARGE',
      'a file has more than 1048576 bytes',
    ],
    [
      'a directory of 300 files',
      (directory) => {
        for (let index = 0; index < 300; index++) directory.write(`f${index}`, 'x');
        return directory.path;
      },
      'SECRET_TOO_MANY_FILES',
      'the directory has more than 256 files',
    ],
    [
      'more than 8 MiB in all',
      (directory) => {
        for (let index = 0; index < 9; index++)
          directory.write(`f${index}`, 'x'.repeat(1024 * 1024));
        return directory.path;
      },
      'SECRET_TOTAL_TOO_LARGE',
      'the files have more than 8388608 bytes in total',
    ],
    [
      'directories without an end',
      (directory) => {
        directory.write(`${'d/'.repeat(40)}f`, 'x');
        return directory.path;
      },
      'SECRET_TOO_MANY_FILES',
      'the directory is nested deeper than 32 levels',
    ],
  ])('refuse %s without naming the path', async (_name, prepare, code, reason) => {
    using directory = new SecretDirectory();
    const path = prepare(directory);
    const error = await refusal({ db: `file:${path}` });
    expect(error.message).toBe(
      `failed to expand secrets: secret expansion failed: secret "db" (file): ${reason}`,
    );
    expect(failureCodes(error)).toEqual([code]);
    expect(JSON.stringify(error)).not.toContain(directory.path);
  });

  test('take exactly what the limits allow', async () => {
    using directory = new SecretDirectory();
    for (let index = 0; index < 248; index++) directory.write(`small${index}`, '');
    for (let index = 0; index < 8; index++) directory.write(`big${index}`, 'x'.repeat(1024 * 1024));
    expect((await expand({ x: `file:${directory.path}` })).names()).toHaveLength(256);
  });
});

/** The machine's files, with a chance to act before a file is read. */
function interfering(act: (path: string, reads: number) => void): SecretFileSystem {
  let reads = 0;
  return {
    ...nodeSecretFileSystem,
    read(path, maxBytes) {
      reads += 1;
      act(path, reads);
      return nodeSecretFileSystem.read(path, maxBytes);
    },
  };
}

describe('rotation while reading', () => {
  test('of a projected volume yields the new generation as a whole', async () => {
    using directory = new SecretDirectory();
    directory.project({ password: 'old', user: 'old' });
    const fileSystem = interfering((_path, reads) => {
      if (reads === 2) directory.project({ password: 'new', user: 'new' });
    });
    expect(plain(await expand({ x: `file:${directory.path}` }, { fileSystem }))).toEqual({
      password: 'new',
      user: 'new',
    });
  });

  test('of plain files yields the new contents as a whole', async () => {
    using directory = new SecretDirectory();
    directory.write('a', 'old');
    directory.write('b', 'old');
    const fileSystem = interfering((_path, reads) => {
      if (reads !== 2) return;
      directory.write('a', 'newer');
      directory.write('b', 'newer');
    });
    expect(plain(await expand({ x: `file:${directory.path}` }, { fileSystem }))).toEqual({
      a: 'newer',
      b: 'newer',
    });
  });

  test('without an end is an error, not a mixture', async () => {
    using directory = new SecretDirectory();
    const fileSystem = interfering((_path, reads) => {
      directory.write('a', 'x'.repeat(reads));
    });
    directory.write('a', '');
    const error = await refusal({ x: `file:${directory.path}` }, { fileSystem });
    expect(failureCodes(error)).toEqual(['SECRET_FILE_CHANGED']);
  });

  test('to a file that vanished is reported as missing', async () => {
    using directory = new SecretDirectory();
    const path = directory.write('a', 'x');
    const fileSystem = interfering(() => directory[Symbol.dispose]());
    expect(failureCodes(await refusal({ x: `file:${path}` }, { fileSystem }))).toEqual([
      'SECRET_FILE_MISSING',
    ]);
  });

  test('to a link is never followed', async () => {
    using directory = new SecretDirectory();
    using outside = new SecretDirectory();
    const stolen = outside.write('stolen', 'stolen');
    const path = directory.write('a', 'x');
    const fileSystem = interfering((_path, reads) => {
      if (reads > 1) return;
      execFileSync('ln', ['-sf', stolen, path]);
    });
    const error = await refusal({ x: `file:${path}` }, { fileSystem });
    expect(failureCodes(error)).toEqual(['SECRET_FILE_LINK']);
  });
});

describe('failing file systems', () => {
  test.each<[keyof SecretFileSystem, string, string, string]>([
    ['inspect', 'EACCES', 'SECRET_FILE_UNREADABLE', 'lstat: permission denied'],
    ['list', 'EACCES', 'SECRET_FILE_UNREADABLE', 'readdir: permission denied'],
    ['read', 'EACCES', 'SECRET_FILE_UNREADABLE', 'open: permission denied'],
    ['read', 'EIO', 'SECRET_FILE_UNREADABLE', 'open: input/output error'],
    ['read', 'EMFILE', 'SECRET_FILE_UNREADABLE', 'open: too many open files'],
    ['read', 'ESTALE', 'SECRET_FILE_UNREADABLE', 'open: estale'],
  ])('end %s with %s in a reason without path', async (operation, errno, code, reason) => {
    using directory = new SecretDirectory();
    directory.write('a', 'x');
    const fail = () =>
      Promise.reject(Object.assign(new Error(`${errno}: ${directory.path}`), { code: errno }));
    const error = await refusal(
      { db: `file:${directory.path}` },
      { fileSystem: { ...nodeSecretFileSystem, [operation]: fail } },
    );
    expect(error.message).toContain(`secret "db" (file): ${reason}`);
    expect(failureCodes(error)).toEqual([code]);
    expect(`${error.message}${error.stack}`).not.toContain(directory.path);
    expect(error.cause).toBeUndefined();
  });
});

describe('all descriptors together', () => {
  test('are tried, and every failure is told in the order of the names', async () => {
    using directory = new SecretDirectory();
    const error = await refusal(
      { z: `file:${directory.path}/no`, a: 'env:', ok: 'env:p_', m: 'file:' },
      { env: { p_x: 'hunter2-hunter2' } },
    );
    expect(error.code).toBe('SECRET_EXPANSION_FAILED');
    expect(error.message).toBe(
      [
        'failed to expand secrets: secret expansion failed: secret "a" (env): the prefix is empty; it would match everything',
        'secret expansion failed: secret "m" (file): the path is empty',
        'secret expansion failed: secret "z" (file): lstat: no such file or directory',
      ].join('\n'),
    );
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  test('keep the first of two equal keys, and let a literal win over it, each with a warning', async () => {
    const { said, logger } = warnings();
    const env = { a_token: 'from a', b_token: 'from b', a_other: 'x' };
    const store = await expand(
      { b: 'env:b_', a: 'env:a_', token: 'literal', other: 'env:none_' },
      { env, logger },
    );
    expect(plain(store)).toEqual({ other: 'x', token: 'literal' });
    expect(said).toEqual([
      [
        'a key is delivered twice; the first one is kept',
        { secret: 'b', source: 'env', key: 'token' },
      ],
      ['no variable starts with the prefix', { secret: 'other', source: 'env' }],
      [
        'a key is delivered twice; the literal replaces it',
        { secret: 'token', source: 'literal', key: 'token' },
      ],
    ]);
    expect(JSON.stringify(said)).not.toContain('from');
  });

  test('refuse equal keys when strict', async () => {
    const error = await refusal(
      { a: 'env:a_', token: 'x' },
      { env: { a_token: 'y' }, strict: true },
    );
    expect(error.message).toContain('secret "token" (env): the key "token" is delivered twice');
    expect(failureCodes(error)).toEqual(['SECRET_COLLISION']);
  });

  test('take anything else as a literal', async () => {
    expect(plain(await expand({ a: 'sk-live', b: 'ENV:x', c: ' env:y', d: '' }))).toEqual({
      a: 'sk-live',
      b: 'ENV:x',
      c: ' env:y',
      d: '',
    });
  });
});

describe('cancellation', () => {
  test('rejects with the reason and never with partial data', async () => {
    const reason = new CancelledError('shutdown');
    await expect(expand({ a: 'x' }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(expand({ a: 'x' }, { signal: AbortSignal.abort('other') })).rejects.toMatchObject({
      code: 'CANCELLED',
      cause: 'other',
    });
  });

  test('does not wait for a file system that hangs', async () => {
    using directory = new SecretDirectory();
    directory.write('a', 'x');
    for (const operation of ['inspect', 'list', 'read'] as const) {
      const controller = new AbortController();
      const removed = vi.spyOn(controller.signal, 'removeEventListener');
      const fileSystem = {
        ...nodeSecretFileSystem,
        [operation]: () => {
          queueMicrotask(() => controller.abort(new CancelledError('stop')));
          return new Promise<never>(() => undefined);
        },
      };
      const pending = expand(
        { a: `file:${directory.path}` },
        { signal: controller.signal, fileSystem },
      );
      await expect(pending).rejects.toMatchObject({ message: 'stop' });
      removed.mockRestore();
    }
  });

  test('cannot be left out', async () => {
    // @ts-expect-error A signal is required by the types as well.
    await expect(expandSecrets({ descriptors: {}, env: {} })).rejects.toMatchObject({
      code: 'SECRET_SIGNAL_MISSING',
    });
  });
});

test('the merge rule holds for any set of descriptors', async () => {
  const keys = fc.constantFrom('a', 'b', 'c');
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'p', 'q'), fc.option(fc.array(keys)), {
        maxKeys: 5,
      }),
      async (sources) => {
        const env: Record<string, string> = {};
        const descriptors: Record<string, string> = {};
        const expected = new Map<string, string>();
        for (const logical of Object.keys(sources).sort()) {
          const list = sources[logical];
          if (list === null || list === undefined) {
            descriptors[logical] = `literal ${logical}`;
            expected.set(logical, `literal ${logical}`);
            continue;
          }
          descriptors[logical] = `env:${logical}_`;
          for (const key of list) {
            env[`${logical}_${key}`] = `${logical}/${key}`;
            if (!expected.has(key)) expected.set(key, `${logical}/${key}`);
          }
        }
        expect(plain(await expand(descriptors, { env }))).toEqual(Object.fromEntries(expected));
      },
    ),
  );
});
