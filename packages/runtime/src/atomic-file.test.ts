import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngramkitError } from '@engramkit/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeError, writeFileAtomic } from './atomic-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an atomic write', () => {
  it('leaves the content of one of its concurrent writers, whole, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 2_000 }), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (contents, durable) => {
          const path = join(folder, 'new', 'file.txt');
          await Promise.all(contents.map((content) => writeFileAtomic(path, content, { durable })));
          expect(contents).toContain(await readFile(path, 'utf8'));
          expect(await readdir(join(folder, 'new'))).toEqual(['file.txt']);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('that fails leaves what was there and no temporary file', async () => {
    const path = join(folder, 'kept.txt');
    await writeFileAtomic(path, 'first');
    const broken = Symbol('not text') as never;
    await expect(writeFileAtomic(path, broken)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
    expect(await readFile(path, 'utf8')).toBe('first');
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('the error of a failed write', () => {
  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EACCES', 'PERMISSION_DENIED'],
    ['EROFS', 'PERMISSION_DENIED'],
    ['EIO', 'WRITE_FAILED'],
  ])('%s is %s and names the path', (code, expected) => {
    const cause = Object.assign(new Error('no'), { code });
    const error = writeError('/state/runs/x/run.json', cause);
    expect(error).toBeInstanceOf(EngramkitError);
    expect(error).toMatchObject({ code: expected, cause });
    expect(error.message).toContain('/state/runs/x/run.json');
  });
});
