// Public API of @engramkit/descriptor. Named exports only; adding a line here is an API decision.
export type {
  ComponentDescription,
  DescribableComponent,
  DescribeComponentOptions,
} from './component-description.js';
export { COMPONENT_DESCRIPTION_FORMAT, describeComponent } from './component-description.js';
export { componentNameOf } from './component-name.js';
export type { JsonSchemaOptions, LoadJsonSchemaOptions, SchemaDirection } from './json-schema.js';
export { JSON_SCHEMA_DIALECT, loadJsonSchema, toJsonSchema } from './json-schema.js';
