import type { Clock } from '@engramkit/core';
import type { Meter } from '@opentelemetry/api';

/** The name of the meter and of the tracer handed to components. Source: bobrapet-batch sections 10.2 and 10.3. */
export const HOST_SCOPE = 'bubu-sdk';

/** The calls to the Kubernetes API that are measured. */
export type KubernetesOperation = 'PatchStepRunStatus' | 'TriggerStory' | 'StopStoryRun';

/** Measures calls. */
export interface OperationMetrics {
  /** Runs the work and records how long it took and whether it succeeded. */
  measure<Value>(operation: KubernetesOperation, work: () => Promise<Value>): Promise<Value>;
}

/** The histogram `bubu.k8s.operation.duration_seconds`; without a meter nothing is recorded. Source: bobrapet-batch section 10.3. */
export function operationMetrics(options: {
  readonly meter?: Meter | undefined;
  readonly clock: Clock;
}): OperationMetrics {
  const { clock } = options;
  const duration = options.meter?.createHistogram('bubu.k8s.operation.duration_seconds', {
    unit: 's',
  });
  return {
    async measure(operation, work) {
      const begin = clock.monotonic();
      let success = false;
      try {
        const value = await work();
        success = true;
        return value;
      } finally {
        duration?.record((clock.monotonic() - begin) / 1_000, { operation, success });
      }
    },
  };
}
