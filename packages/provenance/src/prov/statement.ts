/** An object of a statement: an IRI, or a literal with its datatype (a plain text has none). */
export type StatementObject =
  | { readonly iri: string }
  | { readonly text: string; readonly datatype?: string };

/** One RDF statement; provenance needs no blank nodes and no named graphs. */
export interface Statement {
  readonly subject: string;
  readonly predicate: string;
  readonly object: StatementObject;
}

/** Namespaces of the export. Source: provenance section 7.2. */
export const NAMESPACES = {
  prov: 'http://www.w3.org/ns/prov#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  dcterms: 'http://purl.org/dc/terms/',
} as const;

/** The prefix IRI of the own vocabulary. Source: provenance section 7.1. */
export const DEFAULT_VOCABULARY = 'urn:provchain:v1:';

/**
 * Percent-encodes what may not stand in an IRI: blanks, controls, `<>"{}|^` and the grave accent, backslash.
 *
 * Source: provenance section 7.3.
 */
export function safeIri(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these characters are encoded.
  return text.replace(/[\u0000-\u0020<>"{}|\\^`\u007f]/g, (character) => {
    const code = character.charCodeAt(0);
    return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
