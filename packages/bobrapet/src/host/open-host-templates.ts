import {
  type Clock,
  type JsonObject,
  type JsonValue,
  type Random,
  toJsonValue,
} from '@engramkit/core';
import type { PayloadStore, TemplateResolver } from '@engramkit/runtime';
import { createTemplateEngine } from '@engramkit/template';
import type { Environment } from '../env/environment.js';
import { isJsonObject } from '../status/json-object.js';
import { parseStorageReference } from '../storage/storage-reference.js';

type Path = ReadonlyArray<string | number>;

/** Where hydrated documents hold data that came out of storage; such data is never evaluated. */
const literalPlaces = new WeakMap<object, ReadonlySet<string>>();

/** A store that remembers which places of a document it filled. Source: bobrapet-batch section 2.2, steps 6a and 7a. */
export function rememberingPlaces(
  store: PayloadStore,
  { payload }: Pick<Environment, 'payload'>,
): PayloadStore {
  const { skipInputTemplating, triggerData } = payload;
  return {
    async hydrate(value, options) {
      const hydrated = await store.hydrate(value, options);
      const isSkipped = skipInputTemplating && value === triggerData;
      const places = isSkipped
        ? WHOLE
        : referencePlaces(toJsonValue(value, { what: 'the document' }));
      if (places.size > 0 && typeof hydrated === 'object' && hydrated !== null) {
        literalPlaces.set(hydrated, places);
      }
      return hydrated;
    },
    dehydrate: (value, options) => store.dehydrate(value, options),
  };
}

/** The resolver of story expressions for a step. Source: bobrapet-batch sections 1.5 and 2.4. */
export function openHostTemplates(
  { limits }: Environment,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): TemplateResolver {
  const engine = createTemplateEngine({
    clock,
    random,
    limits: {
      maxInputBytes: limits.templateMaxInputBytes,
      maxOutputBytes: limits.templateMaxOutputBytes,
      timeoutMs: limits.templateTimeoutMs,
    },
  });
  return {
    async resolve(value, { context }, { signal }) {
      const places =
        typeof value === 'object' && value !== null ? literalPlaces.get(value) : undefined;
      return engine.resolve(
        toJsonValue(value, { what: 'the document' }),
        { inputs: {}, steps: {}, ...context },
        {
          signal,
          ...(places === undefined ? {} : { isLiteral: (path: Path) => places.has(keyOf(path)) }),
        },
      );
    },
  };
}

/** The places of storage, ConfigMap and Secret references, not looking inside of them. */
function referencePlaces(document: JsonValue): ReadonlySet<string> {
  const places = new Set<string>();
  const visit = (value: JsonValue, path: Path): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, [...path, index]);
    } else if (isJsonObject(value)) {
      if (isReference(value)) places.add(keyOf(path));
      else for (const [name, item] of Object.entries(value)) visit(item, [...path, name]);
    }
  };
  visit(document, []);
  return places;
}

function isReference(value: JsonObject): boolean {
  return parseStorageReference(value) !== undefined || MARKERS.some((name) => name in value);
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

/** Whoever reads one of these gets data that is not the author's. Source: bobrapet-batch section 4.5. */
const MARKERS = ['$bubuConfigMapRef', '$bubuSecretRef'];
const WHOLE: ReadonlySet<string> = new Set(['[]']);
