import type { JsonObject, JsonValue } from '@engramkit/core';
import { canonicalize } from '@engramkit/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryFiles } from '../../test/support/memory-files.js';
import { merkleRoot } from './merkle.js';
import { openLedger } from './open-ledger.js';
import { readEntryHashes, readLedger } from './read-ledger.js';
import { generateSigningKey } from './signing-key.js';
import { verifyLedger } from './verify-ledger.js';

const place = { directory: '/l', name: 'life' };

const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<JsonValue>(null, true, false, 0, -1, 1.5, 1e300, 5e-324, ''),
    fc.string({ unit: 'binary' }).filter((text) => !/[\ud800-\udfff]/u.test(text)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const body = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'é', '😀'), json, { maxKeys: 4 });

/** What may happen in the life of a ledger. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), body }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('together' as const),
      bodies: fc.array(body, { maxLength: 9 }),
    }),
  },
  fc.record({ do: fc.constant('checkpoint' as const) }),
  fc.record({ do: fc.constant('release' as const) }),
  fc.record({ do: fc.constant('crash' as const), torn: fc.nat({ max: 60 }) }),
  fc.record({ do: fc.constant('rotate-key' as const) }),
);

const settings = fc.record({
  sync: fc.constantFrom('each' as const, 'group' as const, 'interval' as const, 'none' as const),
  checkpointEvery: fc.nat({ max: 6 }),
  maxSegmentBytes: fc.constantFrom(900, 3_000, 1 << 26),
});

describe('whatever happens in the life of a ledger', () => {
  it('it holds exactly what was acknowledged, in order, and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.array(step, { maxLength: 14 }), async (chosen, steps) => {
        let files = new MemoryFiles();
        const clock = new ManualClock();
        let signer = generateSigningKey('k');
        const trustedKeys = [{ publicKey: signer.publicKey }];
        const processes = {
          self: () => ({ pid: 1, host: 'h', bootId: '', startTicks: '', pidNamespace: '' }),
          stateOf: () => 'gone' as const,
        };
        const open = () => openLedger({ ...place, ...chosen, files, clock, processes, signer });
        let ledger = await open();
        const acknowledged: JsonObject[] = [];
        for (const now of steps) {
          if (now.do === 'append') {
            await ledger.append(now.body);
            acknowledged.push(now.body);
          } else if (now.do === 'together') {
            await Promise.all(now.bodies.map((item) => ledger.append(item)));
            acknowledged.push(...now.bodies);
          } else if (now.do === 'checkpoint') await ledger.checkpoint();
          else if (now.do === 'rotate-key') {
            const next = generateSigningKey('k');
            await ledger.rotateKey(next, next.publicKey);
            signer = next;
          } else if (now.do === 'release') {
            await ledger.release();
            ledger = await open();
          } else {
            await ledger.flush();
            files = files.afterCrash();
            const last = [...files.stored.keys()]
              .filter((path) => path.endsWith('.jsonl'))
              .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
              .at(-1);
            const file = files.stored.get(last ?? '');
            if (file !== undefined)
              file.bytes = Buffer.concat([
                file.bytes,
                Buffer.from('{"v":1,"i":'.padEnd(now.torn, '9').slice(0, now.torn)),
              ]);
            ledger = await open();
          }
        }
        await ledger.close();
        const found: string[] = [];
        for await (const entry of readLedger({ ...place, files })) {
          if (entry.kind === 'action') found.push(canonicalize(entry.body, { scheme: 'jcs' }));
        }
        expect(found).toEqual(acknowledged.map((item) => canonicalize(item, { scheme: 'jcs' })));
        const verified = await verifyLedger({
          ...place,
          files,
          trustedKeys,
          requireSignatures: true,
        });
        expect(verified).toMatchObject({
          ok: true,
          closed: true,
          head: ledger.head,
          entries: ledger.size,
        });
        const hashes = await readEntryHashes({ ...place, files });
        for await (const entry of readLedger({ ...place, files })) {
          const { size, root } = entry.body;
          if (entry.kind === 'checkpoint' || entry.kind === 'close') {
            expect(root).toBe(merkleRoot(hashes.slice(0, Number(size))));
          }
        }
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
