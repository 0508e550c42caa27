import type { JsonObject, StandardSchemaV1 } from '@engramkit/core';
import {
  functionContextSchema,
  functionDescriptorSchema,
  functionResultSchema,
  toJsonSchema,
} from '@engramkit/descriptor';
import type { RegisteredFunction } from '../function-registry.js';

const problem = {
  description: 'What went wrong, as RFC 9457 has it.',
  content: { 'application/problem+json': { schema: { type: 'object' } } },
} as const;

/** The OpenAPI 3.1 document of the functions: one operation per function, with the schemas that it declares. */
export function openApiDocument(entries: readonly RegisteredFunction[]): JsonObject {
  const calls = entries.map((entry): readonly [string, JsonObject] => [
    `/functions/${entry.attributes.function_id}/invoke`,
    { post: invocation(entry) },
  ]);
  return {
    openapi: '3.1.0',
    info: { title: 'Governed functions', version: '1.0.0' },
    paths: {
      '/functions/': { get: read('Every function, with the events that trigger it.') },
      '/functions/dispatch': { post: dispatchOperation },
      '/functions/health': { get: read('Whether every function can be called.') },
      '/functions/{id}': {
        get: { ...read('One function.', 'FunctionDescriptor'), parameters: [idParameter] },
      },
      '/functions/{id}/manifest': {
        get: { ...read('The Knative Service.'), parameters: [idParameter] },
      },
      '/lineage/{cid}': { get: read('The events that led to an event.') },
      ...Object.fromEntries(calls),
    },
    components: {
      schemas: {
        FunctionDescriptor: bare(functionDescriptorSchema),
        FunctionContext: bare(functionContextSchema),
        FunctionResult: bare(functionResultSchema),
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

const idParameter = { name: 'id', in: 'path', required: true, schema: { type: 'string' } } as const;

function read(summary: string, schema?: string): JsonObject {
  const content =
    schema === undefined ? { type: 'object' } : { $ref: `#/components/schemas/${schema}` };
  return {
    summary,
    responses: {
      200: { description: 'OK', content: { 'application/json': { schema: content } } },
      default: problem,
    },
  };
}

const dispatchOperation: JsonObject = {
  summary: 'Calls every function that an event triggers; takes CloudEvents 1.0 as well.',
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            event_kind: { type: 'string', minLength: 1 },
            event: {},
            context: { $ref: '#/components/schemas/FunctionContext' },
          },
          required: ['event_kind'],
          additionalProperties: false,
        },
      },
      'application/cloudevents+json': { schema: { type: 'object' } },
      'application/cloudevents-batch+json': {
        schema: { type: 'array', items: { type: 'object' } },
      },
    },
  },
  responses: { 200: { description: 'The results, in order of registration.' }, default: problem },
};

function invocation({ attributes, plugin }: RegisteredFunction): JsonObject {
  const { function_id: id, display_name: name, description } = attributes;
  const event = schemaOf(plugin.schemas?.event, 'input');
  const data = schemaOf(plugin.schemas?.result, 'output');
  return {
    operationId: id,
    summary: name === '' ? id : name,
    ...(description === '' ? {} : { description }),
    parameters: [
      {
        name: 'Idempotency-Key',
        in: 'header',
        required: false,
        schema: { type: 'string', maxLength: 255 },
      },
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: { event, context: { $ref: '#/components/schemas/FunctionContext' } },
            additionalProperties: false,
          },
        },
      },
    },
    responses: {
      200: {
        description: 'What came of the call; success tells whether it went well.',
        content: {
          'application/json': {
            schema: {
              allOf: [
                { $ref: '#/components/schemas/FunctionResult' },
                { type: 'object', properties: { data: { anyOf: [data, { type: 'null' }] } } },
              ],
            },
          },
        },
      },
      default: problem,
    },
  };
}

/** The JSON Schema of a schema, or one that takes anything when its library cannot say. */
export function schemaOf(
  schema: StandardSchemaV1 | undefined,
  direction: 'input' | 'output',
): JsonObject {
  if (schema === undefined) return {};
  try {
    return bare(toJsonSchema(schema, { direction }));
  } catch {
    return {}; // A document without this detail is better than none; `engramkit check` reports such schemas.
  }
}

function bare({ $schema: _, ...schema }: JsonObject): JsonObject {
  return schema;
}
