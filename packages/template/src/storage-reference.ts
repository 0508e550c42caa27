import { isMap, ownValue } from './go/values.js';

/** Key of the object path in a storage reference. Source: bobrapet-batch section 4.1. */
export const STORAGE_REF_KEY = '$bubuStorageRef';
/** Key of the path inside the stored value. Source: bobrapet-batch section 4.1. */
export const STORAGE_PATH_KEY = '$bubuStoragePath';
const DEEPEST = 1_000;

/** The reference that an object carries: a non-blank text under `$bubuStorageRef`. */
export function storageReference(
  value: unknown,
): { readonly ref: string; readonly path: string } | undefined {
  if (!isMap(value)) return undefined;
  const ref = ownValue(value, STORAGE_REF_KEY);
  if (typeof ref !== 'string' || ref.trim() === '') return undefined;
  const path = ownValue(value, STORAGE_PATH_KEY);
  return { ref, path: typeof path === 'string' ? path : '' };
}

/** Whether the key `$bubuStorageRef` occurs at any depth. Source: bobrapet-batch section 2.4. */
export function containsStorageReference(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return false;
  if (Array.isArray(value)) return value.some((item) => containsStorageReference(item, depth + 1));
  if (Object.hasOwn(value, STORAGE_REF_KEY)) return true;
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    if (containsStorageReference((value as Readonly<Record<string, unknown>>)[key], depth + 1))
      return true;
  }
  return false;
}
