import { describe, expect, it } from 'vitest';
import { touchesOf } from './ambient.js';
import { importsOf, parseSource } from './sources.js';

const source = (text: string) => parseSource('packages/core/src/sample.ts', 'core', text);
const kinds = (text: string) => touchesOf(source(text)).map(({ kind, what }) => `${kind} ${what}`);

describe('what the rules see', () => {
  it.each([
    ['const port = process.env.PORT;', ['environment process.env']],
    ["const port = globalThis.process.env['PORT'];", ['environment process.env']],
    ['const { env } = process;', ['environment process.env']],
    ["import { env } from 'node:process';", ['environment process.env']],
    ['const now = Date.now();', ['clock Date.now']],
    ['const later = [1].map(Date.now);', ['clock Date.now']],
    ['const now = new Date();', ['clock new Date()']],
    ['setTimeout(() => {}, 5);', ['clock setTimeout']],
    ['const wait = globalThis.setTimeout;', ['clock setTimeout']],
    ['const wait = promisify(setTimeout);', ['clock setTimeout']],
    ["import { setTimeout } from 'node:timers/promises';", ['clock node:timers/promises']],
    ['const signal = AbortSignal.timeout(5);', ['clock AbortSignal.timeout']],
    ['const chance = Math.random();', ['random Math.random']],
    ["import { randomUUID } from 'node:crypto';", ['random crypto.randomUUID']],
    ['console.log(1);', ['console console.log']],
    ['const value = JSON.parse(text);', ['json JSON.parse']],
  ])('finds %s', (text, found) => {
    expect(kinds(text)).toEqual(found);
  });

  it.each([
    ['// process.env.PORT, Date.now()'],
    ["const text = 'setTimeout(1) JSON.parse(x) console.log';"],
    ['type Wait = typeof setTimeout;'],
    ['const at = new Date(0);'],
    ['const wait = clock.setTimeout(5);'],
    ['function run(setTimeout: () => void) { setTimeout(); }'],
    ['function run(process: { env: string }) { return process.env; }'],
  ])('lets %s be', (text) => {
    expect(kinds(text)).toEqual([]);
  });

  it('sees every way to name a module, and nothing in comments or strings', () => {
    const text = `
      import a from 'a';
      import type { B } from 'b';
      export { c } from 'c';
      type D = import('d').D;
      const e = await import('e');
      const f = require('f');
      // import x from 'x';
      const y = "import y from 'y'";
    `;
    expect(importsOf(source(text)).map(({ specifier }) => specifier)).toEqual([...'abcdef']);
  });
});
