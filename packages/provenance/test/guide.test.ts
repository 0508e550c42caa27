import { readFileSync } from 'node:fs';
import oxigraph from 'oxigraph';
import { expect, it } from 'vitest';
import { exportRdf, parseSessionFile, type RdfFormat } from '../src/index.js';

const guide = readFileSync(new URL('../../../docs/provenance.md', import.meta.url), 'utf8');
const example = JSON.parse(
  readFileSync(new URL('vectors/prov-export-example.json', import.meta.url), 'utf8'),
) as { session: object };
const session = parseSessionFile(JSON.stringify(example.session));
const source = { header: session, actions: () => session.actions };

interface Question {
  readonly query: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The queries of the guide, each with the table that follows it. */
function questions(): Question[] {
  return [...guide.matchAll(/```sparql\n([\s\S]*?)```\n\n((?:\|.*\n)+)/g)].map((match) => {
    const [head = '', , ...rows] = (match[2] ?? '').trimEnd().split('\n');
    return { query: match[1] ?? '', names: cells(head), rows: rows.map(cells) };
  });
}

it('the guide has questions', () => {
  expect(questions().length).toBe(guide.split('```sparql').length - 1);
  expect(questions().length).toBeGreaterThan(3);
});

const mediaTypes: Readonly<Record<RdfFormat, string>> = {
  turtle: 'text/turtle',
  'n-quads': 'application/n-quads',
  'n-triples': 'application/n-triples',
  'json-ld': 'application/ld+json',
};

it.each(Object.entries(mediaTypes))(
  'the queries of the guide have its answers on %s',
  async (format, type) => {
    let text = '';
    for await (const chunk of exportRdf(source, { format: format as RdfFormat })) text += chunk;
    const store = new oxigraph.Store();
    store.load(text, { format: type });
    for (const { query, names, rows } of questions()) {
      const answers = store.query(query) as Map<string, { value: string }>[];
      expect(answers.map((answer) => names.map((name) => answer.get(name)?.value))).toEqual(rows);
    }
  },
);
