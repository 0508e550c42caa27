import { type Clock, type JsonValue, type Random, toJsonValue } from '@engramkit/core';
import type { PayloadStore, TemplateResolver } from '@engramkit/runtime';
import type { Environment } from '../env/environment.js';
import { literalPaths, templateResolver } from '../templates/template-resolver.js';

type IsLiteral = (path: ReadonlyArray<string | number>) => boolean;

/** Which places of a hydrated document hold data; such data is never evaluated. */
const literalPlaces = new WeakMap<object, IsLiteral>();

/**
 * A store that remembers which places of a document it filled; inputs that the operator wants left alone are data as a whole.
 *
 * Source: bobrapet-batch sections 1.4 and 2.2, steps 6a and 7a.
 */
export function rememberingPlaces(
  store: PayloadStore,
  { payload }: Pick<Environment, 'payload'>,
): PayloadStore {
  const { skipInputTemplating, triggerData } = payload;
  return {
    async hydrate(value, options) {
      const document: JsonValue = toJsonValue(value, { what: 'the document' });
      const hydrated = await store.hydrate(document, options);
      if (typeof hydrated === 'object' && hydrated !== null) {
        const isSkipped = skipInputTemplating && value === triggerData;
        literalPlaces.set(hydrated, isSkipped ? () => true : literalPaths(document));
      }
      return hydrated;
    },
    dehydrate: (value, options) => store.dehydrate(value, options),
  };
}

/** The resolver of story expressions for a step. Source: bobrapet-batch sections 1.5 and 2.4. */
export function openHostTemplates(
  { limits }: Environment,
  options: { readonly clock: Clock; readonly random: Random; readonly payloads?: PayloadStore },
): TemplateResolver {
  return {
    resolve(value, scope, call) {
      const isLiteral =
        typeof value === 'object' && value !== null ? literalPlaces.get(value) : undefined;
      return templateResolver({ ...options, limits, isLiteral }).resolve(value, scope, call);
    },
  };
}
