import {
  InvalidInputError,
  isStandardSchema,
  type JsonObject,
  type StandardSchemaV1,
} from '@engramkit/core';
import { componentNameOf } from './component-name.js';
import { loadJsonSchema, type SchemaDirection } from './json-schema.js';

/** A component as far as it can be described; every component of `@engramkit/engram` fits. */
export interface DescribableComponent {
  readonly kind: string;
  readonly spec: {
    readonly name?: string;
    readonly version?: string;
    readonly description?: string;
    readonly config?: StandardSchemaV1;
    readonly inputs?: StandardSchemaV1;
    readonly output?: StandardSchemaV1;
    readonly secrets?: readonly string[];
    readonly weakDecoding?: boolean;
  };
}

/** Marks a {@link ComponentDescription} and its version. */
export const COMPONENT_DESCRIPTION_FORMAT = 'engramkit.component/v1';

/** What a component says about itself, as plain JSON with members in this order. */
export interface ComponentDescription {
  readonly format: typeof COMPONENT_DESCRIPTION_FORMAT;
  /** `batch`, `streaming`, `impulse`, … */
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  /** The module as the caller named it. */
  readonly module: string;
  /** JSON Schema of the accepted config; absent when the component declares none. */
  readonly config?: JsonObject;
  /** JSON Schema of the accepted inputs; absent when the component declares none. */
  readonly inputs?: JsonObject;
  /** JSON Schema of the output; absent when the component declares none. */
  readonly output?: JsonObject;
  /** The secret keys that the component reads, sorted. */
  readonly secrets: readonly string[];
  /** Whether config and inputs are decoded weakly before the schemas see them. */
  readonly weakDecoding: boolean;
}

/** Options of {@link describeComponent}. */
export interface DescribeComponentOptions {
  /** The module that the component comes from, as a path or URL to show. */
  readonly module: string;
  /** The name of a component whose author gave none; default: taken from `module` by `componentNameOf`. */
  readonly name?: string;
  /** Imports a package as the author's module would; see `loadJsonSchema`. */
  readonly importModule?: (specifier: string) => Promise<unknown>;
}

/**
 * Describes a component: the same component and options give the same JSON, text for text.
 *
 * Throws `COMPONENT_INVALID` for a schema that is not a Standard Schema, and the errors of `loadJsonSchema`, which name the
 * schema they are about.
 */
export async function describeComponent(
  component: DescribableComponent,
  options: DescribeComponentOptions,
): Promise<ComponentDescription> {
  const { kind, spec } = component;
  const { module, importModule } = options;
  const name = spec.name ?? options.name ?? componentNameOf(module);
  const schemaOf = async (
    member: 'config' | 'inputs' | 'output',
    direction: SchemaDirection,
  ): Promise<Readonly<Record<string, JsonObject>>> => {
    const schema = spec[member];
    if (schema === undefined) return {};
    const what = `the ${member} schema of ${name}`;
    if (!isStandardSchema(schema)) throw notSchema(what);
    const load = importModule === undefined ? {} : { importModule };
    return { [member]: await loadJsonSchema(schema, { direction, what, ...load }) };
  };
  return {
    format: COMPONENT_DESCRIPTION_FORMAT,
    kind,
    name,
    version: spec.version ?? '0.0.0',
    ...(spec.description === undefined ? {} : { description: spec.description }),
    module,
    ...(await schemaOf('config', 'input')),
    ...(await schemaOf('inputs', 'input')),
    ...(await schemaOf('output', 'output')),
    secrets: [...new Set(spec.secrets)].sort(),
    weakDecoding: spec.weakDecoding ?? true,
  };
}

function notSchema(what: string): InvalidInputError {
  return new InvalidInputError(`${what} is not a Standard Schema`, {
    code: 'COMPONENT_INVALID',
    hint: 'Use a schema of zod, valibot, arktype or another library with Standard Schema support.',
  });
}
