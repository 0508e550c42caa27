import { posix } from 'node:path';
import {
  type Clock,
  EngramkitError,
  type JsonObject,
  type JsonValue,
  toJsonValue,
} from '@engramkit/core';
import type { PayloadStore } from '@engramkit/runtime';
import type { StorageSettings } from '../env/storage-settings.js';
import type { StorageTelemetry } from '../metrics/storage-telemetry.js';
import { type PlannedObject, planDehydration, storedObject } from './dehydration.js';
import { goJsonSize } from './go-json.js';
import { hydrateValue } from './hydration.js';
import type { KubernetesReference } from './kubernetes-reference.js';
import { checkObjectPath } from './object-path.js';
import type { ObjectBody, ObjectStore } from './object-store.js';
import { StorageError } from './storage-error.js';
import { storageReferenceJson } from './storage-reference.js';

/** What references say about the stored value. */
export interface SchemaMark {
  /** A `bubu://` id; empty for none. */
  readonly schema?: string | undefined;
  readonly schemaVersion?: string | undefined;
}

/** Where a document belongs in the store. */
export interface DocumentPlace extends SchemaMark {
  /** `<namespace>/<name>`; empty leaves the segment out. Source: bobrapet-batch section 4.3. */
  readonly id: string;
}

/** What {@link openPayloadStorage} is made of. */
export interface PayloadStorageOptions {
  readonly settings: Omit<StorageSettings, 'backend'>;
  /** Absent: storage is off. Closed together with the payload storage. */
  readonly store?: ObjectStore | undefined;
  readonly clock: Clock;
  /** Where the outputs of this step belong. */
  readonly output: DocumentPlace;
  /** The namespace that ConfigMap and Secret references may name. */
  readonly referenceNamespace?: string | undefined;
  /** Reads ConfigMaps and Secrets; absent, such references stay as they are. */
  readonly resolveKubernetes?:
    | ((reference: KubernetesReference, signal: AbortSignal) => Promise<JsonValue>)
    | undefined;
  readonly telemetry?: StorageTelemetry | undefined;
  /** The largest object that is loaded, in bytes; default 64 MiB. */
  readonly maxObjectBytes?: number | undefined;
  /** The most that one document may load, in bytes; default 256 MiB. */
  readonly maxTotalBytes?: number | undefined;
}

/** Options of one operation. */
export interface PayloadOptions {
  readonly signal: AbortSignal;
}

/** Large values live in a store, documents carry references; the `PayloadStore` of a run. */
export interface PayloadStorage extends PayloadStore {
  /** Whether there is a store. */
  readonly enabled: boolean;
  /** Replaces large parts of the inputs of a Story by references. Source: bobrapet-batch section 9.6. */
  dehydrateInputs(
    inputs: JsonObject,
    place: DocumentPlace,
    options: PayloadOptions,
  ): Promise<JsonValue>;
  /**
   * Stores bytes as they are, such as logs, and gives the reference to them.
   *
   * Such a reference cannot be hydrated. Source: bobrapet-batch section 4.2.
   */
  upload(
    path: string,
    body: ObjectBody,
    options: PayloadOptions & SchemaMark & { readonly contentType: string },
  ): Promise<JsonObject>;
  close(): Promise<void>;
}

const MEBIBYTE = 1_048_576;
const PARALLEL_WRITES = 8;

/** Makes the payload storage of one process. Source: bobrapet-batch section 4. */
export function openPayloadStorage(options: PayloadStorageOptions): PayloadStorage {
  return new StoredPayloads(options);
}

class StoredPayloads implements PayloadStorage {
  readonly #options: PayloadStorageOptions;

  constructor(options: PayloadStorageOptions) {
    this.#options = options;
  }

  get enabled(): boolean {
    return this.#options.store !== undefined;
  }

