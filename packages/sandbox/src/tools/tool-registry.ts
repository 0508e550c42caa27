import type { JsonValue } from '@engramkit/core';
import { digestJson } from '@engramkit/ids';
import type { Capability } from '../wire/capability.js';
import { SandboxError } from '../wire/sandbox-error.js';
import type { RegisteredTool } from './registered-tool.js';
import { compileSchema, type SchemaCheck } from './schema-check.js';
import { checkToolName } from './tool-name.js';

/** A tool with its schemas ready to check. */
export interface CheckedTool extends RegisteredTool {
  readonly checkArgs: SchemaCheck;
  /** Absent when named arguments are not taken. */
  readonly checkKwargs: SchemaCheck | undefined;
  readonly checkResult: SchemaCheck;
}

/** What guests may call, by name. Source: sandbox section 1.4. */
export class ToolRegistry {
  readonly #tools = new Map<string, CheckedTool>();

  constructor(tools: Iterable<RegisteredTool> = []) {
    for (const tool of tools) this.register(tool);
  }

  /**
   * Adds a tool; its schemas are compiled at once.
   *
   * Throws `INVALID_TOOL_NAME`, or `INVALID_ARGUMENT` for a schema that cannot be used or a name that is taken unless `replace`.
   */
  register(tool: RegisteredTool, options: { readonly replace?: boolean } = {}): this {
    const { capability } = tool;
    const name = checkToolName(capability.name);
    if (this.#tools.has(name) && options.replace !== true) {
      throw new SandboxError('INVALID_ARGUMENT', `there is a capability '${name}' already`, {
        hint: 'Pass { replace: true } to take its place.',
      });
    }
    const kwargs = kwargsSchema(capability);
    this.#tools.set(name, {
      ...tool,
      checkArgs: compileSchema(capability.input_schema, `the input schema of '${name}'`),
      checkKwargs:
        kwargs === undefined ? undefined : compileSchema(kwargs, `the x-kwargs of '${name}'`),
      checkResult: compileSchema(capability.output_schema, `the output schema of '${name}'`),
    });
    return this;
  }

  get(name: string): CheckedTool | undefined {
    return this.#tools.get(name);
  }

  contains(name: string): boolean {
    return this.#tools.has(name);
  }

  /** In byte order. */
  names(): readonly string[] {
    return [...this.#tools.keys()].sort();
  }

  /** In the order of their names. */
  capabilities(): readonly Capability[] {
    return this.names().flatMap((name) => this.#tools.get(name)?.capability ?? []);
  }

  /** What snapshots say about the tools they were made with. Source: sandbox section 4. */
  digest(): string {
    return digestJson(this.names());
  }
}

function kwargsSchema({ input_schema: schema }: Capability): JsonValue | undefined {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return undefined;
  return (schema as { readonly 'x-kwargs'?: JsonValue })['x-kwargs'];
}
