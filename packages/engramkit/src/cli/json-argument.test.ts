import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngramkitError, type JsonValue } from '@engramkit/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readJsonArgument } from './json-argument.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'engramkit-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

function read(value: string, stdin = ''): Promise<JsonValue> {
  return readJsonArgument('--inputs', value, { directory, stdin: chunks(stdin) });
}

function file(name: string, text: string | Uint8Array): string {
  writeFileSync(join(directory, name), text);
  return `@${name}`;
}

async function refusal(value: string, stdin = ''): Promise<EngramkitError> {
  try {
    await read(value, stdin);
  } catch (error) {
    if (error instanceof EngramkitError) return error;
    throw error;
  }
  throw new Error(`${value} was accepted`);
}

describe('readJsonArgument', () => {
  it('takes JSON text, files in JSON and YAML, and standard input', async () => {
    const expected = { who: 'Ada', list: [1, 2] };
    const json = JSON.stringify(expected);
    expect(await read(json)).toEqual(expected);
    expect(await read('who: Ada\nlist: [1, 2]')).toEqual(expected);
    expect(await read(file('a.json', json))).toEqual(expected);
    expect(await read(file('a.yaml', 'who: Ada\nlist: [1, 2]\n'))).toEqual(expected);
    expect(await read(file('unnamed', 'who: Ada\nlist:\n  - 1\n  - 2\n'))).toEqual(expected);
    expect(await read('-', json)).toEqual(expected);
    expect(await read('-', 'who: Ada\nlist: [1, 2]\n')).toEqual(expected);
    expect(await read(file('b.json', `\uFEFF${json}`))).toEqual(expected);
    expect(await read(file('windows.yaml', 'who: Ada\r\nlist: [1, 2]\r\n'))).toEqual(expected);
  });

  it.each(['who=Ada', 'Ada', '{who: Ada}', 'who: "Ada', 'a: b: c', '*x'])(
    'reads %s on the command line as JSON, and says what is wrong with that',
    async (text) => {
      expect(await refusal(text)).toMatchObject({ code: 'JSON_INVALID', name: 'UsageError' });
    },
  );

  it('refuses keys that reach for a prototype in YAML on the command line too', async () => {
    expect(await refusal('__proto__: {admin: true}')).toMatchObject({ code: 'JSON_FORBIDDEN_KEY' });
  });

  it('reads back every document from YAML', async () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const key = fc.string().filter((name) => !/^(__proto__|constructor|<<)$/.test(name));
    const { document } = fc.letrec<{ document: JsonValue }>((tie) => ({
      document: fc.oneof(
        { maxDepth: 3 },
        scalar,
        fc.array(tie('document'), { maxLength: 4 }),
        fc.dictionary(key, tie('document'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(document, async (value) => {
        expect(await read(file('property.yaml', stringify(value)))).toEqual(value);
      }),
    );
  });

  it.each([
    ['who', 'JSON_INVALID', '--inputs', 'single quotes'],
    ['{"a": 1,}', 'JSON_INVALID', '--inputs', '@inputs.json'],
    ['{"__proto__": {}}', 'JSON_FORBIDDEN_KEY', '--inputs', ''],
    ['{"a": 1, "a": 2}', 'JSON_DUPLICATE_KEY', '--inputs', ''],
    [`${'['.repeat(300)}${']'.repeat(300)}`, 'JSON_TOO_DEEP', '--inputs', ''],
    ['@', 'INPUT_FILE_UNREADABLE', 'names no file', '--inputs -'],
    ['@absent.json', 'INPUT_FILE_UNREADABLE', 'does not exist', 'spelling'],
    ['@.', 'INPUT_FILE_UNREADABLE', 'is a directory', 'Name a file'],
    ['@file/inside', 'INPUT_FILE_UNREADABLE', 'a part of its path is a file', 'path'],
  ])('refuses %s in words', async (value, code, message, hint) => {
    file('file', '{}');
    const error = await refusal(value);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint ?? '').toContain(hint);
  });

  it('notices a file name without its sign', async () => {
    file('inputs.json', '{}');
    const error = await refusal('inputs.json');
    expect(error.message).toContain('the name of a file');
    expect(error.hint).toContain('--inputs @inputs.json');
  });

  it.each([
    ['anchors that refer to themselves', 'a: &a\n  b: *a\n', 'YAML_INVALID'],
    ['keys that occur twice', 'a: 1\na: 2\n', 'YAML_INVALID'],
    ['bad indentation', 'a:\n  - b\n c\n', 'YAML_INVALID'],
    ['prototype keys', '__proto__:\n  a: 1\n', 'JSON_FORBIDDEN_KEY'],
  ])('refuses YAML with %s', async (_, text, code) => {
    const error = await refusal(file('bad.yaml', text));
    expect(error.code).toBe(code);
    expect(error.message).toContain('bad.yaml');
  });

  it('refuses an expansion of aliases before it fills the memory', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) =>
        `l${level}: &l${level} [${Array.from({ length: 9 }, () => (level === 0 ? 'x' : `*l${level - 1}`)).join(', ')}]`,
    );
    expect((await refusal(file('laughs.yaml', levels.join('\n')))).code).toBe('YAML_INVALID');
  });

  it('refuses what is not text', async () => {
    const bytes = new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe]);
    expect((await refusal(file('binary.yaml', bytes))).code).toBe('YAML_INVALID');
    expect((await refusal(file('binary.json', bytes))).code).toBe('JSON_INVALID');
  });

  it('refuses a file that is too big without reading it', async () => {
    const path = join(directory, 'sparse.json');
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, '');
    const { truncateSync } = await import('node:fs');
    truncateSync(path, 65 * 1024 * 1024);
    const error = await refusal('@sparse.json');
    expect(error.code).toBe('JSON_TOO_LARGE');
    expect(error.message).toContain('65.0 MiB');
    expect(error.message).toContain('64.0 MiB');
  });
});
