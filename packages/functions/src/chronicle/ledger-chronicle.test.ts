import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportOpenLineage, exportProvJson, openLedger, verifyLedger } from '@engramkit/provenance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  EchoFunction,
  FunctionRegistry,
  FunctionRuntime,
  functionProvenance,
  ledgerChronicle,
  ledgerSource,
  lineage,
  readFunctionEvents,
  verifyLineage,
} from '../index.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'functions-ledger-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function callSome(count: number): Promise<readonly string[]> {
  await using ledger = await openLedger({ directory, name: 'functions' });
  const registry = new FunctionRegistry();
  registry.register(new EchoFunction());
  const runtime = new FunctionRuntime(registry, ledgerChronicle(ledger));
  const calls = Array.from({ length: count }, (_, n) => runtime.invoke('echo', { n, half: n / 2 }));
  return (await Promise.all(calls)).map(({ lineage_cid }) => lineage_cid);
}

describe('ledgerChronicle', () => {
  it('keeps every event in the hash chain, where another process finds and verifies it', async () => {
    const cids = await callSome(20);
    expect(new Set(cids).size).toBe(20);
    expect(await verifyLedger({ directory, name: 'functions' })).toMatchObject({ ok: true });
    const place = { directory, name: 'functions' };
    const source = ledgerSource(place);
    for (const cid of [cids[0], cids[19]] as string[]) {
      expect(await lineage(source, cid)).toHaveLength(2);
      expect(await verifyLineage(source, cid)).toMatchObject({ valid: true });
    }
    expect(await source.find('sha256:nothing')).toBeUndefined();
    let events = 0;
    for await (const _event of readFunctionEvents(place)) events += 1;
    expect(events).toBe(40);
  });

  it('shows one changed byte in the file', async () => {
    const [cid = ''] = await callSome(1);
    const file = join(
      directory,
      readdirSync(directory).find((name) => name.endsWith('jsonl')) ?? '',
    );
    const text = readFileSync(file, 'utf8');
    const at = text.indexOf('"capability_mask":0') + '"capability_mask":'.length;
    writeFileSync(file, `${text.slice(0, at)}1${text.slice(at + 1)}`);
    await expect(verifyLineage(ledgerSource({ directory, name: 'functions' }), cid))
      .rejects //
      .toMatchObject({ name: 'LedgerDamagedError' });
  });

  it('is exported as OpenLineage run events and as W3C PROV', async () => {
    await callSome(3);
    const source = await functionProvenance({ directory, name: 'functions' });
    const events: unknown[] = [];
    for await (const line of exportOpenLineage(source)) events.push(JSON.parse(line));
    expect(events).toHaveLength(6);
    expect(events[0]).toMatchObject({ eventType: 'START', job: { name: 'echo' } });
    expect(events[1]).toMatchObject({ eventType: 'COMPLETE', job: { name: 'echo' } });
    let prov = '';
    for await (const piece of exportProvJson(source)) prov += piece;
    expect(JSON.parse(prov)).toHaveProperty('activity');
  });
});
