import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostFacts } from './host-facts.js';
import { lockRun } from './run-lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const attempts = (count: number) =>
  Promise.allSettled(Array.from({ length: count }, () => lockRun('r', folder)));

describe('the lock of a run', () => {
  it('is given to one of many, and to the next after its release', async () => {
    const results = await attempts(10);
    const won = results.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    await expect(lockRun('r', folder)).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
    const [first] = won;
    if (first?.status === 'fulfilled') await first.value.release();
    await (await lockRun('r', folder)).release();
    expect(await readdir(join(folder, 'lock'))).toEqual(['2.json']);
  });

  it.each([
    ['a process that is gone', JSON.stringify({ holder: { ...hostFacts(), pid: 2 ** 22 - 1 } })],
    ['nobody, because it is damaged', '{'],
  ])('is taken over, by one of many, from %s', async (_name, content) => {
    await mkdir(join(folder, 'lock'));
    await writeFile(join(folder, 'lock', '7.json'), content);
    const results = await attempts(10);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(join(folder, 'lock'))).toEqual(['8.json']);
  });

  it('never has two holders at once, however often it changes hands', async () => {
    let holders = 0;
    let most = 0;
    let turns = 0;
    const worker = async (): Promise<void> => {
      for (let turn = 0; turn < 200; turn += 1) {
        const lock = await lockRun('r', folder).catch(() => undefined);
        if (lock === undefined) continue;
        holders += 1;
        turns += 1;
        most = Math.max(most, holders);
        await readdir(folder);
        holders -= 1;
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: 6 }, worker));
    expect(most).toBe(1);
    expect(turns).toBeGreaterThan(5);
  });

  it('says with the path when it cannot be written', async () => {
    await writeFile(join(folder, 'in-the-way'), '');
    await expect(lockRun('r', join(folder, 'in-the-way'))).rejects.toMatchObject({
      code: 'WRITE_FAILED',
    });
  });
});
