import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SecretDirectory } from '../test/secret-directory.js';
import { secretsFromSources } from './secret-sources.js';

const { signal } = new AbortController();

describe('secretsFromSources', () => {
  test('reads single variables and single files', async () => {
    using directory = new SecretDirectory();
    const path = directory.write('whatever', 'from file\n');
    const secrets = await secretsFromSources(
      { apiKey: 'env:API_KEY', cert: `file:${path}` },
      { env: { API_KEY: 'from env\n', API_KEY_2: 'other' }, signal },
    );
    expect(secrets.names()).toEqual(['apiKey', 'cert']);
    expect(secrets.require('apiKey')).toBe('from env\n');
    expect(secrets.require('cert')).toBe('from file');
    // @ts-expect-error Only the named secrets can be asked for.
    expect(secrets.get('other')).toBeUndefined();
  });

  test('tells every failure at once and repeats no source', async () => {
    using directory = new SecretDirectory();
    const sources = {
      a: 'env:sk-live-1234',
      b: 'sk-live-1234',
      c: `file:${directory.path}`,
      d: `file:${join(directory.path, 'sk-live-1234')}`,
      e: 'env:__proto__',
      f: 'env:',
    };
    const error = await secretsFromSources(sources, { env: {}, signal }).catch((thrown) => thrown);
    expect(error.message.split('\n')).toEqual([
      'failed to expand secrets: secret expansion failed: secret "a" (env): the variable is not set',
      'secret expansion failed: secret "b" (env): the source must start with env: or file:',
      'secret expansion failed: secret "c" (file): lstat: it is a directory, not a file',
      'secret expansion failed: secret "d" (file): lstat: no such file or directory',
      'secret expansion failed: secret "e" (env): the variable is not set',
      'secret expansion failed: secret "f" (env): the variable is not set',
    ]);
    expect(JSON.stringify(error)).not.toContain('sk-live');
    expect(JSON.stringify(error)).not.toContain(directory.path);
  });

  test('rejects with the reason of an aborted signal', async () => {
    const aborted = secretsFromSources(
      { a: 'env:A' },
      { env: { A: 'x' }, signal: AbortSignal.abort('stop') },
    );
    await expect(aborted).rejects.toMatchObject({ code: 'CANCELLED', cause: 'stop' });
  });
});
