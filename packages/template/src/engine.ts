import {
  CancelledError,
  type Clock,
  durationFromMs,
  formatDuration,
  type JsonValue,
  type Random,
  systemClock,
  systemRandom,
  trimSpace,
} from '@engramkit/core';
import { RecentCache } from './cache.js';
import { type CompiledTemplate, compileTemplate } from './compiled.js';
import { readCondition } from './condition.js';
import { OffloadedDataError, TemplateError, TemplateLimitError } from './errors.js';
import { execute } from './evaluator.js';
import { functionsFor } from './functions/registry.js';
import type { FunctionEnvironment } from './functions/signature.js';
import { wellFormed } from './go/bytes.js';
import { decodeJson, JsonTextError } from './go/json.js';
import { isMap, ownValue } from './go/values.js';
import { isZone } from './go/zones.js';
import { jsonSize } from './json-size.js';
import { readPath } from './paths.js';
import { Resolution } from './resolve.js';
import { containsStorageReference } from './storage-reference.js';

/** The variables of a template: `inputs`, `steps`, and what else the caller offers. */
export type TemplateScope = Readonly<Record<string, JsonValue>>;

/** Bounds of one evaluation; 0 or less switches a bound off where that is said. Source: template section 1. */
export interface TemplateLimits {
  /** JSON bytes of a resolved value, and of the variables, each; default 8 MiB, 0 or less for none. */
  readonly maxInputBytes: number;
  /** UTF-8 bytes that one template may write; default 1 MiB, 0 or less for none. */
  readonly maxOutputBytes: number;
  /** Milliseconds that one template may take; default 30,000, 0 or less for none. */
  readonly timeoutMs: number;
  /** Depth of a resolved value; default 128. */
  readonly maxDepth: number;
  /** Characters of a text and elements of a list that a function may make; default 16 Mi. */
  readonly maxValueLength: number;
}

/** How an engine is made; everything has a default. */
export interface TemplateEngineOptions {
  /** For `now` and for the time limit; default the machine's clock. */
  readonly clock?: Clock;
  /** For the random functions; default the machine's randomness. */
  readonly random?: Random;
  /** The zone that `date` and `toDate` call local; default `UTC`. */
  readonly timeZone?: string;
  readonly limits?: Partial<TemplateLimits>;
  /** Prepared templates that are kept; default 1,000, for 30 minutes each. */
  readonly cacheSize?: number;
  /** Leaves out `now` and the random functions; default false. */
  readonly deterministic?: boolean;
}

/** What one call may be told. */
export interface EvaluationOptions {
  /** Ends the evaluation with a `CancelledError`. */
  readonly signal?: AbortSignal;
}

/** What {@link TemplateEngine.resolve} may be told. */
export interface ResolveOptions extends EvaluationOptions {
  /**
   * Says which values are data and stay as they are, whatever they contain; asked for every value with its keys and indexes.
   *
   * Values that came out of storage belong here. Source: template section 1.
   */
  readonly isLiteral?: (path: ReadonlyArray<string | number>) => boolean;
}

/** Evaluates the expressions of stories. */
export interface TemplateEngine {
  /** The text that the template writes. */
  render(text: string, scope: TemplateScope, options?: EvaluationOptions): string;
  /** The value of a template: raw for a path, JSON for a single action of Go's own functions, else the text. */
  evaluate(text: string, scope: TemplateScope, options?: EvaluationOptions): JsonValue;
  /** The value with every template in it evaluated; what has no template comes back as it is. */
  resolve(value: JsonValue, scope: TemplateScope, options?: ResolveOptions): JsonValue;
  /** A condition: empty is true, else the template must give a boolean or a word for one. */
  condition(text: string, scope: TemplateScope, options?: EvaluationOptions): boolean;
}

const DEFAULT_LIMITS: TemplateLimits = {
  maxInputBytes: 8_388_608,
  maxOutputBytes: 1_048_576,
  timeoutMs: 30_000,
  maxDepth: 128,
  maxValueLength: 16 * 1_048_576,
};
/** Source: template section 1. */
const CACHE_SIZE = 1_000;
/** Longer texts are prepared each time, so that the cache stays small. */
const LONGEST_KEPT_TEXT = 65_536;
const CACHE_LIFETIME_MS = 30 * 60_000;

/**
 * Makes an engine; it keeps prepared templates and no other state.
 *
 * Every error is a {@link TemplateError}, or a `CancelledError` when the signal aborts. Source: bobrapet-batch section 2.4.
 */
export function createTemplateEngine(options: TemplateEngineOptions = {}): TemplateEngine {
  return new Engine(options);
}

class Engine implements TemplateEngine {
  readonly #clock: Clock;
  readonly #limits: TemplateLimits;
  readonly #environment: Omit<FunctionEnvironment, 'checkpoint'>;
  readonly #functions: ReturnType<typeof functionsFor>;
  readonly #cache: RecentCache<CompiledTemplate>;

