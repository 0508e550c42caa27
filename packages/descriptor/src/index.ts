// Public API of @engramkit/descriptor. Named exports only; adding a line here is an API decision.

// Components.
export { capabilityBits, coversCapabilities } from './capability-mask.js';
export type {
  ComponentDescription,
  DescribableComponent,
  DescribeComponentOptions,
} from './component-description.js';
export { COMPONENT_DESCRIPTION_FORMAT, describeComponent } from './component-description.js';
export { componentNameOf } from './component-name.js';
// Governed functions.
export type { FunctionAttributes, FunctionAttributesOptions } from './function-attributes.js';
export { FUNCTION_DEFAULTS, functionAttributes } from './function-attributes.js';
export type { RemoteDocument } from './function-context-document.js';
export { FUNCTION_CONTEXT_DOCUMENT, functionContextLoader } from './function-context-document.js';
export type { FunctionDescriptor } from './function-descriptor.js';
export {
  descriptorId,
  FUNCTION_CONTEXT_URL,
  FUNCTION_DESCRIPTOR_MEDIA_TYPE,
  FUNCTION_DESCRIPTOR_TYPE,
  functionDescriptor,
  parseFunctionDescriptor,
} from './function-descriptor.js';
export {
  functionContextSchema,
  functionDescriptorSchema,
  functionResultSchema,
} from './function-schemas.js';
export type { JsonSchemaOptions, LoadJsonSchemaOptions, SchemaDirection } from './json-schema.js';
export { JSON_SCHEMA_DIALECT, loadJsonSchema, toJsonSchema } from './json-schema.js';
export type { KnativeService, KnativeTriggersOptions } from './knative-manifest.js';
export { knativeManifest, knativeTriggers } from './knative-manifest.js';
export type { KnativeManifestOptions, SecretKey } from './manifest-options.js';
export { manifestJson, manifestYaml } from './manifest-text.js';
