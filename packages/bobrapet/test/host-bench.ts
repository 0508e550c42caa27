import { type Clock, type JsonObject, systemClock, systemRandom } from '@engramkit/core';
import { createRedaction, noopTracer, type ProcessControl } from '@engramkit/runtime';
import { type RecordingLogger, recordingLogger } from '@engramkit/testing';
import type { HostParts } from '../src/host/host-parts.js';
import { STEP_RUNS } from '../src/status/step-run-resource.js';
import { MemoryCluster } from './memory-cluster.js';

/** What the operator sets in the pod of a step. */
export const STEP_ENV = {
  BUBU_STEPRUN_NAME: 'hello-flow-1-greet',
  BUBU_STEPRUN_NAMESPACE: 'team-a',
  BUBU_STORYRUN_ID: 'hello-flow-1',
  BUBU_STORY_NAME: 'hello-flow',
  BUBU_STEP_NAME: 'greet',
  BUBU_TRIGGER_DATA: '{"who":"Ada"}',
  BUBU_STEP_CONFIG: '{"who":"Ada"}',
  BUBU_STEP_TIMEOUT: '5m0s',
  BUBU_STARTED_AT: '2026-03-04T10:00:00.000000001Z',
} as const;

export const STEP_RUN = { ...STEP_RUNS, namespace: 'team-a', name: STEP_ENV.BUBU_STEPRUN_NAME };

export interface HostBench {
  readonly cluster: MemoryCluster;
  readonly parts: HostParts;
  readonly lines: string[];
  readonly logger: RecordingLogger;
  /** What the first signal of the operating system does. */
  readonly stop: (reason: unknown) => void;
  readonly status: () => JsonObject;
}

/** A process and a cluster in memory, for a host. */
export function hostBench(
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly status?: JsonObject;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly clock?: Clock;
  } = {},
): HostBench {
  const cluster = new MemoryCluster();
  const lines: string[] = [];
  const logger = recordingLogger();
  const controller = new AbortController();
  const abandon = new AbortController();
  cluster.seed(STEP_RUN, {
    metadata: { annotations: { ...options.annotations } },
    spec: {},
    status: options.status ?? { phase: 'Running', retries: 0 },
  });
  const control: ProcessControl = {
    signal: controller.signal,
    abandon: abandon.signal,
    faults: {
      open: () => ({ within: (work) => work(), close: () => undefined }),
      stall: () => false,
      strayFaults: 0,
      [Symbol.dispose]: () => undefined,
    },
  };
  const env = options.env ?? STEP_ENV;
  const parts: HostParts = {
    env,
    control,
    clock: options.clock ?? systemClock,
    random: systemRandom,
    logger,
    redaction: createRedaction(),
    tracer: noopTracer,
    connect: async ({ identity }) => cluster.client(identity.clientNamespace),
    writeLine: (text) => void lines.push(text),
  };
  const status = (): JsonObject => (cluster.peek(STEP_RUN)?.status ?? {}) as JsonObject;
  return { cluster, parts, lines, logger, stop: (reason) => controller.abort(reason), status };
}
