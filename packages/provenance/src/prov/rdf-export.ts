import { EngramkitError, type JsonValue, parseJson } from '@engramkit/core';
import type { ContextDefinition, NodeObject } from 'jsonld';
import type * as N3 from 'n3';
import { type ProvOptions, type ProvSource, sessionStatements } from './session-statements.js';
import { DEFAULT_VOCABULARY, NAMESPACES, type Statement } from './statement.js';

/** The RDF forms of an export. Source: provenance section 7.2. */
export type RdfFormat = 'turtle' | 'n-quads' | 'n-triples' | 'json-ld';

const N3_FORMATS = {
  turtle: 'Turtle',
  'n-quads': 'N-Quads',
  'n-triples': 'N-Triples',
} as const satisfies Record<Exclude<RdfFormat, 'json-ld'>, string>;

/**
 * A session as PROV-O in an RDF form, piece by piece: actions are read as a stream and never held together.
 *
 * All forms hold the same statements, in a fixed order. The RDF libraries are loaded here, when they are needed.
 * Source: provenance sections 7.1, 7.2.
 */
export async function* exportRdf(
  source: ProvSource,
  options: ProvOptions & { readonly format: RdfFormat },
): AsyncGenerator<string> {
  if (options.format === 'json-ld') yield* exportJsonLd(source, options);
  else yield* exportWithN3(source, N3_FORMATS[options.format], options);
}

/** The RDF libraries are large and rarely needed: whoever exports RDF installs them. */
async function importLibrary<Library>(
  name: string,
  load: () => Promise<Library>,
): Promise<Library> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new EngramkitError(
      `this export format needs the package ${name}, which is not installed`,
      {
        code: 'MISSING_DEPENDENCY',
        hint: `Run: npm install ${name}. The formats prov-json, session and openlineage need nothing else.`,
        cause,
      },
    );
  }
}

async function* exportWithN3(
  source: ProvSource,
  format: string,
  options: ProvOptions,
): AsyncGenerator<string> {
  const n3 = await importLibrary('n3', () => import('n3'));
  const chunks: string[] = [];
  const output = {
    write(chunk: string, _encoding: string, done?: () => void): void {
      chunks.push(chunk);
      done?.();
    },
    end(done?: () => void): void {
      done?.();
    },
  };
  const prefixes = { ...NAMESPACES, pc: options.vocabulary ?? DEFAULT_VOCABULARY };
  const writer = new n3.Writer(output, { format, ...(format === 'Turtle' ? { prefixes } : {}) });
  for await (const statements of sessionStatements(source, options)) {
    for (const statement of statements) writer.addQuad(quadOf(n3, statement));
    if (chunks.length > 0) yield chunks.splice(0).join('');
  }
  await new Promise<void>((resolve, reject) => {
    writer.end((error) => (error ? reject(error) : resolve()));
  });
  yield chunks.join('');
}

function quadOf(n3: typeof N3, { subject, predicate, object }: Statement): N3.Quad {
  const { namedNode, literal, quad } = n3.DataFactory;
  const value =
    'iri' in object
      ? namedNode(object.iri)
      : object.datatype === undefined
        ? literal(object.text)
        : literal(object.text, namedNode(object.datatype));
  return quad(namedNode(subject), namedNode(predicate), value);
}

/** Inline, never fetched. Times are typed by the context; everything else says its type itself. */
function contextOf(options: ProvOptions): ContextDefinition {
  const dateTime = (name: string) => ({ '@id': `prov:${name}`, '@type': 'xsd:dateTime' });
  return {
    ...NAMESPACES,
    pc: options.vocabulary ?? DEFAULT_VOCABULARY,
    label: 'rdfs:label',
    comment: 'rdfs:comment',
    startedAtTime: dateTime('startedAtTime'),
    endedAtTime: dateTime('endedAtTime'),
    generatedAtTime: dateTime('generatedAtTime'),
  };
}

async function* exportJsonLd(source: ProvSource, options: ProvOptions): AsyncGenerator<string> {
  const jsonld = (await importLibrary('jsonld', () => import('jsonld'))).default;
  const context = contextOf(options);
  yield `{"@context":${JSON.stringify(context)},"@graph":[`;
  let isFirst = true;
  for await (const statements of sessionStatements(source, options)) {
    const expanded = expandedNode(statements);
    const compacted: NodeObject = await jsonld.compact(expanded, context, {
      documentLoader: refuseNetwork,
    });
    const { '@context': _context, ...node } = compacted;
    yield `${isFirst ? '\n' : ',\n'}${JSON.stringify(node)}`;
    isFirst = false;
  }
  yield '\n]}\n';
}

/** The expanded JSON-LD of the statements about one subject. */
function expandedNode(statements: readonly Statement[]): NodeObject {
  const node: Record<string, JsonValue> = { '@id': statements[0]?.subject ?? '' };
  for (const { predicate, object } of statements) {
    const isType = predicate === `${NAMESPACES.rdf}type` && 'iri' in object;
    const key = isType ? '@type' : predicate;
    const value = isType ? object.iri : expandedValue(object);
    const known = node[key];
    node[key] = Array.isArray(known) ? [...known, value] : [value];
  }
  return node as NodeObject; // Exactly the members above.
}

function expandedValue(object: Statement['object']): JsonValue {
  if ('iri' in object) return { '@id': object.iri };
  if (object.datatype === undefined) return { '@value': object.text };
  if (object.datatype === `${NAMESPACES.rdf}JSON`) {
    const value = parseJson(object.text, { maxDepth: 300, prototypeKeys: 'keep' });
    return { '@value': value, '@type': '@json' };
  }
  return { '@value': object.text, '@type': object.datatype };
}

function refuseNetwork(url: string): Promise<never> {
  return Promise.reject(new Error(`${url} is not loaded: an export needs no remote context`));
}
