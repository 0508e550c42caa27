import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryFiles } from '../../test/support/memory-files.js';
import { Keyring } from './keyring.js';
import {
  consistencyProof,
  inclusionProof,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle.js';
import { openLedger } from './open-ledger.js';
import { readEntryHashes, readLedger } from './read-ledger.js';
import { checkpointNote } from './signed-note.js';
import { generateSigningKey, importSigningKey } from './signing-key.js';
import { verifyLedger } from './verify-ledger.js';

const place = { directory: '/l', name: 'runs' };
const hashes = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => n.toString(16).padStart(64, '0'));

describe('the Merkle tree', () => {
  it('has the roots of RFC 6962', () => {
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    // SHA-256 of 0x00 and 32 zero bytes.
    expect(merkleRoot(hashes(1))).toBe(
      '7f9c9e31ac8256ca2f258583df262dbc7d6f68f2a03043d5c99a4ae5a7396ce9',
    );
  });

  it('proves every entry in every tree, and nothing else', () => {
    for (let size = 1; size <= 33; size += 1) {
      const leaves = hashes(size);
      const root = merkleRoot(leaves);
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionProof(leaves, index);
        const claim = { entryHash: leaves[index] ?? '', index, size, root, proof };
        expect(verifyInclusion(claim)).toBe(true);
        expect(verifyInclusion({ ...claim, entryHash: 'f'.repeat(64) })).toBe(false);
        expect(verifyInclusion({ ...claim, index: (index + 1) % (size + 1) })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: [...proof, root] })).toBe(false);
      }
    }
  });

  it('proves that every tree begins every larger one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 0, max: 70 }),
        (first, more) => {
          const leaves = hashes(first + more);
          const claim = {
            firstSize: first,
            firstRoot: merkleRoot(leaves.slice(0, first)),
            secondSize: first + more,
            secondRoot: merkleRoot(leaves),
            proof: consistencyProof(leaves, first),
          };
          expect(verifyConsistency(claim)).toBe(true);
          expect(verifyConsistency({ ...claim, firstRoot: 'f'.repeat(64) })).toBe(false);
          expect(verifyConsistency({ ...claim, secondRoot: 'f'.repeat(64) })).toBe(false);
        },
      ),
    );
  });

  it('is the tree that checkpoints of a ledger seal', async () => {
    const files = new MemoryFiles();
    const ledger = await openLedger({ ...place, files, clock: new ManualClock() });
    for (let n = 0; n < 10; n += 1) await ledger.append({ n });
    await ledger.close();
    const all = await readEntryHashes({ ...place, files });
    for await (const entry of readLedger({ ...place, files })) {
      if (entry.kind !== 'close') continue;
      const size = entry.body.size;
      expect(size).toBe(11);
      expect(entry.body.root).toBe(merkleRoot(all.slice(0, 11)));
    }
  });
});

async function signedLedger(files: MemoryFiles, clock: ManualClock, keyring: Keyring) {
  return openLedger({ ...place, files, clock, checkpointEvery: 4, signer: await keyring.signer() });
}

