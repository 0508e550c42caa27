import { EngramkitError, type JsonObject, type JsonValue, parseJson } from '@engramkit/core';
import { isJsonArray } from './json-array.js';
import { type KubernetesReference, parseKubernetesReference } from './kubernetes-reference.js';
import type { ObjectStore } from './object-store.js';
import { selectPath } from './select-path.js';
import { StorageError } from './storage-error.js';
import { parseStorageReference, type StorageReference } from './storage-reference.js';

/** Where the parts of a document come from, and how much of it is taken. */
export interface HydrationRules {
  /** Absent: storage is off, and a reference is an error. */
  readonly store: ObjectStore | undefined;
  readonly maxDepth: number;
  readonly maxObjectBytes: number;
  /** Bytes of all loaded objects together; an object counts each time it is used. */
  readonly maxTotalBytes: number;
  readonly referenceNamespace: string;
  /** Absent: references to ConfigMaps and Secrets are ordinary data. */
  readonly resolveKubernetes:
    | ((reference: KubernetesReference, signal: AbortSignal) => Promise<JsonValue>)
    | undefined;
  readonly signal: AbortSignal;
}

const MOST_REFERENCES = 100_000;

/**
 * Replaces every reference in a value by what it points to, references inside of loaded objects included.
 *
 * Every level of nesting and every reference costs a level of `maxDepth`; a reference beyond it is an error, plain data is not.
 * Source: bobrapet-batch section 4.5.
 */
export function hydrateValue(value: JsonValue, rules: HydrationRules): Promise<JsonValue> {
  return new Hydration(rules).value(value, 0);
}

class Hydration {
  readonly #rules: HydrationRules;
  readonly #loaded = new Map<string, Promise<LoadedObject>>();
  #references = 0;
  #bytes = 0;

  constructor(rules: HydrationRules) {
    this.#rules = rules;
  }

  async value(value: JsonValue, depth: number): Promise<JsonValue> {
    if (typeof value !== 'object' || value === null) return value;
    if (isJsonArray(value)) {
      let copy: JsonValue[] | undefined;
      for (const [index, item] of value.entries()) {
        if (typeof item !== 'object' || item === null) continue;
        const hydrated = await this.value(item, depth + 1);
        if (hydrated === item) continue;
        copy ??= [...value];
        copy[index] = hydrated;
      }
      return copy ?? value;
    }
    const object: JsonObject = value;
    const reference = parseStorageReference(object);
    if (reference !== undefined) return this.#reference(reference, depth);
    const { resolveKubernetes, referenceNamespace, signal } = this.#rules;
    if (resolveKubernetes !== undefined) {
      const kubernetes = parseKubernetesReference(object, referenceNamespace);
      if (kubernetes !== undefined) {
        this.#count(depth);
        return resolveKubernetes(kubernetes, signal);
      }
    }
    let entries: [string, JsonValue][] | undefined;
    for (const [index, [key, item]] of Object.entries(object).entries()) {
      if (typeof item !== 'object' || item === null) continue;
      const hydrated = await this.value(item, depth + 1);
      if (hydrated === item) continue;
      entries ??= Object.entries(object);
      entries[index] = [key, hydrated];
    }
    // Built from entries, so that no key reaches for a prototype.
    return entries === undefined ? object : Object.fromEntries(entries);
  }

  async #reference(reference: StorageReference, depth: number): Promise<JsonValue> {
    const { store, maxTotalBytes } = this.#rules;
    if (store === undefined) {
      throw new StorageError(
        `storage is disabled, but ${JSON.stringify(reference.ref.slice(0, 200))} has to be loaded`,
        {
          code: 'STORAGE_DISABLED',
          details: { path: reference.ref.slice(0, 200) },
          hint: 'Set BUBU_STORAGE_PROVIDER and its companions, as the storage policy of the Story does.',
        },
      );
    }
    this.#count(depth);
    const path = reference.ref;
    let loading = this.#loaded.get(path);
    if (loading === undefined) {
      loading = this.#load(store, path);
      this.#loaded.set(path, loading);
    }
    const { data, bytes } = await loading;
    this.#bytes += bytes;
    if (this.#bytes > maxTotalBytes) {
      throw new StorageError(
        `the document takes more than ${maxTotalBytes} bytes when it is loaded`,
        {
          code: 'STORAGE_OBJECT_TOO_LARGE',
          details: { path, maxBytes: maxTotalBytes },
          hint: 'Let earlier steps return less, or select a part of it.',
        },
      );
    }
    const hydrated = await this.value(data, depth + 1);
    const selector = reference.path ?? '';
    if (selector.trim() === '') return hydrated;
    return this.value(selectPath(hydrated, selector), depth + 1);
  }

  #count(depth: number): void {
    const { maxDepth, signal } = this.#rules;
    signal.throwIfAborted();
    this.#references++;
    if (depth <= maxDepth && this.#references <= MOST_REFERENCES) return;
    const reason =
      depth > maxDepth
        ? `a reference lies deeper than the recursion limit of ${maxDepth} levels`
        : `there are more than ${MOST_REFERENCES} references`;
    throw new StorageError(`the document cannot be loaded: ${reason}`, {
      code: 'STORAGE_DEPTH_EXCEEDED',
      hint: 'References that lead back to themselves end here too; else raise BUBU_MAX_RECURSION_DEPTH.',
    });
  }

  async #load(store: ObjectStore, path: string): Promise<LoadedObject> {
    const { maxObjectBytes, signal } = this.#rules;
    const bytes = await store.read(path, { maxBytes: maxObjectBytes, signal });
    return { data: unwrap(bytes, path, maxObjectBytes), bytes: bytes.length };
  }
}

interface LoadedObject {
  readonly data: JsonValue;
  readonly bytes: number;
}

/** Source: bobrapet-batch section 4.2. */
function unwrap(bytes: Uint8Array, path: string, maxBytes: number): JsonValue {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new StorageError(`${path} is no stored value: ${reason}`, {
      code: 'STORAGE_OBJECT_MALFORMED',
      details: { path },
      hint: 'Logs and media are stored as they are and cannot be used as values.',
      ...(cause === undefined ? {} : { cause }),
    });
  };
  let wrapper: JsonValue;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // One level more than the limit of documents, for the wrapper itself.
    wrapper = parseJson(text, { what: path, maxBytes, maxDepth: 257, hideContent: true });
  } catch (error) {
    return refuse(EngramkitError.from(error).message.slice(0, 300), error);
  }
  if (typeof wrapper !== 'object' || wrapper === null || Array.isArray(wrapper)) {
    return refuse('it is no JSON object');
  }
  const { contentType, data } = wrapper as JsonObject;
  if (contentType === 'raw') return typeof data === 'string' ? data : refuse('its text is missing');
  if (contentType !== 'json') return refuse('its content type is neither json nor raw');
  return data === undefined ? refuse('its data is missing') : data;
}
