import { systemRandom } from '@engramkit/core';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryFiles } from '../../test/support/memory-files.js';
import {
  LedgerBrokenError,
  LedgerDamagedError,
  LedgerLockedError,
  SessionClosedError,
} from '../errors.js';
import { parseEntryLine } from './entry.js';
import { type OpenLedgerOptions, openLedger } from './open-ledger.js';
import { verifyLedger } from './verify-ledger.js';

const place = { directory: '/l', name: 'runs' };

function open(files: MemoryFiles, options: Partial<OpenLedgerOptions> = {}) {
  return openLedger({ ...place, files, clock: new ManualClock(), ...options });
}

function text(files: MemoryFiles, path = '/l/runs.jsonl'): string {
  return files.stored.get(path)?.bytes.toString() ?? '';
}

describe('a ledger', () => {
  it('holds one line per entry, each linked to the one before', async () => {
    const files = new MemoryFiles();
    const ledger = await open(files, { header: { purpose: 'test' } });
    const receipt = await ledger.append({ step: 1, é: [null, 'x'] });
    await ledger.append({ step: 2 });
    await ledger.close({ outcome: 'complete' });
    const entries = text(files).trimEnd().split('\n').map(parseEntryLine);
    expect(entries.map((entry) => entry?.kind)).toEqual(['open', 'action', 'action', 'close']);
    expect(entries[1]?.bodyText).toBe('{"step":1,"é":[null,"x"]}');
    expect(entries[2]?.previous).toBe(receipt.hash);
    expect(receipt).toMatchObject({
      index: 1,
      kind: 'action',
      time: '2026-03-14T20:00:02.000000Z',
    });
    const verified = await verifyLedger({ ...place, files });
    expect(verified).toMatchObject({ ok: true, entries: 4, closed: true, seals: 1 });
    expect(verified.head).toBe(entries[3]?.hash);
  });

  it('goes on where it was released', async () => {
    const files = new MemoryFiles();
    const first = await open(files);
    await first.append({ n: 1 });
    await first.release();
    await using second = await open(files, { mode: 'continue' });
    expect(second.id).toBe(first.id);
    expect((await second.append({ n: 2 })).index).toBe(2);
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, entries: 3 });
  });

  it('keeps what was appended, whatever the caller does to it afterwards', async () => {
    const files = new MemoryFiles();
    await using ledger = await open(files);
    const body = { list: [1] };
    const appended = ledger.append(body);
    body.list.push(2);
    await appended;
    expect(text(files)).toContain('"b":{"list":[1]}');
  });

  it('refuses a body without a canonical form and stays as it was', async () => {
    const files = new MemoryFiles();
    await using ledger = await open(files);
    const cyclic: Record<string, never> = {};
    Object.assign(cyclic, { self: cyclic });
    for (const bad of [{ n: Number.NaN }, cyclic, { s: '\ud800' }]) {
      await expect(ledger.append(bad)).rejects.toMatchObject({ code: 'LEDGER_BODY_INVALID' });
    }
    await ledger.append({ fine: true });
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, entries: 2 });
  });

  it('shares one sync among the entries of a group, and spends one on each if asked to', async () => {
    for (const [sync, syncs] of [
      ['group', 1],
      ['each', 100],
      ['none', 0],
    ] as const) {
      const files = new MemoryFiles();
      const ledger = await open(files, { sync, checkpointEvery: 0 });
      const before = files.syncs;
      await Promise.all(Array.from({ length: 100 }, (_, n) => ledger.append({ n })));
      expect(files.syncs - before).toBe(syncs);
      await ledger.release();
    }
  });

  it('syncs within the interval under the interval policy', async () => {
    const files = new MemoryFiles();
    const clock = new ManualClock();
    const ledger = await open(files, { sync: 'interval', syncIntervalMs: 20, clock });
    clock.advance(30);
    const before = files.syncs;
    await ledger.append({ n: 1 });
    await ledger.append({ n: 2 });
    expect(files.syncs).toBe(before);
    clock.advance(20);
    await ledger.flush();
    expect(files.syncs).toBe(before + 1);
    await ledger.release();
  });

  it('adds a checkpoint after every so many entries', async () => {
    const files = new MemoryFiles();
    const ledger = await open(files, { checkpointEvery: 10 });
    for (let n = 0; n < 35; n += 1) await ledger.append({ n });
    await ledger.close();
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, seals: 4 });
  });

  it('begins a new file at the size limit and stays one chain', async () => {
    const files = new MemoryFiles();
    const rotated: number[] = [];
    const ledger = await open(files, { maxSegmentBytes: 3_000, checkpointEvery: 5 });
    ledger.on('rotated', ({ segment }) => rotated.push(segment));
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => ledger.append({ n, pad: 'x'.repeat(50) })),
    );
    await ledger.release();
    expect(rotated.length).toBeGreaterThan(2);
    expect([...files.stored.keys()]).toContain('/l/runs.000002.jsonl');
    const again = await open(files, { maxSegmentBytes: 3_000, checkpointEvery: 5 });
    await again.append({ n: 60 });
    await again.close();
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, closed: true });
    files.stored.delete('/l/runs.000002.jsonl');
    expect((await verifyLedger({ ...place, files })).damage).toMatchObject({ kind: 'deleted' });
  });

  it('takes nothing more once it is closed, unless it is reopened on purpose', async () => {
    const files = new MemoryFiles();
    const ledger = await open(files);
    await ledger.close();
    await expect(ledger.append({})).rejects.toThrow(SessionClosedError);
    await expect(open(files)).rejects.toMatchObject({ code: 'LEDGER_CLOSED' });
    await using again = await open(files, { reopen: true });
    await again.append({ more: true });
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, closed: false });
  });

  it('refuses names that could leave the directory', async () => {
    for (const name of ['', '../x', 'a/b', 'a*', 'a'.repeat(65), 'a.b']) {
      await expect(open(new MemoryFiles(), { name })).rejects.toMatchObject({
        code: 'LEDGER_NAME_INVALID',
      });
    }
  });

  it('says whether it must exist', async () => {
    const files = new MemoryFiles();
    await expect(open(files, { mode: 'continue' })).rejects.toMatchObject({
      code: 'LEDGER_MISSING',
    });
    await (await open(files, { mode: 'create' })).release();
    await expect(open(files, { mode: 'create' })).rejects.toMatchObject({ code: 'LEDGER_EXISTS' });
  });

  it('writes bytes in proportion to its entries', async () => {
    const bytesFor = async (count: number): Promise<number> => {
      const files = new MemoryFiles();
      const ledger = await open(files);
      for (let n = 0; n < count; n += 1) await ledger.append({ n: 1_000_000 + n });
      await ledger.release();
      return files.bytesWritten;
    };
    const small = await bytesFor(500);
    const large = await bytesFor(5_000);
    expect(large / small).toBeGreaterThan(9);
    expect(large / small).toBeLessThan(11);
  });

  it('tells listeners, and survives those that throw', async () => {
    const files = new MemoryFiles();
    await using ledger = await open(files);
    const seen: unknown[] = [];
    const errors: unknown[] = [];
    const stop = ledger.on('entry', ({ index }) => seen.push(index));
    ledger.on('entry', () => {
      throw new Error('viewer');
    });
    ledger.on('listenerError', (error) => errors.push(error));
    await ledger.append({});
    stop();
    await ledger.append({});
    expect(seen).toEqual([1]);
    expect(errors).toHaveLength(2);
  });
});

