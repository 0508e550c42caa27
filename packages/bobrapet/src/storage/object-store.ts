/** What one call to a store may be told. */
export interface StoreOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The bytes of an object: at once, or piece by piece for what does not fit into memory. */
export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * A place that holds objects by path; failures are a `StorageError`, never a silent fallback.
 *
 * Paths were checked by `checkObjectPath`.
 */
export interface ObjectStore {
  /** Stores the object as a whole or not at all. */
  write(
    path: string,
    body: ObjectBody,
    options: StoreOptions & { readonly contentType: string },
  ): Promise<void>;
  /** Reads the whole object; refuses one of more than `maxBytes` before it fills the memory. */
  read(path: string, options: StoreOptions & { readonly maxBytes: number }): Promise<Uint8Array>;
  close(): Promise<void>;
}
