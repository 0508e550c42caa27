import type { JsonObject, JsonValue } from '@engramkit/core';

/** Where a kind of object lives in the API. */
export interface ResourceType {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lowercase plural, as in URLs. */
  readonly plural: string;
}

/** A type of object and the namespace it is in. */
export interface ResourceScope extends ResourceType {
  /** Absent for cluster-wide objects, and for lists over all namespaces. */
  readonly namespace?: string | undefined;
}

/** One object of the API. */
export interface ResourceAddress extends ResourceScope {
  readonly name: string;
}

/** The metadata that every object has; further members are kept. */
export interface ObjectMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object as the API server gave it: JSON, its metadata parsed. */
export type KubernetesObject = JsonObject & { readonly metadata: ObjectMetadata & JsonObject };

/** Options of every call. */
export interface RequestOptions {
  /** Ends the call at once; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long one HTTP exchange may take, in milliseconds; default: that of the client. */
  readonly timeoutMs?: number | undefined;
}

/** Options of a list. */
export interface ListOptions extends RequestOptions {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects per page; default 500. All pages are read. */
  readonly pageSize?: number | undefined;
}

/** A whole list, and the version from which a watch can go on. */
export interface ObjectList {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

/** How a patch is applied. */
export interface PatchOptions extends RequestOptions {
  /** `merge` (RFC 7386) takes an object, `json` (RFC 6902) an array of operations. */
  readonly type: 'merge' | 'json';
  /** Patches the status instead of the object. */
  readonly subresource?: 'status' | undefined;
}

/** Options of a write. */
export interface WriteOptions extends RequestOptions {
  readonly subresource?: 'status' | undefined;
}

/** Options of a deletion. */
export interface DeleteOptions extends RequestOptions {
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
  /** Refuses to delete another object of the same name. */
  readonly preconditions?:
    | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
    | undefined;
}

/** Options of a watch. */
export interface WatchOptions extends ListOptions {
  /** Watches one object. */
  readonly name?: string | undefined;
  /** Where to go on; absent: the list is read first and its objects come as `added`. */
  readonly resourceVersion?: string | undefined;
}

/** Something that happened to an object. */
export interface WatchEvent {
  /**
   * `relisted` comes after the history was lost (HTTP 410): the objects that exist follow as `added`, and whatever is not
   * among them is gone.
   */
  readonly type: 'added' | 'modified' | 'deleted' | 'relisted';
  /** Absent for `relisted`. */
  readonly object?: KubernetesObject | undefined;
}

/**
 * The Kubernetes API, as far as a component needs it.
 *
 * One call is one HTTP exchange, apart from a repetition after 401 with a fresh token: retries belong to the caller, whose
 * rules differ per operation (see `retryKubernetes`). All failures are a {@link KubernetesError}, or the reason of the signal.
 */
export interface KubernetesClient {
  /** The namespace that objects are in when nothing else is said. Source: bobrapet-batch section 1.3. */
  readonly namespace: string;
  get(address: ResourceAddress, options?: RequestOptions): Promise<KubernetesObject>;
  list(scope: ResourceScope, options?: ListOptions): Promise<ObjectList>;
  create(
    scope: ResourceScope,
    object: JsonObject,
    options?: RequestOptions,
  ): Promise<KubernetesObject>;
  /** Replaces an object (PUT); `metadata.resourceVersion` in it makes the write conditional. */
  update(
    address: ResourceAddress,
    object: JsonObject,
    options?: WriteOptions,
  ): Promise<KubernetesObject>;
  patch(
    address: ResourceAddress,
    patch: JsonValue,
    options: PatchOptions,
  ): Promise<KubernetesObject>;
  delete(address: ResourceAddress, options?: DeleteOptions): Promise<void>;
  /**
   * Follows changes until the signal aborts (then it ends without error) or the API refuses for good.
   *
   * Lost connections are taken up again from the last version seen, after a jittered pause.
   */
  watch(scope: ResourceScope, options?: WatchOptions): AsyncIterable<WatchEvent>;
  /** Ends idle connections and pending calls. */
  close(): Promise<void>;
}
