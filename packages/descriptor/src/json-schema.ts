import {
  describeThrown,
  EngramkitError,
  type JsonObject,
  type StandardSchemaV1,
  toJsonValue,
} from '@engramkit/core';
import { type JsonSchemaConverter, loadVendorConverter } from './vendor-converters.js';

/** Which side of a schema: what it accepts, or what it makes of it. */
export type SchemaDirection = 'input' | 'output';

/** Options of {@link toJsonSchema}. */
export interface JsonSchemaOptions {
  readonly direction: SchemaDirection;
  /** How errors call the schema, such as `the inputs schema`; default `the schema`. */
  readonly what?: string;
}

/** Options of {@link loadJsonSchema}. */
export interface LoadJsonSchemaOptions extends JsonSchemaOptions {
  /**
   * Imports a package as the author's module would, for schema libraries whose converter is a package or an export of its own.
   *
   * Without it, only schemas that convert themselves can be converted.
   */
  readonly importModule?: (specifier: string) => Promise<unknown>;
}

/** The dialect of every JSON Schema that this package makes. */
export const JSON_SCHEMA_DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * The JSON Schema (draft 2020-12) of a schema of any library that can say it.
 *
 * Uses the Standard JSON Schema extension of the schema. What JSON Schema cannot express, such as dates and transformations,
 * becomes a schema that accepts anything. Throws `JSON_SCHEMA_UNAVAILABLE` when the library has no such extension, and
 * `JSON_SCHEMA_FAILED` when its conversion fails. The result is plain JSON and the same for the same schema.
 */
export function toJsonSchema(schema: StandardSchemaV1, options: JsonSchemaOptions): JsonObject {
  const convert = ownConverter(schema);
  if (convert === undefined) throw unavailable(schema, options);
  return converted(convert, schema, options);
}

/**
 * The JSON Schema of a schema, with the help of the library's converter package if the schema cannot say it itself.
 *
 * Known are zod (its `toJSONSchema`) and valibot (`@valibot/to-json-schema`). Errors are those of {@link toJsonSchema}.
 */
export async function loadJsonSchema(
  schema: StandardSchemaV1,
  options: LoadJsonSchemaOptions,
): Promise<JsonObject> {
  const { importModule } = options;
  const own = ownConverter(schema);
  if (own !== undefined) return converted(own, schema, options);
  const loaded =
    importModule === undefined
      ? undefined
      : await loadVendorConverter(schema['~standard'].vendor, importModule);
  if (loaded === undefined) throw unavailable(schema, options);
  return converted(loaded, schema, options);
}

/** The part of `~standard` that the Standard JSON Schema extension adds. */
interface StandardJsonSchema {
  readonly jsonSchema?: Readonly<
    Record<
      SchemaDirection,
      (options: {
        readonly target: string;
        readonly libraryOptions?: Readonly<Record<string, unknown>>;
      }) => unknown
    >
  >;
}

/** What makes each library accept what JSON Schema cannot express, instead of throwing. */
const LENIENT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  zod: { unrepresentable: 'any' },
  valibot: { errorMode: 'ignore' },
  arktype: { fallback: (context: { readonly base: unknown }) => context.base },
};

function ownConverter(schema: StandardSchemaV1): JsonSchemaConverter | undefined {
  const { jsonSchema, vendor }: StandardJsonSchema & { readonly vendor: string } =
    schema['~standard'];
  if (jsonSchema === undefined) return undefined;
  const libraryOptions = Object.hasOwn(LENIENT, vendor) ? LENIENT[vendor] : undefined;
  return (_schema, direction) =>
    jsonSchema[direction]({
      target: 'draft-2020-12',
      ...(libraryOptions === undefined ? {} : { libraryOptions }),
    });
}

function converted(
  convert: JsonSchemaConverter,
  schema: StandardSchemaV1,
  options: JsonSchemaOptions,
): JsonObject {
  const { direction, what = 'the schema' } = options;
  let made: unknown;
  try {
    made = toJsonValue(convert(schema, direction), { what });
  } catch (thrown) {
    throw new EngramkitError(
      `${what} cannot be turned into JSON Schema: ${describeThrown(thrown)}`,
      {
        code: 'JSON_SCHEMA_FAILED',
        cause: thrown,
        hint: 'Use parts that JSON Schema can express, or leave the schema out.',
      },
    );
  }
  if (typeof made !== 'object' || made === null || Array.isArray(made)) {
    throw new EngramkitError(`the library of ${what} made something else than a JSON Schema`, {
      code: 'JSON_SCHEMA_FAILED',
    });
  }
  return { ...made, $schema: JSON_SCHEMA_DIALECT };
}

function unavailable(schema: StandardSchemaV1, options: JsonSchemaOptions): EngramkitError {
  const { vendor } = schema['~standard'];
  return new EngramkitError(
    `${options.what ?? 'the schema'} cannot be turned into JSON Schema: its library, ${vendor}, does not say how`,
    {
      code: 'JSON_SCHEMA_UNAVAILABLE',
      details: { vendor },
      hint:
        vendor === 'valibot'
          ? 'Install @valibot/to-json-schema, or wrap the schema with its toStandardJsonSchema.'
          : 'Use a library with the Standard JSON Schema extension, such as zod 4.2 or newer.',
    },
  );
}
