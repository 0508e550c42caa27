import type { Clock, Random } from '@engramkit/core';
import type { StorageBackend } from '../env/storage-settings.js';
import type { ObjectStore } from './object-store.js';

/** The store that the settings name, loaded when it is needed; `undefined` when storage is off. */
export async function openObjectStore(
  backend: StorageBackend,
  options: { readonly clock: Clock; readonly random: Random },
): Promise<ObjectStore | undefined> {
  switch (backend.provider) {
    case 'none':
      return undefined;
    case 'file': {
      const { fileStore } = await import('./file-store.js');
      return fileStore({ root: backend.path, random: options.random });
    }
    case 's3': {
      const { s3Store } = await import('./s3-store.js');
      return s3Store({ settings: backend, ...options });
    }
  }
}
