import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryFiles } from '../../test/support/memory-files.js';
import { formatEntryLine, hashEntry, parseEntryLine } from './entry.js';
import { openLedger } from './open-ledger.js';
import type { LedgerVerification } from './verify-ledger.js';
import { verifyLedger } from './verify-ledger.js';

const place = { directory: '/l', name: 'runs' };
const path = '/l/runs.jsonl';

async function ledgerOf(count: number, random?: () => string): Promise<Buffer> {
  const files = new MemoryFiles();
  const ledger = await openLedger({
    ...place,
    files,
    clock: new ManualClock(),
    checkpointEvery: 7,
    ...(random === undefined ? {} : { random: { uuid: random, float: () => 0 } }),
  });
  for (let n = 0; n < count; n += 1)
    await ledger.append({ n, text: `zeile ${n} é😀 {"v":1,"i":3}` });
  await ledger.close();
  return files.stored.get(path)?.bytes ?? Buffer.alloc(0);
}

async function verifyBytes(bytes: Buffer): Promise<LedgerVerification> {
  const files = new MemoryFiles();
  files.stored.set(path, { bytes, durable: bytes.length, modifiedMs: 0 });
  return verifyLedger({ ...place, files });
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, end + 1));
    from = end + 1;
  }
  return lines;
}