  constructor(options: TemplateEngineOptions) {
    const {
      clock = systemClock,
      random = systemRandom,
      timeZone = 'UTC',
      cacheSize = CACHE_SIZE,
    } = options;
    if (!isZone(timeZone)) {
      throw new TemplateError(`unknown time zone ${JSON.stringify(timeZone)}`, {
        code: 'TEMPLATE_INVALID_VALUE',
        hint: 'Use a name of the zone database such as UTC or Europe/Berlin.',
      });
    }
    this.#clock = clock;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#environment = {
      clock,
      random,
      zone: timeZone,
      largestValue: this.#limits.maxValueLength,
    };
    this.#functions = functionsFor(options.deterministic === true);
    this.#cache = new RecentCache({ size: cacheSize, lifetimeMs: CACHE_LIFETIME_MS, clock });
  }

  render(text: string, scope: TemplateScope, options: EvaluationOptions = {}): string {
    if (!text.includes('{{')) return text;
    return this.#render(this.#compiled(text), withRoots(scope), options.signal);
  }

  evaluate(text: string, scope: TemplateScope, options: EvaluationOptions = {}): JsonValue {
    return this.#evaluate(text, withRoots(scope), options.signal);
  }

  resolve(value: JsonValue, scope: TemplateScope, options: ResolveOptions = {}): JsonValue {
    const variables = withRoots(scope);
    this.#checkSize(value, 'value');
    this.#checkSize(variables, 'variables');
    const resolution = new Resolution({
      evaluate: (text, inner) => this.#evaluate(text, inner, options.signal),
      maxDepth: this.#limits.maxDepth,
      isLiteral: options.isLiteral,
      signal: options.signal,
    });
    return resolution.resolve(value, variables);
  }

  condition(text: string, scope: TemplateScope, options: EvaluationOptions = {}): boolean {
    return trimSpace(text) === '' || readCondition(this.evaluate(text, scope, options));
  }

  #compiled(text: string): CompiledTemplate {
    const compile = (): CompiledTemplate => compileTemplate(text, this.#functions);
    return text.length > LONGEST_KEPT_TEXT ? compile() : this.#cache.get(text, compile);
  }

  #evaluate(text: string, scope: TemplateScope, signal: AbortSignal | undefined): JsonValue {
    if (!text.includes('{{')) return text;
    const compiled = this.#compiled(text);
    if (compiled.path !== undefined) return readPath(compiled.path, scope) as JsonValue;
    const rendered = this.#render(compiled, scope, signal);
    return compiled.isSingle() ? typed(rendered) : rendered;
  }

  #render(
    compiled: CompiledTemplate,
    scope: TemplateScope,
    signal: AbortSignal | undefined,
  ): string {
    const template = compiled.parsed();
    refuseOffloaded(compiled, scope);
    const { timeoutMs, maxOutputBytes } = this.#limits;
    const started = this.#clock.monotonic();
    const checkpoint = (): void => {
      if (signal?.aborted === true) throw cancelled(signal);
      if (timeoutMs > 0 && this.#clock.monotonic() - started > timeoutMs) {
        throw new TemplateLimitError(
          `template evaluation timed out after ${formatDuration(durationFromMs(timeoutMs))}`,
          {
            code: 'TEMPLATE_TIMEOUT',
            hint: 'Make the template do less, or raise BUBU_TEMPLATE_EVALUATION_TIMEOUT.',
          },
        );
      }
    };
    checkpoint();
    const text = execute(template, scope, {
      functions: this.#functions,
      environment: { ...this.#environment, checkpoint },
      maxOutputBytes,
    });
    checkpoint();
    return wellFormed(text);
  }

  #checkSize(value: unknown, what: 'value' | 'variables'): void {
    const { maxInputBytes } = this.#limits;
    if (maxInputBytes <= 0) return;
    const size = jsonSize(value, maxInputBytes);
    if (size <= maxInputBytes) return;
    const cyclic = size === Number.POSITIVE_INFINITY;
    throw new TemplateLimitError(
      cyclic
        ? 'cyclic template value detected'
        : `template ${what} exceed ${maxInputBytes} bytes of JSON`,
      {
        code: cyclic ? 'TEMPLATE_INVALID_VALUE' : 'TEMPLATE_LIMIT',
        hint: cyclic
          ? 'Pass JSON values.'
          : 'Pass less data, or raise BUBU_TEMPLATE_MAX_INPUT_BYTES.',
      },
    );
  }
}

function cancelled(signal: AbortSignal): CancelledError {
  return new CancelledError('template evaluation canceled', { cause: signal.reason });
}

/** `inputs` and `steps` are always there. Source: template section 1. */
function withRoots(scope: TemplateScope): TemplateScope {
  const complete =
    (ownValue(scope, 'inputs') ?? null) !== null && (ownValue(scope, 'steps') ?? null) !== null;
  if (complete) return scope;
  return { ...scope, inputs: scope.inputs ?? {}, steps: scope.steps ?? {} };
}

/** A template may not compute with a step whose data lies in storage. Source: bobrapet-batch section 2.4. */
function refuseOffloaded(compiled: CompiledTemplate, scope: TemplateScope): void {
  const { steps: names } = compiled.references();
  if (names.size === 0) return;
  const steps = ownValue(scope, 'steps');
  if (!isMap(steps)) return;
  for (const name of names) {
    if (containsStorageReference(ownValue(steps, name))) {
      throw OffloadedDataError.because(
        'compound template references step output containing storage ref',
      );
    }
  }
}

function typed(rendered: string): JsonValue {
  const text = trimSpace(rendered);
  if (text === '') return rendered;
  try {
    return decodeJson(text) as JsonValue;
  } catch (thrown) {
    if (thrown instanceof JsonTextError) return rendered;
    throw thrown;
  }
}
