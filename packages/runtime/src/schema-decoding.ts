import {
  describeThrown,
  InvalidInputError,
  type JsonObject,
  type StandardSchemaV1,
  validateSchema,
  weakDecode,
} from '@engramkit/core';
import type { ComponentSpec } from '@engramkit/engram';

/** Turns a raw document into what author code receives; rejects with an `InvalidInputError` that names every problem. */
export type Decoder = (value: unknown) => unknown;

/** The decoders of one component. */
export interface ComponentDecoders {
  readonly config: Decoder;
  readonly inputs: Decoder;
  readonly output: Decoder;
}

const bySpec = new WeakMap<ComponentSpec, ComponentDecoders>();

/** The decoders of a component, made once: JSON Schema and decoding plans are costly to derive. */
export function decodersOf(spec: ComponentSpec): ComponentDecoders {
  let decoders = bySpec.get(spec);
  if (decoders === undefined) {
    const weak = spec.weakDecoding !== false;
    decoders = {
      config: decoderOf(spec.config, 'the config', weak),
      inputs: decoderOf(spec.inputs, 'the inputs', weak),
      output: decoderOf(spec.output, 'the output', false),
    };
    bySpec.set(spec, decoders);
  }
  return decoders;
}

function decoderOf(schema: StandardSchemaV1 | undefined, what: string, weak: boolean): Decoder {
  if (schema === undefined) return (value) => value;
  let jsonSchema: JsonObject | undefined;
  let derived = false;
  return (value) => {
    if (weak && !derived) {
      jsonSchema = inputJsonSchema(schema);
      derived = true;
    }
    const given = jsonSchema === undefined ? value : weakDecode(value, jsonSchema, { what });
    return validateSchema(schema, given, { what });
  };
}

/** The Standard JSON Schema extension of Standard Schema, as far as it is used here. */
interface JsonSchemaMaker {
  readonly input: (options: {
    readonly target: string;
    readonly libraryOptions?: Readonly<Record<string, unknown>>;
  }) => unknown;
}

/** The JSON Schema of what a schema accepts, or `undefined` when its library cannot say; weak decoding then has no effect. */
function inputJsonSchema(schema: StandardSchemaV1): JsonObject | undefined {
  const standard: StandardSchemaV1['~standard'] & { readonly jsonSchema?: JsonSchemaMaker } =
    schema['~standard'];
  if (standard.jsonSchema === undefined) return undefined;
  try {
    const made = standard.jsonSchema.input({
      target: 'draft-2020-12',
      // What zod cannot express, such as dates, is left to the schema itself.
      libraryOptions: { unrepresentable: 'any' },
    });
    return isObject(made) ? made : undefined;
  } catch (error) {
    throw new InvalidInputError(
      `the schema cannot be turned into JSON Schema: ${describeThrown(error)}`,
      {
        code: 'SCHEMA_UNSUPPORTED',
        hint: 'Set `weakDecoding: false` in the component, or use schema parts that JSON Schema can express.',
        cause: error,
      },
    );
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