describe('signatures', () => {
  it('hold for trusted keys in their time, over rotations', async () => {
    const files = new MemoryFiles();
    const clock = new ManualClock();
    const keyring = await Keyring.open({ directory: '/k', files, clock });
    const first = await keyring.generate({ name: 'host-a' });
    await expect(keyring.generate({ name: 'again' })).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    const ledger = await signedLedger(files, clock, keyring);
    for (let n = 0; n < 6; n += 1) await ledger.append({ n });
    clock.nowMs += 1_000;
    const second = await keyring.rotate({ name: 'host-b' });
    await ledger.rotateKey(second, second.publicKey);
    await ledger.append({ n: 6 });
    await ledger.close();
    const trustedKeys = keyring.trustedKeys();
    const verified = await verifyLedger({ ...place, files, trustedKeys, requireSignatures: true });
    expect(verified).toMatchObject({ ok: true, closed: true, signatures: { unknown: 0 } });
    const known = [{ publicKey: first.publicKey }];
    expect(await verifyLedger({ ...place, files, trustedKeys: known })).toMatchObject({ ok: true });
    const stranger = [{ publicKey: generateSigningKey('x').publicKey }];
    expect((await verifyLedger({ ...place, files, trustedKeys: stranger })).damage).toMatchObject({
      kind: 'signature',
      reason: 'signature',
    });
    const early = [{ publicKey: first.publicKey, validUntil: '2026-01-01T00:00:00Z' }];
    expect((await verifyLedger({ ...place, files, trustedKeys: early })).ok).toBe(false);
    expect(await verifyLedger({ ...place, files })).toMatchObject({
      ok: true,
      signatures: { trusted: 0 },
    });
    await keyring.revoke(first.keyId);
    const after = (await Keyring.open({ directory: '/k', files })).trustedKeys();
    expect((await verifyLedger({ ...place, files, trustedKeys: after })).ok).toBe(false);
  });

  it('show a chain that somebody rebuilt without the key', async () => {
    const files = new MemoryFiles();
    const clock = new ManualClock();
    const keyring = await Keyring.open({ directory: '/k', files, clock });
    const key = await keyring.generate({ name: 'host' });
    const forged = await openLedger({
      ...place,
      files,
      clock,
      signer: { ...key, sign: () => new Uint8Array(64) },
    });
    await forged.close();
    expect(
      (await verifyLedger({ ...place, files, trustedKeys: keyring.trustedKeys() })).damage,
    ).toMatchObject({
      index: 1,
      message: 'entry 1 (close) has a signature that does not fit',
    });
    const unsigned = { directory: '/u', name: 'runs' };
    const ledger = await openLedger({ ...unsigned, files, clock });
    await ledger.close();
    const trust = { trustedKeys: keyring.trustedKeys(), requireSignatures: true };
    expect((await verifyLedger({ ...unsigned, files, ...trust })).damage).toMatchObject({
      kind: 'signature',
    });
  });

  it('cover the content of the close entry', async () => {
    const files = new MemoryFiles();
    const key = generateSigningKey('host');
    const ledger = await openLedger({ ...place, files, clock: new ManualClock(), signer: key });
    await ledger.close({ outcome: 'failed' });
    const file = files.stored.get('/l/runs.jsonl');
    const { formatEntryLine, hashEntry, parseEntryLine } = await import('./entry.js');
    const lines = file?.bytes.toString().trimEnd().split('\n') ?? [];
    const entry = parseEntryLine(lines[1] ?? '');
    if (file === undefined || entry === undefined) throw new Error('no entry');
    const changed = { ...entry, bodyText: entry.bodyText.replace('failed', 'complete') };
    file.bytes = Buffer.from(
      `${lines[0]}\n${formatEntryLine({ ...changed, hash: hashEntry(changed) })}`,
    );
    expect(
      await verifyLedger({ ...place, files, trustedKeys: [{ publicKey: key.publicKey }] }),
    ).toMatchObject({
      ok: false,
      damage: { kind: 'signature' },
    });
  });

  it('are lines of a signed note that others can check', async () => {
    const files = new MemoryFiles();
    const key = generateSigningKey('engramkit.test');
    const ledger = await openLedger({ ...place, files, clock: new ManualClock(), signer: key });
    await ledger.append({ n: 1 });
    await ledger.close();
    let note = '';
    for await (const entry of readLedger({ ...place, files })) {
      note = checkpointNote(entry, [{ publicKey: key.publicKey }]) ?? note;
    }
    const [text = '', signature = ''] = note.split('\n\n');
    const [origin, size, root, extension] = text.split('\n');
    expect([origin, size]).toEqual([`provchain/${ledger.id}`, '2']);
    expect(Buffer.from(root ?? '', 'base64')).toHaveLength(32);
    expect(extension).toMatch(/^body [0-9a-f]{64}$/);
    expect(signature).toMatch(/^— engramkit\.test [A-Za-z0-9+/=]+\n$/);
    const bytes = Buffer.from(signature.trim().split(' ')[2] ?? '', 'base64');
    expect(
      verify(null, Buffer.from(`${text}\n`), createPublicKey(key.publicKey), bytes.subarray(4)),
    ).toBe(true);
  });
});

describe('a keyring', () => {
  it('keeps private keys apart, encrypted under a passphrase', async () => {
    const files = new MemoryFiles();
    const keyring = await Keyring.open({ directory: '/k', files });
    await expect(keyring.signer()).rejects.toMatchObject({ code: 'KEY_MISSING' });
    const made = await keyring.generate({ name: 'host', passphrase: 'correct horse' });
    expect(files.stored.get('/k/keyring.json')?.bytes.toString()).not.toContain('PRIVATE');
    const pem = files.stored.get(`/k/${made.keyId}.pem`)?.bytes.toString() ?? '';
    expect(pem).toContain('ENCRYPTED PRIVATE KEY');
    const again = await Keyring.open({ directory: '/k', files });
    expect((await again.signer({ passphrase: 'correct horse' })).keyId).toBe(made.keyId);
    for (const attempt of [{}, { passphrase: 'wrong' }]) {
      const error: Error = await again.signer(attempt).then(
        () => new Error('accepted'),
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code: 'KEY_INVALID' });
      expect(`${error.message} ${String(error.stack)}`).not.toContain(pem.slice(40, 80));
    }
    expect(JSON.stringify(made)).not.toContain('PRIVATE');
  });

  it('says what is wrong with a damaged file', async () => {
    const files = new MemoryFiles();
    for (const text of [
      '{',
      '[]',
      '{"version":2,"keys":[]}',
      '{"version":1,"keys":[{"id":"x"}]}',
    ]) {
      files.stored.set('/k/keyring.json', { bytes: Buffer.from(text), durable: 0, modifiedMs: 0 });
      await expect(Keyring.open({ directory: '/k', files })).rejects.toThrow(/keyring\.json/);
    }
  });

  it('refuses names that would break a signed note', () => {
    for (const name of ['', 'a b', 'a+b', 'a\nb'])
      expect(() => generateSigningKey(name)).toThrow(/cannot name a key/);
    expect(() => importSigningKey('nonsense', { name: 'x' })).toThrow(/cannot be read/);
  });
});
