import { describeThrown } from '@engramkit/core';
import { type Meter, type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api';

/** The operations on payloads that are measured. */
export type StorageOperation = 'hydrate' | 'dehydrate' | 'dehydrateInputs';

/** Watches over the operations on payloads. */
export interface StorageTelemetry {
  /** Runs the work inside of a span and records the size of its result. */
  observe<Value>(
    operation: StorageOperation,
    facts: { readonly enabled: boolean },
    work: () => Promise<Value>,
    sizeOf: (value: Value) => number,
  ): Promise<Value>;
}

/** The name of the tracer and meter of storage. Source: bobrapet-batch section 10.2. */
export const STORAGE_SCOPE = 'github.com/bubustack/bobrapet/pkg/storage';

/** Source: bobrapet-batch section 10.2. */
const NAMES = {
  hydrate: { span: 'storage.Hydrate', event: 'hydrate', metric: 'hydration' },
  dehydrate: { span: 'storage.Dehydrate', event: 'dehydrate', metric: 'dehydration' },
  dehydrateInputs: {
    span: 'storage.DehydrateInputs',
    event: 'dehydrate.inputs',
    metric: 'dehydration',
  },
} as const;

/**
 * Spans `storage.Hydrate`, `storage.Dehydrate`, `storage.DehydrateInputs` and the histograms
 * `bobrapet.storage.hydration.size_bytes` and `bobrapet.storage.dehydration.size_bytes`.
 *
 * Source: bobrapet-batch sections 10.2 and 10.3.
 */
export function storageTelemetry(options: {
  readonly tracer?: Tracer | undefined;
  readonly meter?: Meter | undefined;
  readonly stepRunName: string;
  readonly storyRunName: string;
}): StorageTelemetry {
  const { tracer, meter, stepRunName, storyRunName } = options;
  const histogram = (kind: 'hydration' | 'dehydration') =>
    meter?.createHistogram(`bobrapet.storage.${kind}.size_bytes`, { unit: 'By' });
  const sizes = { hydration: histogram('hydration'), dehydration: histogram('dehydration') };
  return {
    async observe(operation, { enabled }, work, sizeOf) {
      const names = NAMES[operation];
      const span: Span | undefined = tracer?.startSpan(names.span, {
        attributes: {
          'storage.enabled': enabled,
          ...(operation === 'hydrate' ? { 'storage.allowKubeRefs': true } : {}),
          'storage.stepRunID': stepRunName,
          'storage.storyRunID': storyRunName,
        },
      });
      try {
        const value = await work();
        const size = sizes[names.metric];
        if (span !== undefined || size !== undefined) {
          const bytes = sizeOf(value);
          span?.addEvent(`${names.event}.success`, { size_bytes: bytes });
          size?.record(bytes, { steprun_id: stepRunName });
        }
        return value;
      } catch (error) {
        const message = describeThrown(error);
        span?.addEvent(`${names.event}.error`, { error: message });
        span?.setStatus({ code: SpanStatusCode.ERROR, message });
        throw error;
      } finally {
        span?.end();
      }
    },
  };
}