describe('verification', () => {
  it('finds any flipped bit, anywhere, and names entry and byte', async () => {
    const bytes = await ledgerOf(3);
    const lines = linesOf(bytes);
    let at = 0;
    for (const [index, line] of lines.entries()) {
      for (let inLine = 0; inLine < line.length; inLine += 1) {
        const position = at + inLine;
        const bit = (position * 7) % 8;
        const flipped = Buffer.from(bytes);
        flipped[position] = (bytes[position] ?? 0) ^ (1 << bit);
        const { ok, damage } = await verifyBytes(flipped);
        expect({ ok, index: damage?.index, kind: damage?.kind, byte: damage?.byte }).toEqual({
          ok: false,
          index,
          kind: 'bit-flip',
          byte: position,
        });
      }
      at += line.length;
    }
  }, 120_000);

  it('names any single damage of lines rightly', async () => {
    const bytes = await ledgerOf(20);
    const foreign = linesOf(await ledgerOf(20, () => '00000000-0000-4000-8000-000000000000'));
    const lines = linesOf(bytes);
    const last = lines.length - 1;
    const index = fc.integer({ min: 0, max: last });
    const damages = fc.oneof(
      fc.tuple(fc.constant('swapped'), index, index).filter(([, a, b]) => a < b),
      fc.tuple(
        fc.constant('deleted'),
        fc.integer({ min: 0, max: last - 1 }),
        fc.integer({ min: 1, max: 3 }),
      ),
      fc.tuple(fc.constant('duplicated'), index, index),
      fc.tuple(fc.constant('truncated'), index, fc.integer({ min: 1, max: 60 })),
      fc.tuple(fc.constant('foreign'), fc.integer({ min: 1, max: last }), fc.constant(0)),
      fc.tuple(fc.constant('altered'), index, fc.integer({ min: 12, max: 60 })),
    );
    await fc.assert(
      fc.asyncProperty(damages, async ([kind, a, b]) => {
        const changed = [...lines];
        let expected = a;
        const line = lines[a] ?? Buffer.alloc(0);
        if (kind === 'swapped') {
          changed[a] = lines[b] ?? line;
          changed[b] = line;
        } else if (kind === 'deleted') {
          const count = Math.min(b, last - a);
          changed.splice(a, count);
        } else if (kind === 'duplicated') {
          changed.splice(b, 0, line);
          expected = a === b ? a + 1 : a < b ? b : b;
        } else if (kind === 'truncated') {
          const kept = line.subarray(0, Math.max(0, line.length - 1 - b));
          changed[a] = Buffer.concat([kept, Buffer.from('\n')]);
        } else if (kind === 'foreign') changed[a] = foreign[a] ?? line;
        else {
          const spoiled = Buffer.from(line);
          spoiled.fill(0x7e, b, b + 3);
          changed[a] = spoiled;
        }
        const { ok, damage } = await verifyBytes(Buffer.concat(changed));
        expect({ ok, kind: damage?.kind, index: damage?.index }).toEqual({
          ok: false,
          kind,
          index: expected,
        });
      }),
      { numRuns: 400 },
    );
  }, 120_000);

  it('finds a cut tail when somebody remembers the head', async () => {
    const bytes = await ledgerOf(10);
    const whole = await verifyBytes(bytes);
    const cut = Buffer.concat(linesOf(bytes).slice(0, 6));
    expect(await verifyBytes(cut)).toMatchObject({ ok: true, entries: 6, closed: false });
    const files = new MemoryFiles();
    files.stored.set(path, { bytes: cut, durable: cut.length, modifiedMs: 0 });
    const expected = { size: whole.entries, head: whole.head };
    expect(await verifyLedger({ ...place, files, expected })).toMatchObject({
      ok: false,
      damage: { index: 6, kind: 'truncated', reason: 'truncated' },
    });
  });

  it('finds history that was rewritten with right hashes, by the checkpoint after it', async () => {
    const lines = linesOf(await ledgerOf(10));
    const entry = parseEntryLine(lines[3]?.toString().trimEnd() ?? '');
    if (entry === undefined) throw new Error('no entry');
    const forged = { ...entry, bodyText: '{"n":999}' };
    lines[3] = Buffer.from(formatEntryLine({ ...forged, hash: hashEntry(forged) }));
    const { damage } = await verifyBytes(Buffer.concat(lines));
    expect(damage).toMatchObject({ index: 3, kind: 'altered', reason: 'link' });
  });

  it('counts a clock that went back, and does not call it damage', async () => {
    const files = new MemoryFiles();
    const clock = new ManualClock();
    await using ledger = await openLedger({ ...place, files, clock });
    await ledger.append({ n: 1 });
    clock.nowMs -= 60_000;
    await ledger.append({ n: 2 });
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, clockStepsBack: 1 });
  });

  it('says when there is no such ledger', async () => {
    await expect(verifyLedger({ ...place, files: new MemoryFiles() })).rejects.toMatchObject({
      code: 'LEDGER_MISSING',
    });
  });

  it('lets a live writer finish its entry', async () => {
    const files = new MemoryFiles();
    await using _ledger = await openLedger({ ...place, files, clock: new ManualClock() });
    const file = files.stored.get(path);
    if (file !== undefined) file.bytes = Buffer.concat([file.bytes, Buffer.from('{"v":1')]);
    expect(await verifyLedger({ ...place, files })).toMatchObject({ ok: true, unfinishedBytes: 6 });
  });

  it('names file, entry and byte in a ledger of many files', async () => {
    const files = new MemoryFiles();
    const ledger = await openLedger({
      ...place,
      files,
      clock: new ManualClock(),
      maxSegmentBytes: 2_000,
    });
    for (let n = 0; n < 30; n += 1) await ledger.append({ n, pad: 'x'.repeat(40) });
    await ledger.close();
    const second = files.stored.get('/l/runs.000002.jsonl');
    const bytes = second?.bytes ?? Buffer.alloc(0);
    const at = bytes.indexOf(10) + 60;
    const first = parseEntryLine(bytes.toString('utf8', 0, bytes.indexOf(10)))?.index ?? 0;
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    const { damage } = await verifyLedger({ ...place, files });
    expect(damage).toMatchObject({
      kind: 'bit-flip',
      index: first + 1,
      byte: at,
      path: '/l/runs.000002.jsonl',
    });
    files.stored.delete('/l/runs.jsonl');
    expect((await verifyLedger({ ...place, files })).damage).toMatchObject({
      kind: 'deleted',
      index: 0,
    });
  });
});