describe('the lock of a ledger', () => {
  it('admits one writer at a time', async () => {
    const files = new MemoryFiles();
    const ledger = await open(files);
    await expect(open(files)).rejects.toThrow(LedgerLockedError);
    await ledger.release();
    await (await open(files)).release();
  });

  it('can be waited for', async () => {
    const files = new MemoryFiles();
    const first = await openLedger({ ...place, files });
    const second = openLedger({ ...place, files, waitMs: 10_000 });
    await first.append({ n: 1 });
    await first.release();
    await using ledger = await second;
    expect(ledger.size).toBe(2);
  });

  const dead = { pid: 4_000_000, host: 'h', bootId: 'b', startTicks: '1', pidNamespace: 'n' };

  it('is taken over from a process that is gone', async () => {
    const files = new MemoryFiles();
    const processes = { self: () => dead, stateOf: () => 'alive' as const };
    await open(files, { processes });
    await expect(open(files, { processes })).rejects.toThrow(LedgerLockedError);
    const next = await open(files, { processes: { ...processes, stateOf: () => 'gone' } });
    await next.release();
  });

  it('is taken over from another machine only after its lease, and the old writer then stops', async () => {
    const files = new MemoryFiles();
    const clock = new ManualClock();
    const processes = { self: () => dead, stateOf: () => 'unknown' as const };
    const old = await open(files, { processes, clock });
    for (const [path, file] of files.stored)
      if (path.includes('.lock.')) file.modifiedMs = clock.now();
    clock.nowMs += 20_000;
    await expect(open(files, { processes, clock })).rejects.toThrow(LedgerLockedError);
    clock.nowMs += 20_000;
    const next = await open(files, { processes, clock });
    await expect(old.append({ late: true })).rejects.toMatchObject({ code: 'LEDGER_LOCK_LOST' });
    await next.append({ fine: true });
    await next.release();
    await old.release();
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, entries: 2 });
  });

  it('is won by exactly one of many that find a dead holder', async () => {
    for (let round = 0; round < 20; round += 1) {
      const files = new MemoryFiles();
      const processes = { self: () => dead, stateOf: () => 'alive' as const };
      await open(files, { processes });
      let gone = true;
      const watching = {
        self: () => ({ ...dead, pid: 7 }),
        stateOf: (writer: { pid: number }) =>
          (gone && writer.pid === dead.pid ? 'gone' : 'alive') as 'gone',
      };
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, () => open(files, { processes: watching, random: systemRandom })),
      );
      gone = false;
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });
});

