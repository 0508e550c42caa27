import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostFacts } from './host-facts.js';
import { lockRun } from './run-lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Takes the lock in several processes at once, each as often as it can; yields what they print, one line per turn. */
async function turnsOf(processes: number, body: string): Promise<string[]> {
  const script = join(folder, 'taker.mjs');
  await build({
    stdin: {
      contents: `import fs from 'node:fs'; import { lockRun } from './run-lock.js'; const folder = process.argv[2]; ${body}`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
  });
  const printed = await Promise.all(
    Array.from({ length: processes }, async () => {
      const child = spawn(process.execPath, [script, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      expect((await once(child, 'close'))[0]).toBe(0);
      return text;
    }),
  );
  return printed.join('').split('\n').filter(Boolean);
}

/** Waits until all are there, tries once, and holds the lock until all have tried. */
const ONE_TRY = `
  const meet = (name) => {
    fs.writeFileSync(folder + '/' + name + '-' + process.pid, '');
    const until = Date.now() + 20_000;
    while (fs.readdirSync(folder).filter((one) => one.startsWith(name)).length < 4) {
      if (Date.now() > until) throw new Error('the others never came');
    }
  };
  meet('ready');
  try { lockRun('r', folder); console.log('won'); } catch (error) { console.log(error.code); }
  meet('tried');
`;

describe('the lock of a run', () => {
  it('is given to the next after its release', async () => {
    const first = lockRun('r', folder);
    expect(() => lockRun('r', folder)).toThrow(expect.objectContaining({ code: 'RUN_ACTIVE' }));
    first.release();
    lockRun('r', folder).release();
    expect(await readdir(join(folder, 'lock'))).toEqual(['2.json']);
  });

  it('is given to one of many processes', async () => {
    const results = await turnsOf(4, ONE_TRY);
    expect(results.sort()).toEqual(['RUN_ACTIVE', 'RUN_ACTIVE', 'RUN_ACTIVE', 'won']);
    expect(await readdir(join(folder, 'lock'))).toEqual(['1.json']);
  });

  it.each([
    ['a process that is gone', JSON.stringify({ holder: { ...hostFacts(), pid: 2 ** 22 - 1 } })],
    ['nobody, because it is damaged', '{'],
  ])('is taken over, by one of many processes, from %s', async (_name, content) => {
    await mkdir(join(folder, 'lock'));
    await writeFile(join(folder, 'lock', '7.json'), content);
    const results = await turnsOf(4, ONE_TRY);
    expect(results.filter((result) => result === 'won')).toHaveLength(1);
    expect(await readdir(join(folder, 'lock'))).toEqual(['8.json']);
  });

  it('never has two holders at once, however often it changes hands', async () => {
    // Inside the lock, a file that must not exist yet says whether somebody else is there.
    const turns = await turnsOf(
      4,
      `for (let turn = 0; turn < 500; turn += 1) {
        let lock;
        try { lock = lockRun('r', folder); } catch { continue; }
        try {
          fs.writeFileSync(folder + '/inside', '', { flag: 'wx' });
          fs.rmSync(folder + '/inside');
          console.log('alone');
        } catch (error) { console.log(error.code); }
        lock.release();
      }`,
    );
    expect(new Set(turns)).toEqual(new Set(['alone']));
    expect(turns.length).toBeGreaterThan(50);
  });

  it('says with the path when it cannot be written', async () => {
    await writeFile(join(folder, 'in-the-way'), '');
    expect(() => lockRun('r', join(folder, 'in-the-way'))).toThrow(
      expect.objectContaining({ code: 'WRITE_FAILED' }),
    );
  });
});
