import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { importSigningKey, openLedger, verifyLedger } from '../src/index.js';
import { ManualClock } from './support/manual-clock.js';
import { MemoryFiles } from './support/memory-files.js';

/** A ledger as the first release wrote it; later ones must verify it, and write the same. */
const golden = readFileSync(new URL('vectors/golden-ledger.jsonl', import.meta.url));
/** PKCS #8 of the Ed25519 key whose seed is 32 bytes of 7. */
const pkcs8 = Buffer.concat([
  Buffer.from('302e020100300506032b657004220420', 'hex'),
  Buffer.alloc(32, 7),
]);
const key = importSigningKey(
  createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  { name: 'golden.test' },
);
const place = { directory: '/l', name: 'golden' };

it('an old ledger verifies, signatures included', async () => {
  const files = new MemoryFiles();
  files.stored.set('/l/golden.jsonl', { bytes: golden, durable: golden.length, modifiedMs: 0 });
  const trustedKeys = [{ publicKey: key.publicKey }];
  expect(
    await verifyLedger({ ...place, files, trustedKeys, requireSignatures: true }),
  ).toMatchObject({
    ok: true,
    closed: true,
    entries: 9,
    seals: 3,
    signatures: { trusted: 3, unknown: 0 },
  });
});

it('the same work gives the same bytes', async () => {
  const files = new MemoryFiles();
  const clock = new ManualClock();
  const writer = { pid: 1, host: 'golden', bootId: 'b', startTicks: '1', pidNamespace: 'n' };
  const ledger = await openLedger({
    ...place,
    files,
    clock,
    signer: key,
    checkpointEvery: 3,
    header: { purpose: 'golden' },
    random: { uuid: () => '00000000-0000-4000-8000-000000000001', float: () => 0 },
    processes: { self: () => writer, stateOf: () => 'alive' },
  });
  for (const body of [
    { n: 1 },
    { text: 'é😀\u007f' },
    { number: 1e21 },
    { list: [null, true, {}] },
    { n: -0.5 },
  ]) {
    await ledger.append(body);
    clock.nowMs += 1;
  }
  await ledger.close({ outcome: 'complete' });
  expect(files.stored.get('/l/golden.jsonl')?.bytes.toString()).toBe(golden.toString());
});
