import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonValue, systemClock, systemRandom } from '@engramkit/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileStore } from './file-store.js';
import type { ObjectStore } from './object-store.js';
import { openPayloadStorage, type PayloadStorage } from './payload-storage.js';

const { signal } = new AbortController();
let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'payloads-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function open(
  limits: { readonly maxInlineSize?: number; readonly maxRecursionDepth?: number } = {},
  store: ObjectStore | undefined = fileStore({ root, random: systemRandom }),
): PayloadStorage {
  return openPayloadStorage({
    settings: {
      maxInlineSize: 16,
      maxRecursionDepth: 10,
      timeoutMs: 60_000,
      outputPrefix: 'outputs',
      inputPrefix: 'inputs',
      ...limits,
    },
    store,
    clock: systemClock,
    output: { id: 'team/run', schema: 'bubu://engram/team/x/output', schemaVersion: '1' },
    referenceNamespace: 'team',
    resolveKubernetes: async ({ kind, name, key }) => `${kind}/${name}/${key}`,
  });
}

const stored = async (path: string): Promise<string> => readFile(join(root, path), 'utf8');

describe('payload storage', () => {
  it('stores long texts raw, large values as JSON, and leaves small ones inline', async () => {
    const storage = open();
    const output = {
      small: 1,
      text: '<23456789012345678>',
      list: [{ a: 'x'.repeat(20) }, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
    };
    const result = await storage.dehydrate(output, { signal });
    const reference = (name: string, type: string) => ({
      $bubuStorageRef: `outputs/team/run/${name}.json`,
      $bubuStorageContentType: type,
      $bubuStorageSchema: 'bubu://engram/team/x/output',
      $bubuStorageSchemaVersion: '1',
    });
    expect(result).toEqual({
      small: 1,
      text: reference('text', 'text/plain'),
      list: [{ a: reference('list.0.a', 'text/plain') }, reference('list.1', 'application/json')],
    });
    expect(await stored('outputs/team/run/text.json')).toBe(
      '{"contentType":"raw","data":"\\u003c23456789012345678\\u003e"}',
    );
    expect(await stored('outputs/team/run/list.1.json')).toBe(
      '{"contentType":"json","data":[1,2,3,4,5,6,7,8,9]}',
    );
    expect(await storage.hydrate(result, { signal })).toEqual(output);
  });

  it('measures texts by their own bytes and other values by their escaped JSON', async () => {
    const storage = open({ maxInlineSize: 6 });
    expect(await storage.dehydrate('<<<<<<', { signal })).toBe('<<<<<<');
    expect(await storage.dehydrate(['<'], { signal })).toMatchObject({
      $bubuStorageRef: 'outputs/team/run/output.json',
    });
    expect(await storage.dehydrate('äää', { signal })).toBe('äää');
    expect(await storage.dehydrate('äääa', { signal })).toHaveProperty('$bubuStorageRef');
  });

  it('refuses what is too large when storage is off instead of passing it on', async () => {
    const storage = openPayloadStorage({
      settings: {
        maxInlineSize: 4,
        maxRecursionDepth: 3,
        timeoutMs: 1_000,
        outputPrefix: 'o',
        inputPrefix: 'i',
      },
      clock: systemClock,
      output: { id: '' },
    });
    expect(await storage.dehydrate([1], { signal })).toEqual([1]);
    await expect(storage.dehydrate('abc', { signal })).rejects.toMatchObject({
      code: 'STORAGE_DISABLED',
      retry: 'never',
      message: expect.stringContaining('storage is disabled'),
    });
    await expect(
      storage.hydrate({ a: [{ $bubuStorageRef: 'x' }] }, { signal }),
    ).rejects.toMatchObject({ code: 'STORAGE_DISABLED' });
  });

  it('stores everything at limit 0, references excepted', async () => {
    const storage = open({ maxInlineSize: 0 });
    const given = { n: 1, kept: { $bubuStorageRef: 'a/b.json', $bubuStoragePath: 'c' } };
    expect(await storage.dehydrate(given, { signal })).toMatchObject({
      n: { $bubuStorageRef: 'outputs/team/run/n.json' },
      kept: given.kept,
    });
  });

  it('stores the original of a document whose references are too many, and no needless parts', async () => {
    const storage = open();
    const output = { rows: Array.from({ length: 2_000 }, (_, row) => `${row}${'x'.repeat(20)}`) };
    const result = await storage.dehydrate(output, { signal });
    expect(result).toHaveProperty('rows.$bubuStorageRef', 'outputs/team/run/rows.json');
    expect(await readdir(join(root, 'outputs/team/run'))).toEqual(['rows.json']);
    expect(await storage.hydrate(result, { signal })).toEqual(output);
  });

  it('reads back with the same depth limit what it stored', async () => {
    const storage = open({ maxRecursionDepth: 3, maxInlineSize: 1_000 });
    const deep = { a: { b: { c: { d: { e: { f: 'g' } } } } } };
    const result = await storage.dehydrate(deep, { signal });
    expect(result).toHaveProperty('a.b.c.$bubuStorageRef');
    expect(await storage.hydrate(result, { signal })).toEqual(deep);
  });

  it('stores inputs as a whole when references alone exceed the limit', async () => {
    const storage = open();
    const inputs = { a: 'x'.repeat(30), b: 'y'.repeat(30) };
    const result = await storage.dehydrateInputs(inputs, { id: 'team/key' }, { signal });
    expect(result).toEqual({
      $bubuStorageRef: 'inputs/team/key/input.json',
      $bubuStorageContentType: 'application/json',
    });
    expect(await storage.hydrate(result, { signal })).toEqual(inputs);
  });

  it.each(['..', '.', 'a/../../../x', 'a/b', 'a\\b', '', '%', 'a.b', '\u0000', 'k'.repeat(400)])(
    'keeps the object of the hostile key %j below its folder',
    async (key) => {
      const storage = open();
      const output = { [key]: 'x'.repeat(40), a: { b: 'z'.repeat(40) } };
      const result = await storage.dehydrate(output, { signal });
      expect(await readdir(root)).toEqual(['outputs']);
      expect(await readdir(join(root, 'outputs/team/run'))).toHaveLength(2);
      expect(await storage.hydrate(result, { signal })).toEqual(output);
    },
  );

  it.each([
    '',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a\\..\\..\\x',
    'C:\\x',
    '.',
    'a\u0000b',
    './..',
  ])('refuses the hostile reference %j', async (path) => {
    await expect(
      open().hydrate({ a: { $bubuStorageRef: path } }, { signal }),
    ).rejects.toMatchObject({ code: 'STORAGE_REFERENCE_INVALID' });
  });

  it('refuses to follow a link out of the folder', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'outside-'));
    try {
      await writeFile(join(outside, 'x.json'), '{"contentType":"raw","data":"secret"}');
      await symlink(outside, join(root, 'link'));
      const storage = open();
      await expect(
        storage.hydrate({ $bubuStorageRef: 'link/x.json' }, { signal }),
      ).rejects.toMatchObject({ code: 'STORAGE_REFERENCE_INVALID' });
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('ends at references that lead back to themselves', async () => {
    await writeFile(
      join(root, 'self.json'),
      '{"contentType":"json","data":[{"$bubuStorageRef":"self.json"},{"$bubuStorageRef":"self.json"}]}',
    );
    await expect(
      open().hydrate({ $bubuStorageRef: 'self.json' }, { signal }),
    ).rejects.toMatchObject({ code: 'STORAGE_DEPTH_EXCEEDED' });
  });

  it('refuses objects larger than what may be loaded, alone or together', async () => {
    await writeFile(join(root, 'a.json'), `{"contentType":"raw","data":"${'x'.repeat(1_000)}"}`);
    const limited = (bytes: { maxObjectBytes?: number; maxTotalBytes?: number }) =>
      openPayloadStorage({
        settings: {
          maxInlineSize: 4,
          maxRecursionDepth: 3,
          timeoutMs: 1_000,
          outputPrefix: 'o',
          inputPrefix: 'i',
        },
        store: fileStore({ root, random: systemRandom }),
        clock: systemClock,
        output: { id: '' },
        ...bytes,
      });
    const reference = { $bubuStorageRef: 'a.json' };
    const code = { code: 'STORAGE_OBJECT_TOO_LARGE' };
    await expect(
      limited({ maxObjectBytes: 500 }).hydrate(reference, { signal }),
    ).rejects.toMatchObject(code);
    await expect(
      limited({ maxTotalBytes: 1_500 }).hydrate([reference, reference], { signal }),
    ).rejects.toMatchObject(code);
    expect(await limited({}).hydrate([reference], { signal })).toHaveLength(1);
  });

  it.each([
    ['{"contentType":"xml","data":1}'],
    ['{"contentType":"raw","data":1}'],
    ['{"contentType":"json"}'],
    ['[]'],
    ['{"contentType":"json","data":'],
    ['plain log text'],
  ])('names an object that is no stored value: %s', async (text) => {
    await writeFile(join(root, 'a.json'), text);
    await expect(open().hydrate({ $bubuStorageRef: 'a.json' }, { signal })).rejects.toMatchObject({
      code: 'STORAGE_OBJECT_MALFORMED',
      message: expect.stringContaining('a.json'),
    });
  });

  it('says which object is missing', async () => {
    await mkdir(join(root, 'outputs'));
    await expect(open().hydrate({ $bubuStorageRef: 'no.json' }, { signal })).rejects.toMatchObject({
      code: 'STORAGE_OBJECT_MISSING',
      message: expect.stringContaining('no.json'),
    });
  });

  it('selects inside of what it loaded, references in there included', async () => {
    const storage = open();
    const output = { items: [{ id: 'a'.repeat(30) }, { id: 'b'.repeat(30) }, {}] };
    await writeFile(
      join(root, 'all.json'),
      `{"contentType":"json","data":${JSON.stringify(await storage.dehydrate(output, { signal }))}}`,
    );
    const select = (path: string) =>
      storage.hydrate({ $bubuStorageRef: 'all.json', $bubuStoragePath: path }, { signal });
    expect(await select('items[0].id')).toBe('a'.repeat(30));
    expect(await select('.items[*].id')).toEqual(['a'.repeat(30), 'b'.repeat(30), null]);
    expect(await select(' ')).toEqual(output);
    for (const path of ['items[3]', 'none', 'items.id', 'items[x]', 'items[0', 'items[0].id.x']) {
      await expect(select(path)).rejects.toMatchObject({ code: 'STORAGE_REFERENCE_INVALID' });
    }
  });

  it('takes an object with a further key as ordinary data', async () => {
    const data = { a: { $bubuStorageRef: 'x', other: 1 }, b: { $bubuStorageRef: 1 } };
    expect(await open().hydrate(data, { signal })).toEqual(data);
  });

  it('resolves ConfigMap and Secret references of its own namespace only', async () => {
    const data = {
      a: { $bubuConfigMapRef: 'settings:level' },
      b: { $bubuSecretRef: { name: 's', key: 'k', namespace: 'team', format: 'raw' } },
      c: { $bubuSecretRef: 'other/s:k' },
      d: { $bubuSecretRef: 's:' },
      e: { $bubuSecretRef: 's:k', more: true },
    };
    expect(await open().hydrate(data, { signal })).toEqual({
      ...data,
      a: 'ConfigMap/settings/level',
      b: 'Secret/s/k',
    });
  });

  it('fails as a whole when one write fails, and never returns the value inline', async () => {
    let writes = 0;
    const failing: ObjectStore = {
      write: async () => {
        if (++writes === 2) throw new Error('disk full');
      },
      read: async () => new Uint8Array(),
      close: async () => undefined,
    };
    await expect(
      open({}, failing).dehydrate({ a: 'x'.repeat(20), b: 'y'.repeat(20) }, { signal }),
    ).rejects.toMatchObject({ message: expect.stringContaining('disk full') });
  });

  it('ends at the storage timeout and at cancellation', async () => {
    const stuck: ObjectStore = {
      write: (_path, _body, options) =>
        new Promise((_resolve, reject) => {
          options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
        }),
      read: async () => new Uint8Array(),
      close: async () => undefined,
    };
    const timers: (() => void)[] = [];
    const storage = openPayloadStorage({
      settings: {
        maxInlineSize: 1,
        maxRecursionDepth: 3,
        timeoutMs: 7,
        outputPrefix: 'o',
        inputPrefix: 'i',
      },
      store: stuck,
      clock: {
        ...systemClock,
        setTimer(callback) {
          timers.push(callback);
          return { cancel: () => undefined, [Symbol.dispose]: () => undefined };
        },
      },
      output: { id: '' },
    });
    const timedOut = storage.dehydrate('long', { signal });
    timers[0]?.();
    await expect(timedOut).rejects.toMatchObject({ code: 'STORAGE_TIMEOUT', retry: 'safe' });
    const controller = new AbortController();
    const cancelled = storage.dehydrate('long', { signal: controller.signal });
    controller.abort(new Error('stopped'));
    await expect(cancelled).rejects.toThrow('stopped');
  });

  it('gives back any document that it stored, whatever the limits', async () => {
    const value: fc.Arbitrary<JsonValue> = fc
      .jsonValue({ maxDepth: 5 })
      .filter((json) => !JSON.stringify(json).includes('__proto__'))
      .map((json) => JSON.parse(JSON.stringify(json)) as JsonValue);
    await fc.assert(
      fc.asyncProperty(
        value,
        fc.constantFrom(0, 3, 20, 1_000),
        fc.constantFrom(1, 2, 4, 10),
        async (document, maxInlineSize, maxRecursionDepth) => {
          const objects = new Map<string, Uint8Array>();
          const store: ObjectStore = {
            write: async (path, body) => {
              if (objects.has(path)) throw new Error(`${path} is written twice`);
              objects.set(path, body as Uint8Array);
            },
            read: async (path) => objects.get(path) ?? new Uint8Array(),
            close: async () => undefined,
          };
          const storage = open({ maxInlineSize, maxRecursionDepth }, store);
          const result = await storage.dehydrate(document, { signal });
          expect(await storage.hydrate(result, { signal })).toEqual(document);
        },
      ),
      { numRuns: 300 },
    );
  });
});