  hydrate(value: unknown, { signal }: PayloadOptions): Promise<unknown> {
    const { settings, store, maxObjectBytes, maxTotalBytes } = this.#options;
    return this.#within('hydrate', signal, async (limited) => {
      const hydrated = await hydrateValue(toJsonValue(value, { what: 'the document' }), {
        store,
        maxDepth: settings.maxRecursionDepth,
        maxObjectBytes: maxObjectBytes ?? 64 * MEBIBYTE,
        maxTotalBytes: maxTotalBytes ?? 256 * MEBIBYTE,
        referenceNamespace: this.#options.referenceNamespace ?? '',
        resolveKubernetes: this.#options.resolveKubernetes,
        signal: limited,
      });
      return hydrated;
    });
  }

  dehydrate(value: JsonValue, { signal }: PayloadOptions): Promise<JsonValue> {
    const { output, settings } = this.#options;
    return this.#within('dehydrate', signal, (limited) =>
      this.#store(value, output, 'output', settings.outputPrefix, limited),
    );
  }

  dehydrateInputs(
    inputs: JsonObject,
    place: DocumentPlace,
    { signal }: PayloadOptions,
  ): Promise<JsonValue> {
    const { settings } = this.#options;
    return this.#within('dehydrateInputs', signal, (limited) =>
      this.#store(inputs, place, 'inputs', settings.inputPrefix, limited),
    );
  }

  async upload(
    path: string,
    body: ObjectBody,
    options: PayloadOptions & SchemaMark & { readonly contentType: string },
  ): Promise<JsonObject> {
    const { store } = this.#options;
    const ref = checkObjectPath(path);
    if (store === undefined) throw disabled(`${ref} cannot be uploaded`);
    const { contentType, schema, schemaVersion, signal } = options;
    await this.#limited(signal, (limited) =>
      store.write(ref, body, { contentType, signal: limited }),
    );
    return storageReferenceJson({ ref, contentType, schema, schemaVersion });
  }

  async close(): Promise<void> {
    await this.#options.store?.close();
  }

  async #store(
    value: JsonValue,
    place: DocumentPlace,
    form: 'output' | 'inputs',
    prefix: string,
    signal: AbortSignal,
  ): Promise<JsonValue> {
    const { settings, store } = this.#options;
    const { maxInlineSize: limit, maxRecursionDepth: maxDepth } = settings;
    if (store === undefined) {
      if (goJsonSize(value, limit) <= limit) return value;
      throw disabled(`the ${form} take more than the inline limit of ${limit} bytes as JSON`);
    }
    const { id, schema, schemaVersion } = place;
    // Checked part by part: joining first would fold a hostile segment away before anybody sees it.
    const pathOf = (name: string): string =>
      checkObjectPath(
        posix.join(...[prefix, id].filter((part) => part !== '').map(checked), `${name}.json`),
      );
    const plan = planDehydration(value, {
      limit,
      maxDepth,
      form,
      refer: ({ name, kind }) =>
        storageReferenceJson({
          ref: pathOf(name),
          contentType: kind === 'raw' ? 'text/plain' : 'application/json',
          schema,
          schemaVersion,
        }),
    });
    await inParallel(plan.objects, signal, (object, joint) =>
      store.write(pathOf(object.name), storedObject(object), {
        contentType: 'application/json',
        signal: joint,
      }),
    );
    return plan.value;
  }

  #within<Value>(
    operation: 'hydrate' | 'dehydrate' | 'dehydrateInputs',
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const { telemetry } = this.#options;
    const limited = (): Promise<Value> => this.#limited(signal, work);
    if (telemetry === undefined) return limited();
    return telemetry.observe(operation, { enabled: this.enabled }, limited, (value) =>
      goJsonSize(toJsonValue(value)),
    );
  }

  async #limited<Value>(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const { clock, settings } = this.#options;
    const timeout = new StorageError(`storage did not answer within ${settings.timeoutMs} ms`, {
      code: 'STORAGE_TIMEOUT',
      retry: 'safe',
      hint: 'Raise BUBU_STORAGE_TIMEOUT or move less data.',
    });
    const ended = new AbortController();
    const timer = clock.setTimer(() => ended.abort(timeout), settings.timeoutMs);
    try {
      return await work(AbortSignal.any([signal, ended.signal]));
    } catch (error) {
      signal.throwIfAborted();
      throw EngramkitError.from(ended.signal.aborted ? timeout : error);
    } finally {
      timer.cancel();
    }
  }
}

function checked(part: string): string {
  return checkObjectPath(part.replace(/^\/+/, ''));
}

function disabled(what: string): StorageError {
  return new StorageError(`${what}, and storage is disabled`, {
    code: 'STORAGE_DISABLED',
    hint: 'Return less, or give the Story a storage policy (BUBU_STORAGE_PROVIDER and its companions).',
  });
}

/** Stores a few at a time; the first failure ends the others. */
async function inParallel(
  objects: readonly PlannedObject[],
  signal: AbortSignal,
  write: (object: PlannedObject, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const joint = AbortSignal.any([signal, failed.signal]);
  const waiting = objects.values();
  const worker = async (): Promise<void> => {
    for (const object of waiting) {
      joint.throwIfAborted();
      await write(object, joint).catch((error: unknown) => {
        failed.abort(error);
        throw error;
      });
    }
  };
  const workers = Array.from({ length: Math.min(PARALLEL_WRITES, objects.length) }, worker);
  const results = await Promise.allSettled(workers);
  if (results.some((result) => result.status === 'rejected')) {
    throw failed.signal.aborted ? failed.signal.reason : signal.reason;
  }
}
