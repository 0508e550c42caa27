import { InvalidInputError, type JsonObject } from '@engramkit/core';
import { FUNCTION_DEFAULTS } from './function-attributes.js';
import { FUNCTION_CONTEXT_URL, FUNCTION_DESCRIPTOR_TYPE } from './function-descriptor.js';

const XSD = 'http://www.w3.org/2001/XMLSchema#';

/**
 * The JSON-LD context of descriptors: every member is a term below {@link FUNCTION_CONTEXT_URL}.
 *
 * `corpus_entry_cid` is a plain text, because `sha256:…` is no IRI. Source: function-descriptor section 2.
 */
export const FUNCTION_CONTEXT_DOCUMENT: JsonObject = Object.freeze({
  '@context': Object.freeze({
    '@version': 1.1,
    [FUNCTION_DESCRIPTOR_TYPE]: `${FUNCTION_CONTEXT_URL}#${FUNCTION_DESCRIPTOR_TYPE}`,
    ...Object.fromEntries(
      Object.entries(FUNCTION_DEFAULTS).map(([name, fallback]) => [name, term(name, fallback)]),
    ),
  }),
});

function term(name: string, fallback: unknown): JsonObject {
  const id = `${FUNCTION_CONTEXT_URL}#${name}`;
  if (Array.isArray(fallback)) return { '@id': id, '@container': '@set' };
  if (typeof fallback === 'number') return { '@id': id, '@type': `${XSD}integer` };
  if (typeof fallback === 'boolean') return { '@id': id, '@type': `${XSD}boolean` };
  return { '@id': id };
}

/** What a JSON-LD processor asks a document loader for. */
export interface RemoteDocument {
  readonly contextUrl: null;
  readonly documentUrl: string;
  readonly document: JsonObject;
}

/**
 * Serves the context of descriptors to JSON-LD processors, and nothing else: no address is ever fetched.
 *
 * Rejects with `JSON_LD_CONTEXT_UNKNOWN` for any other address.
 */
export async function functionContextLoader(url: string): Promise<RemoteDocument> {
  if (url === FUNCTION_CONTEXT_URL) {
    return { contextUrl: null, documentUrl: url, document: FUNCTION_CONTEXT_DOCUMENT };
  }
  throw new InvalidInputError(`no document is bundled for ${JSON.stringify(url.slice(0, 200))}`, {
    code: 'JSON_LD_CONTEXT_UNKNOWN',
    hint: `Only ${FUNCTION_CONTEXT_URL} is served; wrap this loader to add documents of your own.`,
  });
}
