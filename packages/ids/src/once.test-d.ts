import {
  canonicalize,
  canonicalizeToBytes,
  contentId,
  type IdempotencyStore,
  memoryIdempotencyStore,
  once,
  resolveUnknown,
} from './index.js';

const store: IdempotencyStore = memoryIdempotencyStore();

// The result of an effect is what later calls read back from JSON.
export const receipt: Promise<{ charge: string }> = once('k', async () => ({ charge: 'ch' }), {
  store,
});
export const nothing: Promise<undefined> = once('k', async () => undefined, { store });
// @ts-expect-error: a Date does not come back as one.
once('k', () => new Date(), { store });
// @ts-expect-error: neither does a Map.
once('k', () => new Map<string, string>(), { store });
// @ts-expect-error: without a store there is no promise to keep.
once('k', () => 1, {});

resolveUnknown(store, 'k', { happened: true, result: { charge: 'ch' } });
resolveUnknown(store, 'k', { happened: false });
// @ts-expect-error: what did not happen has no result.
resolveUnknown(store, 'k', { happened: false, result: 1 });

export const text: string = canonicalize({}, { scheme: 'jcs' });
export const bytes: Uint8Array = canonicalizeToBytes({}, { scheme: 'cidv1-dag-cbor' });
// @ts-expect-error: DAG-CBOR has no text.
canonicalize({}, { scheme: 'cidv1-dag-cbor' });
// @ts-expect-error: schemes have names.
contentId({}, { scheme: 'md5' });
