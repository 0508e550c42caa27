import { CancelledError, type JsonValue } from '@engramkit/core';
import { TemplateError, TemplateLimitError } from './errors.js';
import { isMap, ownValue, putOwn } from './go/values.js';

type Scope = Readonly<Record<string, JsonValue>>;
type Path = ReadonlyArray<string | number>;

/** Key of an object that stands for a template. Source: template section 2. */
export const TEMPLATE_KEY = '$bubuTemplate';
/** Key of the variables that such an object brings along. Source: template section 2. */
export const TEMPLATE_VARIABLES_KEY = '$bubuTemplateVars';

interface ResolutionOptions {
  readonly evaluate: (text: string, scope: Scope) => JsonValue;
  readonly maxDepth: number;
  readonly isLiteral: ((path: Path) => boolean) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A JSON path such as `$.with.items[0]`. */
export function showPath(path: Path): string {
  let shown = '$';
  for (const part of path) {
    if (typeof part === 'number') shown += `[${part}]`;
    else shown += /^[$A-Za-z0-9_-]+$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
  }
  return shown;
}

/** Evaluates the templates in one JSON value. */
export class Resolution {
  readonly #options: ResolutionOptions;
  readonly #open = new Set<object>();

  constructor(options: ResolutionOptions) {
    this.#options = options;
  }

  resolve(value: JsonValue, scope: Scope): JsonValue {
    return this.#value(value, scope, [], '');
  }

  #value(value: JsonValue, scope: Scope, path: Path, prefix: string): JsonValue {
    const { maxDepth, isLiteral, signal } = this.#options;
    if (isLiteral?.(path) === true) return value;
    if (path.length > maxDepth) {
      throw new TemplateLimitError(
        `${prefix}template value exceeded max resolve depth ${maxDepth}`,
        {
          code: 'TEMPLATE_LIMIT',
          path: showPath(path),
          hint: 'Nest the value less deeply.',
        },
      );
    }
    if (typeof value === 'string') return this.#text(value, scope, path, prefix);
    if (typeof value !== 'object' || value === null) return value;
    if (signal?.aborted === true)
      throw new CancelledError('template evaluation canceled', { cause: signal.reason });
    if (this.#open.has(value)) {
      throw new TemplateError(`${prefix}cyclic template value detected`, {
        code: 'TEMPLATE_INVALID_VALUE',
        path: showPath(path),
        hint: 'Pass JSON values.',
      });
    }
    this.#open.add(value);
    const resolved = Array.isArray(value)
      ? this.#array(value, scope, path, prefix)
      : this.#object(value as Readonly<Record<string, JsonValue>>, scope, path, prefix);
    this.#open.delete(value);
    return resolved;
  }

  #text(text: string, scope: Scope, path: Path, prefix: string): JsonValue {
    try {
      return this.#options.evaluate(text, scope);
    } catch (thrown) {
      throw thrown instanceof TemplateError ? thrown.placed(showPath(path), prefix) : thrown;
    }
  }

  #array(items: readonly JsonValue[], scope: Scope, path: Path, prefix: string): JsonValue {
    let changed = false;
    const resolved = items.map((item, at) => {
      const next = this.#value(item, scope, [...path, at], `${prefix}index ${at}: `);
      changed ||= next !== item;
      return next;
    });
    return changed ? resolved : items;
  }

  #object(
    object: Readonly<Record<string, JsonValue>>,
    scope: Scope,
    path: Path,
    prefix: string,
  ): JsonValue {
    if (Object.hasOwn(object, TEMPLATE_KEY)) return this.#template(object, scope, path, prefix);
    let changed = false;
    const resolved: Record<string, JsonValue> = {};
    for (const [key, entry] of Object.entries(object)) {
      const inner = key === TEMPLATE_VARIABLES_KEY ? `${prefix}template vars: ` : prefix;
      const next = this.#value(entry, scope, [...path, key], inner);
      changed ||= next !== entry;
      putOwn(resolved, key, next);
    }
    return changed ? resolved : object;
  }

  #template(
    object: Readonly<Record<string, JsonValue>>,
    scope: Scope,
    path: Path,
    prefix: string,
  ): JsonValue {
    const text = ownValue(object, TEMPLATE_KEY);
    if (typeof text !== 'string') {
      throw new TemplateError(`${prefix}${TEMPLATE_KEY} must be a string`, {
        code: 'TEMPLATE_INVALID_VALUE',
        path: showPath([...path, TEMPLATE_KEY]),
        hint: 'Give the template as a text.',
      });
    }
    const given = ownValue(object, TEMPLATE_VARIABLES_KEY);
    if (given === undefined) return this.#text(text, scope, [...path, TEMPLATE_KEY], prefix);
    const at = [...path, TEMPLATE_VARIABLES_KEY];
    const variables = this.#value(given as JsonValue, scope, at, `${prefix}template vars: `);
    if (variables !== null && !isMap(variables)) {
      throw new TemplateError(`${prefix}${TEMPLATE_VARIABLES_KEY} must be an object`, {
        code: 'TEMPLATE_INVALID_VALUE',
        path: showPath(at),
        hint: 'Give the variables as an object.',
      });
    }
    const merged = variables === null ? scope : layered(scope, variables as Scope);
    return this.#text(text, merged, [...path, TEMPLATE_KEY], prefix);
  }
}

function layered(base: Scope, over: Scope): Scope {
  const merged: Record<string, JsonValue> = {};
  for (const [key, value] of [...Object.entries(base), ...Object.entries(over)])
    putOwn(merged, key, value);
  return merged;
}
