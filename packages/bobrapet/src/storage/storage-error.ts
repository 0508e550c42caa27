import { EngramkitError } from '@engramkit/core';

/**
 * A payload could not be moved into or out of storage.
 *
 * Codes: `STORAGE_DISABLED`, `STORAGE_REFERENCE_INVALID` (path, selector or shape), `STORAGE_OBJECT_MISSING`,
 * `STORAGE_OBJECT_MALFORMED`, `STORAGE_OBJECT_TOO_LARGE`, `STORAGE_DEPTH_EXCEEDED`, `STORAGE_DENIED`, `STORAGE_UNAVAILABLE`,
 * `STORAGE_TIMEOUT`, `STORAGE_KUBERNETES_REFERENCE`. `details.path` names the object or the place in the document.
 */
export class StorageError extends EngramkitError {
  static override readonly brand: string = 'StorageError';
}