describe('a failing disk', () => {
  it('rejects what was not written, keeps the file whole and says the disk is full', async () => {
    const files = new MemoryFiles();
    const ledger = await open(files);
    await ledger.append({ n: 1 });
    let calls = 0;
    files.onWrite = (_path, bytes) => {
      calls += 1;
      if (calls === 1) return Math.floor(bytes.length / 2);
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    const broken: Error[] = [];
    ledger.on('broken', (error) => broken.push(error));
    const [first, second] = await Promise.allSettled([
      ledger.append({ n: 2 }),
      ledger.append({ n: 3 }),
    ]);
    expect(first.status).toBe('rejected');
    expect(second).toMatchObject({ reason: expect.objectContaining({ code: 'LEDGER_BROKEN' }) });
    expect(broken[0]?.message).toContain('ENOSPC');
    await expect(ledger.append({ n: 4 })).rejects.toThrow(LedgerBrokenError);
    files.onWrite = undefined;
    await ledger.release();
    expect(text(files).endsWith('\n')).toBe(true);
    await using again = await open(files);
    expect((await again.append({ n: 5 })).index).toBe(2);
  });

  it('leaves no lock behind when not even the first entry can be written', async () => {
    const files = new MemoryFiles();
    files.onWrite = () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    await expect(open(files)).rejects.toThrow(LedgerBrokenError);
    files.onWrite = undefined;
    const ledger = await open(files);
    await ledger.close();
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, entries: 2 });
  });

  it('refuses more than may wait', async () => {
    const files = new MemoryFiles();
    await using ledger = await open(files, { maxQueuedBytes: 1_000 });
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => ledger.append({ pad: 'x'.repeat(300) })),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ reason: { code: 'LEDGER_QUEUE_FULL' } });
    await ledger.append({ later: true });
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true });
  });

  it('does not cut complete entries that somebody changed', async () => {
    const files = new MemoryFiles();
    const ledger = await open(files);
    await ledger.append({ amount: 100 });
    await ledger.append({ amount: 200 });
    await ledger.release();
    const file = files.stored.get('/l/runs.jsonl');
    if (file !== undefined)
      file.bytes = Buffer.from(text(files).replace('"amount":200', '"amount":900'));
    await expect(open(files)).rejects.toThrow(LedgerDamagedError);
    const salvaged = await open(files, { salvage: true });
    expect(salvaged.recovered?.tornBytes).toBeGreaterThan(0);
    expect(text(files, salvaged.recovered?.keptIn)).toContain('"amount":900');
    await salvaged.release();
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, entries: 3 });
  });
});
