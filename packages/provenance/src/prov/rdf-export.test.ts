import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseJson } from '@engramkit/core';
import jsonld from 'jsonld';
import { Parser, Store, Writer } from 'n3';
import oxigraph from 'oxigraph';
import * as rdfCanonize from 'rdf-canonize';
import { describe, expect, it } from 'vitest';
import { shaclReport } from '../../test/support/shacl.js';
import { formatSessionFile, parseSessionFile } from '../session/session-file.js';
import type { SessionRecord } from '../session/session-record.js';
import { exportRdf, type RdfFormat } from './rdf-export.js';
import type { ProvOptions, ProvSource } from './session-statements.js';
import { PROVENANCE_SHAPE } from './shape.js';

const file = new URL('../../test/vectors/prov-export-example.json', import.meta.url);
const example = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly session: object;
  readonly rdfc10_sha256: string;
  readonly canonical_nquads: string;
};
const session = parseSessionFile(JSON.stringify(example.session));

function sourceOf(record: SessionRecord): ProvSource {
  return { header: record, actions: () => record.actions };
}

async function exported(
  record: SessionRecord,
  format: RdfFormat,
  options: ProvOptions = {},
): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of exportRdf(sourceOf(record), { format, ...options })) chunks.push(chunk);
  return chunks.join('');
}

function canonize(nquads: string): Promise<string> {
  return rdfCanonize.canonize(nquads, {
    algorithm: 'RDFC-1.0',
    inputFormat: 'application/n-quads',
    format: 'application/n-quads',
  });
}

/** N-Quads of what a parser of somebody else reads from the export. */
async function readBack(text: string, format: RdfFormat): Promise<string> {
  if (format === 'json-ld') {
    const refuse = () => Promise.reject(new Error('no network'));
    const document = JSON.parse(text) as object;
    return String(
      await jsonld.toRDF(document as never, {
        format: 'application/n-quads',
        documentLoader: refuse,
      }),
    );
  }
  if (format !== 'turtle') return text; // The canonicaliser has a parser of its own.
  const writer = new Writer({ format: 'N-Quads' });
  writer.addQuads(new Parser().parse(text));
  let nquads = '';
  writer.end((_error, result) => {
    nquads = String(result);
  });
  return nquads;
}

const mediaTypes = {
  turtle: 'text/turtle',
  'n-quads': 'application/n-quads',
  'n-triples': 'application/n-triples',
  'json-ld': 'application/ld+json',
};
const formats = ['turtle', 'n-quads', 'n-triples', 'json-ld'] as const;

/** Everything that could break an export: quotes, line ends, other scripts, odd kernels, all optional members. */
const hostile: SessionRecord = {
  ...session,
  label: 'a "label"\nwith \\ and 😀 \u0000',
  ended_at: null,
  outcome: 'in_progress',
  was_associated_with: 'ckp://Kernel#a b<c>:v1.0',
  actions: session.actions.map((action) => ({
    ...action,
    note: 'tab\t "quoted" \r\n',
    via_edge: 'A B',
    intent: { 'ключ "x"': ['\u2028', 1e21, -0.5, { deep: [null, true] }] },
    started_at: '2026-03-14T20:00:02.500000Z',
    task: 'urn:task:1',
    goal: 'urn:goal:1',
    used: ['urn:file:a b', 'urn:file:2'],
  })),
};

describe('a PROV-O export', () => {
  it('of the example is the dataset of the vector, in every form', async () => {
    for (const format of formats) {
      const text = await exported(session, format);
      const canonical = await canonize(await readBack(text, format));
      expect(canonical.split('\n')).toEqual(example.canonical_nquads.split('\n'));
      expect(createHash('sha256').update(canonical).digest('hex')).toBe(example.rdfc10_sha256);
    }
  });

  it('is one dataset in all forms, also for hostile content', async () => {
    const [first, ...others] = await Promise.all(
      formats.map(async (format) =>
        canonize(await readBack(await exported(hostile, format), format)),
      ),
    );
    for (const other of others) expect(other).toBe(first);
    expect(first).toContain('%20');
  });

  it('loads in a strict store, whatever its form', async () => {
    for (const record of [session, hostile]) {
      const sizes = new Set<number>();
      for (const format of formats) {
        const store = new oxigraph.Store();
        store.load(await exported(record, format), { format: mediaTypes[format] });
        sizes.add(store.size);
      }
      expect(sizes.size).toBe(1);
    }
  });

  it('is the same bytes every time', async () => {
    for (const format of formats) {
      expect(await exported(hostile, format)).toBe(await exported(hostile, format));
    }
  });

  it('conforms to the shape, and a broken one does not', async () => {
    for (const record of [
      session,
      { ...hostile, was_associated_with: session.was_associated_with },
    ]) {
      const turtle = await exported(record, 'turtle');
      expect(await shaclReport(turtle, PROVENANCE_SHAPE)).toEqual([]);
    }
    const turtle = await exported(session, 'turtle');
    const a1 = '<ckp://Action#MyKernel.session-1773518402000-1f2e3d4c/a/1>';
    for (const broken of [
      `${a1} <http://www.w3.org/ns/prov#wasAssociatedWith> <ckp://Kernel#Other:v1.0> .`,
      `${a1} <http://www.w3.org/ns/prov#used> <ckp://Kernel#MyKernel:v1.0> .`,
      `${a1} a <http://www.w3.org/ns/prov#Entity> .`,
      `<urn:x> <http://www.w3.org/ns/prov#wasGeneratedBy> ${a1} .`,
    ]) {
      expect(await shaclReport(`${turtle}\n${broken}`, PROVENANCE_SHAPE)).not.toEqual([]);
    }
  });

  it('can link only the attempts of one action', async () => {
    const other = session.actions.map((action) => ({ ...action, action_type: `t${action.seq}` }));
    const text = await exported({ ...session, actions: other }, 'n-quads', {
      informedBy: 'attempts',
    });
    expect(text).not.toContain('wasInformedBy');
    expect(await exported(session, 'n-quads', { informedBy: 'attempts' })).toContain(
      'wasInformedBy',
    );
  });

  it('takes another vocabulary', async () => {
    const text = await exported(session, 'turtle', { vocabulary: 'https://example.org/v#' });
    expect(text).toContain('@prefix pc: <https://example.org/v#>');
    expect(text).not.toContain('urn:provchain');
    expect(new Store(new Parser().parse(text)).size).toBe(91);
  });

  it('streams: a long session is never held as a whole', async () => {
    let alive = 0;
    let most = 0;
    const source: ProvSource = {
      header: session,
      *actions() {
        for (let seq = 1; seq <= 2_000; seq += 1) {
          alive += 1;
          most = Math.max(most, alive);
          yield { ...session.actions[0]!, seq };
          alive -= 1;
        }
      },
    };
    let chunks = 0;
    for await (const _chunk of exportRdf(source, { format: 'n-quads' })) chunks += 1;
    expect(chunks).toBeGreaterThan(2_000);
    expect(most).toBe(1);
  });

  it('reads its own session file to the same export', async () => {
    const again = parseSessionFile(formatSessionFile(session));
    expect(await exported(again, 'turtle')).toBe(await exported(session, 'turtle'));
    expect(parseJson(await exported(session, 'json-ld'))).toHaveProperty('@graph');
  });
});
