import {
  type Clock,
  EngramkitError,
  type JsonObject,
  type JsonValue,
  type Random,
  toJsonValue,
} from '@engramkit/core';
import type { PayloadStore, TemplateResolver } from '@engramkit/runtime';
import type { Limits } from '../env/limits.js';
import { goJsonSize } from '../storage/go-json.js';
import { parseStorageReference, REFERENCE_KEYS } from '../storage/storage-reference.js';

/** What {@link templateResolver} is made of. */
export interface TemplateResolverOptions {
  readonly limits: Pick<
    Limits,
    'templateMaxInputBytes' | 'templateMaxOutputBytes' | 'templateTimeoutMs'
  >;
  /** Loads the outputs of earlier steps into the variables; absent, they stay references. */
  readonly payloads?: PayloadStore | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Says which values came out of storage and are data, whatever they contain; asked with keys and indexes.
   *
   * `literalPaths` makes one out of the document as it was before it was loaded.
   */
  readonly isLiteral?: ((path: ReadonlyArray<string | number>) => boolean) | undefined;
}

/**
 * Resolves the expressions that the operator left in config and inputs.
 *
 * The variables are those of the template context, loaded from storage, with `inputs` and `steps` always there. The engine is
 * loaded when the first expression is met. Source: bobrapet-batch section 2.4.
 */
export function templateResolver(options: TemplateResolverOptions): TemplateResolver {
  const { clock, isLiteral, limits, payloads, random } = options;
  return {
    async resolve(value, scope, { signal }) {
      const document = toJsonValue(value, { what: 'the document' });
      checkSize('the document', document, limits.templateMaxInputBytes);
      const loaded: unknown =
        payloads === undefined ? scope.context : await payloads.hydrate(scope.context, { signal });
      const variables = withGuaranteed(toJsonValue(loaded, { what: 'the template context' }));
      checkSize('the template context', variables, limits.templateMaxInputBytes);
      if (!mentionsTemplate(document)) return document;
      const { createTemplateEngine } = await import('@engramkit/template');
      const engine = createTemplateEngine({
        clock,
        random,
        limits: {
          maxInputBytes: limits.templateMaxInputBytes,
          maxOutputBytes: limits.templateMaxOutputBytes,
          timeoutMs: limits.templateTimeoutMs,
        },
      });
      return engine.resolve(document, variables, {
        signal,
        ...(isLiteral === undefined ? {} : { isLiteral }),
      });
    },
  };
}

/**
 * The places of a document whose values come out of storage, its root included.
 *
 * Values below such a place are data: an expression in them belongs to whoever wrote them. Source: bobrapet-batch section 2.4.
 */
export function literalPaths(
  document: JsonValue,
): (path: ReadonlyArray<string | number>) => boolean {
  return (path) => {
    let at: JsonValue | undefined = document;
    for (const part of path) {
      if (isReference(at)) return true;
      if (typeof at !== 'object' || at === null) return false;
      at = Object.hasOwn(at, part) ? (at as Readonly<Record<string, JsonValue>>)[part] : undefined;
    }
    return isReference(at);
  };
}

const KUBERNETES_KEYS = ['$bubuConfigMapRef', '$bubuSecretRef'];

function isReference(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (parseStorageReference(value) !== undefined || Object.hasOwn(value, REFERENCE_KEYS.ref)) {
    return true;
  }
  // What a ConfigMap or Secret holds is data as well.
  return (
    Object.keys(value).length === 1 && KUBERNETES_KEYS.some((key) => Object.hasOwn(value, key))
  );
}

function withGuaranteed(context: JsonValue): JsonObject {
  const given: JsonObject =
    typeof context === 'object' && context !== null && !Array.isArray(context)
      ? (context as JsonObject)
      : {};
  return { ...given, inputs: given.inputs ?? {}, steps: given.steps ?? {} };
}

function mentionsTemplate(value: JsonValue): boolean {
  if (typeof value === 'string') return value.includes('{{');
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item: JsonValue) => mentionsTemplate(item));
  return Object.entries(value).some(
    ([key, item]) => key === '$bubuTemplate' || mentionsTemplate(item),
  );
}

function checkSize(what: string, value: JsonValue, limit: number): void {
  if (goJsonSize(value, limit) <= limit) return;
  throw new EngramkitError(`${what} takes more than ${limit} bytes as JSON`, {
    code: 'TEMPLATE_INPUT_TOO_LARGE',
    hint: 'Pass less, or raise BUBU_TEMPLATE_MAX_INPUT_BYTES.',
  });
}
