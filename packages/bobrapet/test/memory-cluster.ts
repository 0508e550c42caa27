import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '@engramkit/core';
import type {
  KubernetesClient,
  KubernetesObject,
  ResourceAddress,
  ResourceScope,
} from '../src/kubernetes/kubernetes-client.js';
import { KubernetesError } from '../src/kubernetes/kubernetes-error.js';

/** One call, as the cluster saw it. */
export interface RecordedCall {
  readonly verb: 'get' | 'create' | 'update' | 'patch';
  readonly path: string;
  readonly body?: JsonValue;
}

/** Decides about a call: an error to answer with, and whether the call takes effect nevertheless. */
export type Fault = (
  call: RecordedCall,
) => { readonly error: KubernetesError; readonly applied?: boolean } | undefined;

/** What an admission webhook sees; the text is the refusal. */
export type Admission = (change: {
  readonly address: ResourceAddress;
  readonly before: JsonObject | undefined;
  readonly after: JsonObject;
}) => string | undefined;

/** Objects with versions, conditional writes, a status subresource, merge patches, admission and scripted faults. */
export class MemoryCluster {
  readonly calls: RecordedCall[] = [];
  readonly faults: Fault[] = [];
  readonly admissions: Admission[] = [];
  readonly #objects = new Map<string, KubernetesObject>();
  #versions = 0;

  /** Puts an object there without asking anybody. */
  seed(address: ResourceAddress, object: JsonObject): KubernetesObject {
    return this.#store(address, object, undefined);
  }

  peek(address: ResourceAddress): KubernetesObject | undefined {
    return this.#objects.get(pathOf(address));
  }

  list(plural: string): readonly KubernetesObject[] {
    return [...this.#objects].flatMap(([path, object]) =>
      path.split('/').at(-2) === plural ? [object] : [],
    );
  }

  client(namespace: string): KubernetesClient {
    const through = <Value>(call: RecordedCall, work: () => Value): Promise<Value> =>
      this.#call(call, work);
    return {
      namespace,
      get: (address, options) =>
        through({ verb: 'get', path: pathOf(address) }, () => {
          options?.signal?.throwIfAborted();
          return structuredClone(this.#found(address));
        }),
      list: async (scope) => ({
        items: structuredClone(this.list(scope.plural)),
        resourceVersion: String(this.#versions),
      }),
      create: (scope: ResourceScope, object) => {
        const name = (object as KubernetesObject).metadata.name ?? '';
        const address = { ...scope, name };
        return through({ verb: 'create', path: pathOf(address), body: object }, () => {
          if (this.peek(address) !== undefined) throw failure(409, 'AlreadyExists');
          this.#admit(address, undefined, object);
          return structuredClone(this.#store(address, object, undefined));
        });
      },
      update: (address, object) =>
        through({ verb: 'update', path: pathOf(address), body: object }, () => {
          const before = this.#found(address);
          this.#checkVersion(before, object);
          this.#admit(address, before, object);
          return structuredClone(this.#store(address, object, before));
        }),
      patch: (address, patch, options) =>
        through({ verb: 'patch', path: pathOf(address), body: patch }, () => {
          const before = this.#found(address);
          this.#checkVersion(before, patch as JsonObject);
          const { status, metadata: _, ...rest } = patch as JsonObject;
          const effective =
            options.subresource === 'status' ? (status === undefined ? {} : { status }) : rest;
          const after = mergePatched(before, effective) as JsonObject;
          if (options.subresource === undefined) this.#admit(address, before, after);
          return structuredClone(this.#store(address, after, before));
        }),
      delete: async (address) => {
        this.#objects.delete(pathOf(address));
      },
      watch: () => ({
        [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
      }),
      close: async () => undefined,
    };
  }

  async #call<Value>(call: RecordedCall, work: () => Value): Promise<Value> {
    // Calls of several clients come between each other as they do on a network.
    await new Promise((resolve) => setImmediate(resolve));
    this.calls.push(structuredClone(call));
    for (const fault of this.faults) {
      const decided = fault(call);
      if (decided === undefined) continue;
      if (decided.applied === true) work();
      throw decided.error;
    }
    const value = work();
    await new Promise((resolve) => setImmediate(resolve));
    return value;
  }

  #found(address: ResourceAddress): KubernetesObject {
    const found = this.peek(address);
    if (found === undefined) throw failure(404, 'NotFound');
    return found;
  }

  #checkVersion(before: KubernetesObject, given: JsonObject): void {
    const expected = (given.metadata as JsonObject | undefined)?.resourceVersion;
    if (expected !== undefined && expected !== before.metadata.resourceVersion) {
      throw failure(409, 'Conflict');
    }
  }

  #admit(address: ResourceAddress, before: JsonObject | undefined, after: JsonObject): void {
    for (const admission of this.admissions) {
      const refusal = admission({ address, before, after });
      if (refusal !== undefined) throw failure(403, 'Forbidden', refusal);
    }
  }

  #store(
    address: ResourceAddress,
    object: JsonObject,
    before: KubernetesObject | undefined,
  ): KubernetesObject {
    const metadata = (object.metadata ?? {}) as JsonObject;
    const kept = {
      ...structuredClone(object),
      metadata: {
        uid: `uid-${address.name}`,
        ...metadata,
        name: address.name,
        ...(address.namespace === undefined ? {} : { namespace: address.namespace }),
        resourceVersion: before?.metadata.resourceVersion ?? '',
      },
    };
    // A write that changes nothing makes no version.
    if (before !== undefined && isDeepStrictEqual(before, kept)) return before;
    this.#versions += 1;
    const stored = {
      ...kept,
      metadata: { ...kept.metadata, resourceVersion: `${this.#versions}` },
    };
    this.#objects.set(pathOf(address), stored);
    return stored;
  }
}

/** The answer of an API server that refuses. */
export function failure(status: number, reason: string, message = reason): KubernetesError {
  return new KubernetesError(message, { status, reason });
}

function pathOf({ group, plural, namespace = '', name }: ResourceAddress): string {
  return `${group}/${namespace}/${plural}/${name}`;
}

/** RFC 7386. */
export function mergePatched(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const members = new Map<string, JsonValue>(Object.entries(base));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, mergePatched(members.get(name), value));
  }
  return Object.fromEntries(members);
}
