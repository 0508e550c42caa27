import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { contentId, fileContentId, PyFloat } from './index.js';

const directory = mkdtempSync(join(tmpdir(), 'engramkit-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
};

describe('fileContentId', () => {
  it('names bytes as they are, of any size', async () => {
    const bytes = Buffer.alloc(300_000, 'né');
    const path = file('raw.bin', bytes);
    const id = contentId(bytes, { scheme: 'cidv1-raw' });
    expect(await fileContentId(path, { scheme: 'cidv1-raw' })).toBe(id);
    expect(await fileContentId(pathToFileURL(path), { scheme: 'cidv1-raw', maxBytes: 10 })).toBe(
      id,
    );
    expect(
      await fileContentId(
        (async function* () {
          yield bytes;
        })(),
        { scheme: 'cidv1-raw', digest: 'sha3-256' },
      ),
    ).toBe(contentId(bytes, { scheme: 'cidv1-raw', digest: 'sha3-256' }));
  });

  it('names JSON by its value, whatever its layout, and tells 1.0 from 1', async () => {
    const path = file('value.json', '{ "b": 1.0,\n "a": 9007199254740993 }\n');
    expect(await fileContentId(path, { scheme: 'python' })).toBe(
      contentId({ a: 9007199254740993n, b: new PyFloat(1) }),
    );
    const jcs = file('jcs.json', '{"b": 1.0, "a": 2}');
    expect(await fileContentId(jcs, { scheme: 'jcs' })).toBe(
      contentId({ a: 2, b: 1 }, { scheme: 'jcs' }),
    );
  });

  it.each([
    ['there is no file', 'missing.json', undefined, 'CONTENT_FILE_UNREADABLE'],
    ['it is a directory', '.', undefined, 'CONTENT_FILE_UNREADABLE'],
    ['it is no JSON', 'bad.json', '{"a":', 'JSON_INVALID'],
    ['a member occurs twice', 'twice.json', '{"a":1,"a":1}', 'JSON_DUPLICATE_KEY'],
    ['it is too large', 'large.json', `"${'x'.repeat(100)}"`, 'JSON_TOO_LARGE'],
    ['it holds NaN under a scheme without', 'nan.json', '[NaN]', 'JSON_INVALID'],
  ])('says so when %s', async (_, name, content, code) => {
    const path = content === undefined ? join(directory, name) : file(name, content);
    const outcome = fileContentId(path, { scheme: 'jcs', maxBytes: 50 });
    await expect(outcome).rejects.toMatchObject({ code, message: expect.stringContaining(path) });
  });

  it('stops when it is told to', async () => {
    const path = file('stop.bin', 'x');
    const reason = new Error('enough');
    await expect(
      fileContentId(path, { scheme: 'cidv1-raw', signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });
});
