import type { JsonObject, JsonValue } from '@engramkit/core';

/** Keys of a storage reference. Source: bobrapet-batch section 4.1. */
export const REFERENCE_KEYS = {
  ref: '$bubuStorageRef',
  path: '$bubuStoragePath',
  contentType: '$bubuStorageContentType',
  schema: '$bubuStorageSchema',
  schemaVersion: '$bubuStorageSchemaVersion',
} as const;

const ALL_KEYS: ReadonlySet<string> = new Set(Object.values(REFERENCE_KEYS));

/** A value that lies in storage. */
export interface StorageReference {
  /** Path of the object below the root of the store. */
  readonly ref: string;
  /** Path inside the loaded value. */
  readonly path?: string | undefined;
  readonly contentType?: string | undefined;
  readonly schema?: string | undefined;
  readonly schemaVersion?: string | undefined;
}

/** The reference that a value is, or `undefined` for ordinary data. Source: bobrapet-batch section 4.1. */
export function parseStorageReference(value: unknown): StorageReference | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const object = value as Readonly<Record<string, unknown>>;
  const ref = Object.hasOwn(object, REFERENCE_KEYS.ref) ? object[REFERENCE_KEYS.ref] : undefined;
  if (typeof ref !== 'string') return undefined;
  if (!Object.keys(object).every((key) => ALL_KEYS.has(key))) return undefined;
  const path = object[REFERENCE_KEYS.path];
  if (path !== undefined && typeof path !== 'string') return undefined;
  const text = (key: string): string | undefined => {
    const member = object[key];
    return typeof member === 'string' ? member : undefined;
  };
  return {
    ref,
    path,
    contentType: text(REFERENCE_KEYS.contentType),
    schema: text(REFERENCE_KEYS.schema),
    schemaVersion: text(REFERENCE_KEYS.schemaVersion),
  };
}

/** The JSON form of a reference; members that are empty are left out. */
export function storageReferenceJson(reference: StorageReference): JsonObject {
  const members: Record<string, JsonValue> = {};
  for (const [name, key] of Object.entries(REFERENCE_KEYS)) {
    const value = reference[name as keyof StorageReference];
    if (value !== undefined && value !== '') members[key] = value;
  }
  return members;
}

/** Whether a reference stands anywhere in the value. */
export function containsReference(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item: JsonValue) => containsReference(item));
  if (parseStorageReference(value) !== undefined) return true;
  return Object.values(value).some((item) => containsReference(item));
}
