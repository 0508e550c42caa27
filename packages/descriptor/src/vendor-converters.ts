import type { StandardSchemaV1 } from '@engramkit/core';

/** Turns a schema of one library into something that should be a JSON Schema. */
export type JsonSchemaConverter = (
  schema: StandardSchemaV1,
  direction: 'input' | 'output',
) => unknown;

type Convert = (schema: StandardSchemaV1, options: Readonly<Record<string, unknown>>) => unknown;

interface VendorConverter {
  /** Tried in this order; the first that has the export is taken. */
  readonly modules: readonly string[];
  readonly exportName: string;
  options(direction: 'input' | 'output'): Readonly<Record<string, unknown>>;
}

const VENDORS: Readonly<Record<string, VendorConverter>> = {
  zod: {
    // Version 3.25 has the fourth edition under a path of its own.
    modules: ['zod', 'zod/v4'],
    exportName: 'toJSONSchema',
    options: (direction) => ({
      io: direction,
      target: 'draft-2020-12',
      unrepresentable: 'any',
    }),
  },
  valibot: {
    modules: ['@valibot/to-json-schema'],
    exportName: 'toJsonSchema',
    options: (direction) => ({
      typeMode: direction,
      target: 'draft-2020-12',
      errorMode: 'ignore',
    }),
  },
};

/** The converter of a library that keeps it apart from its schemas, or `undefined` when there is none to be had. */
export async function loadVendorConverter(
  vendor: string,
  importModule: (specifier: string) => Promise<unknown>,
): Promise<JsonSchemaConverter | undefined> {
  const known = Object.hasOwn(VENDORS, vendor) ? VENDORS[vendor] : undefined;
  for (const specifier of known?.modules ?? []) {
    const convert = functionNamed(
      await importIfPresent(specifier, importModule),
      known?.exportName,
    );
    if (convert !== undefined) {
      return (schema, direction) => convert(schema, known?.options(direction) ?? {});
    }
  }
  return undefined;
}

async function importIfPresent(
  specifier: string,
  importModule: (specifier: string) => Promise<unknown>,
): Promise<unknown> {
  try {
    return await importModule(specifier);
  } catch {
    return undefined; // Not installed beside the author's module: the caller says what to install.
  }
}

function functionNamed(namespace: unknown, name: string | undefined): Convert | undefined {
  if (typeof namespace !== 'object' || namespace === null || name === undefined) return undefined;
  const value: unknown = (namespace as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'function' ? (value as Convert) : undefined;
}
