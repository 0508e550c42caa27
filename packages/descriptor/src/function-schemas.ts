import type { JsonObject } from '@engramkit/core';
import { FUNCTION_DEFAULTS } from './function-attributes.js';
import { FUNCTION_CONTEXT_URL, FUNCTION_DESCRIPTOR_TYPE } from './function-descriptor.js';
import { JSON_SCHEMA_DIALECT } from './json-schema.js';

const text = { type: 'string' } as const;

function frozen(title: string, schema: JsonObject): JsonObject {
  return Object.freeze({ $schema: JSON_SCHEMA_DIALECT, title, type: 'object', ...schema });
}

/** JSON Schema of a descriptor under the strict rules. Source: function-descriptor sections 1.1 and 2. */
export const functionDescriptorSchema: JsonObject = frozen('FunctionDescriptor', {
  properties: {
    '@context': { const: FUNCTION_CONTEXT_URL },
    '@type': { const: FUNCTION_DESCRIPTOR_TYPE },
    function_id: { ...text, pattern: '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$' },
    corpus_entry_cid: { ...text, pattern: '^(|sha256:[0-9a-f]{64}|b[a-z2-7]+)$' },
    capability_mask: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    trigger_events: { type: 'array', items: { ...text, minLength: 1 }, uniqueItems: true },
    accord_template: text,
    gsap_required: { type: 'boolean' },
    chronicle_enabled: { type: 'boolean' },
    max_duration_seconds: { type: 'integer', minimum: 1, maximum: 3600 },
    display_name: text,
    description: text,
    version: { ...text, pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$' },
  },
  required: ['@context', '@type', ...Object.keys(FUNCTION_DEFAULTS)],
  additionalProperties: false,
});

/** JSON Schema of what a call is about. Source: function-descriptor section 1.2. */
export const functionContextSchema: JsonObject = frozen('FunctionContext', {
  properties: Object.fromEntries(
    [
      'trigger_event_kind',
      'trigger_event_cid',
      'chronicle_session_id',
      'gsap_context_id',
      'invocation_id',
      'pipeline_run_id',
    ].map((name) => [name, { ...text, default: '' }]),
  ),
  additionalProperties: false,
});

/** JSON Schema of a result as HTTP replies have it. Source: function-descriptor section 1.3. */
export const functionResultSchema: JsonObject = frozen('FunctionResult', {
  properties: {
    success: { type: 'boolean' },
    data: {},
    error: { type: ['string', 'null'] },
    lineage_cid: text,
    duration_ms: { type: 'number', minimum: 0 },
    metadata: { type: 'object' },
    output_cid: { ...text, pattern: '^sha256:[0-9a-f]{64}$' },
    invocation_id: text,
  },
  required: ['success', 'data', 'error', 'lineage_cid', 'duration_ms', 'metadata'],
});
