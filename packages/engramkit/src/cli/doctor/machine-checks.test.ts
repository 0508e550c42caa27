import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Machine } from './finding.js';
import { checkStateDirectory, checkTypeScript } from './machine-checks.js';
import { checkPackages } from './package-checks.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engramkit-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function machine(changes: Partial<Machine> = {}): Machine {
  return {
    env: {},
    nodeVersion: '22.0.0',
    directory: folder,
    stateDirectory: join(folder, '.engramkit'),
    now: () => Date.now(),
    ...changes,
  };
}

describe('checkStateDirectory', () => {
  it('makes the directory and leaves nothing in it', () => {
    const verdicts = checkStateDirectory(machine()).map(({ verdict }) => verdict);
    expect(verdicts).not.toContain('broken');
    expect(readdirSync(join(folder, '.engramkit'))).toEqual([]);
  });

  it('says what is wrong with a directory that cannot be', () => {
    writeFileSync(join(folder, 'file'), '');
    const stateDirectory = join(folder, 'file', 'state');
    expect(checkStateDirectory(machine({ stateDirectory }))).toEqual([
      expect.objectContaining({
        verdict: 'broken',
        text: expect.stringContaining(stateDirectory),
        fix: expect.stringContaining('--directory'),
      }),
    ]);
  });

  it('notices a clock in the past and one that differs from the file system', () => {
    const ofClock = (now: () => number) =>
      checkStateDirectory(machine({ now })).find(({ check }) => check === 'clock');
    expect(ofClock(() => 0)?.verdict).toBe('broken');
    expect(ofClock(() => Date.now() - 60_000)).toMatchObject({
      verdict: 'notice',
      text: expect.stringContaining('ahead'),
    });
  });
});

describe('checkTypeScript', () => {
  it('tells what the loader said', async () => {
    const findings = await checkTypeScript(() => Promise.reject(new Error('no esbuild')));
    expect(findings).toEqual([
      expect.objectContaining({
        verdict: 'broken',
        text: expect.stringContaining('no esbuild'),
        fix: expect.any(String),
      }),
    ]);
  });
});

describe('checkPackages', () => {
  function install(path: string, name: string, version: string): void {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, 'package.json'), JSON.stringify({ name, version }));
  }

  it('finds copies of one package at any depth, by version', () => {
    install('node_modules/@engramkit/core', '@engramkit/core', '1.0.0');
    install('node_modules/other/node_modules/@engramkit/core', '@engramkit/core', '0.9.0');
    install('node_modules/engramkit', 'engramkit', '1.0.0');
    const [, ...findings] = checkPackages(machine());
    expect(findings).toEqual([
      expect.objectContaining({
        verdict: 'notice',
        text: expect.stringContaining('@engramkit/core is installed 2 times (0.9.0, 1.0.0)'),
        fix: expect.stringContaining('npm dedupe'),
      }),
    ]);
  });

  it('is content with one copy each, and reads no broken manifest', () => {
    install('node_modules/@engramkit/core', '@engramkit/core', '1.0.0');
    mkdirSync(join(folder, 'node_modules/@engramkit/ids'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/@engramkit/ids/package.json'), '{');
    expect(checkPackages(machine()).map(({ verdict }) => verdict)).toEqual(['fine', 'fine']);
  });
});
