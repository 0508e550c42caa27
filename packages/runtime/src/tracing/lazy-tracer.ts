import type { Tracer } from '@opentelemetry/api';
import { noopTracer } from './noop-tracer.js';

/** Where every copy of the tracing API, version 1, keeps the provider that somebody registered. */
const API_GLOBAL = Symbol.for('opentelemetry.js.api.1');

interface ApiGlobal {
  readonly trace?: { readonly getTracer?: (name: string, version?: string) => Tracer };
}

/**
 * A tracer of the globally registered provider, or of nobody, without loading the tracing API.
 *
 * Looks for the provider at every span, so that a module may register its own while it is imported.
 */
export function lazyTracer(name: string, version?: string): Tracer {
  const current = (): Tracer => {
    const api = (globalThis as { readonly [API_GLOBAL]?: ApiGlobal })[API_GLOBAL];
    return api?.trace?.getTracer?.(name, version) ?? noopTracer;
  };
  return {
    startSpan: (...parameters) => current().startSpan(...parameters),
    startActiveSpan: ((...parameters: Parameters<Tracer['startActiveSpan']>) =>
      current().startActiveSpan(...parameters)) as Tracer['startActiveSpan'], // All of its overloads pass through.
  };
}
