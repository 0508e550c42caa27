import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dsse } from '@sigstore/core';
import Ajv from 'ajv';
import { describe, expect, it } from 'vitest';
import provJsonSchema from '../../test/support/prov-json-schema.json' with { type: 'json' };
import { generateSigningKey } from '../ledger/signing-key.js';
import { exportOpenLineage } from '../prov/openlineage.js';
import { exportProvJson } from '../prov/prov-json.js';
import { parseSessionFile } from '../session/session-file.js';
import { openEnvelope, parseEnvelope } from './dsse.js';
import { attestSession, IN_TOTO_PAYLOAD_TYPE, sessionStatement } from './session-statement.js';

const file = new URL('../../test/vectors/prov-export-example.json', import.meta.url);
const example = JSON.parse(readFileSync(file, 'utf8')) as {
  session: object;
  prov_json: Record<string, object>;
};
const session = parseSessionFile(JSON.stringify(example.session));
const source = { header: session, actions: () => session.actions };
const ledger = { name: session.session_id, head: 'a'.repeat(64), size: 4 };

async function textOf(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

describe('an attestation', () => {
  it('is an in-toto statement about the ledger and the states that actions left', async () => {
    const statement = await sessionStatement(source, {
      ledger,
      artifacts: [{ name: 'app.tgz', sha256: 'b'.repeat(64) }],
    });
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'urn:provchain:v1:session',
      predicate: { ledger, actions: { total: 2, verified: 1, failed: 0 } },
    });
    expect(statement.subject.map(({ name }) => name)).toEqual([
      'ledger/1f2e3d4c',
      'app.tgz',
      'MyKernel/widget.deploy/1/after',
      'CK.Task/widget.deploy/2/after',
    ]);
    for (const { digest } of statement.subject) expect(digest.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('can be SLSA provenance', async () => {
    const { predicateType, predicate } = await sessionStatement(source, {
      ledger,
      predicate: 'slsa',
    });
    expect(predicateType).toBe('https://slsa.dev/provenance/v1');
    expect(predicate).toMatchObject({
      buildDefinition: { buildType: 'urn:provchain:v1:session' },
      runDetails: { builder: { id: 'ckp://Kernel#MyKernel:v1.0' } },
    });
  });

  it('is an envelope that another implementation verifies', async () => {
    const key = generateSigningKey('host');
    const envelope = await attestSession(source, { ledger, signers: [key] });
    expect(envelope.payloadType).toBe(IN_TOTO_PAYLOAD_TYPE);
    const payload = Buffer.from(envelope.payload, 'base64');
    const encoded = dsse.preAuthEncoding(envelope.payloadType, payload);
    const signature = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64');
    expect(verify(null, encoded, createPublicKey(key.publicKey), signature)).toBe(true);
  });

  it('opens for trusted keys only, and not after a change', async () => {
    const key = generateSigningKey('host');
    const made = await attestSession(source, {
      ledger,
      signers: [generateSigningKey('other'), key],
    });
    const envelope = parseEnvelope(JSON.stringify(made));
    const trust = [{ publicKey: key.publicKey }];
    expect(openEnvelope(envelope, trust).keyIds).toEqual([key.keyId]);
    expect(() =>
      openEnvelope(envelope, [{ publicKey: generateSigningKey('x').publicKey }]),
    ).toThrow(/no trusted key/);
    const changed = Buffer.from(envelope.payload, 'base64')
      .toString()
      .replace('verified', 'verifled');
    expect(() =>
      openEnvelope({ ...envelope, payload: Buffer.from(changed).toString('base64') }, trust),
    ).toThrow();
    expect(() => openEnvelope({ ...envelope, payloadType: 'text/plain' }, trust)).toThrow();
    expect(() => parseEnvelope('{}')).toThrow(/lacks/);
  });
});

describe('other exports', () => {
  it('have the relations and elements of the PROV-JSON vector, and its schema', async () => {
    const exported = JSON.parse(await textOf(exportProvJson(source))) as Record<
      string,
      Record<string, object>
    >;
    const validate = new Ajv.default({ strict: false }).compile(provJsonSchema);
    expect(validate(exported), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(example.prov_json)).toBe(true);
    expect(validate({ ...exported, used: { '_:x': { 'prov:activity': 1 } } })).toBe(false);
    for (const [section, members] of Object.entries(example.prov_json)) {
      if (section === 'prefix') continue;
      const found = exported[section] ?? {};
      const relations = (map: object): unknown[] =>
        Object.values(map)
          .map((item) => JSON.stringify(item))
          .sort();
      if (Object.keys(members)[0]?.startsWith('_:'))
        expect(relations(found)).toEqual(relations(members));
      else expect(found).toMatchObject(members);
    }
  });

  it('are OpenLineage events with stable run ids', async () => {
    const text = await textOf(exportOpenLineage(source));
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { eventType: string; run: { runId: string } });
    expect(events.map(({ eventType }) => eventType)).toEqual([
      'START',
      'FAIL',
      'START',
      'COMPLETE',
    ]);
    expect(new Set(events.map(({ run }) => run.runId)).size).toBe(2);
    for (const { run } of events)
      expect(run.runId).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    expect(await textOf(exportOpenLineage(source))).toBe(text);
  });
});
