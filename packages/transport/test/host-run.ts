import { CancelledError, systemClock, systemRandom } from '@engramkit/core';
import { defineStreaming, emptyStoryInfo, type StreamingComponent } from '@engramkit/engram';
import { memoryIdempotencyStore } from '@engramkit/ids';
import { effectsOn, noopTracer, type Outcome, silentLogger } from '@engramkit/runtime';
import { secretsFromValues } from '@engramkit/secrets';
import { recordingSignals } from '@engramkit/testing';
import { openStreamingHost, type StreamingHostOptions } from '../src/streaming-host.js';

/** A run of a streaming engram that tests can end. */
export interface HostRun {
  readonly outcome: Promise<Outcome>;
  stop(): void;
}

/** Short waits, so that faults show within a test. */
export const FAST = {
  BUBU_GRPC_MESSAGE_TIMEOUT: '2s',
  BUBU_GRPC_RECONNECT_BASE_BACKOFF: '5ms',
  BUBU_GRPC_RECONNECT_MAX_BACKOFF: '20ms',
  BUBU_GRPC_DIAL_TIMEOUT: '2s',
} as const;

/** Runs the component on the connector that the environment names. */
export function runOn(
  component: StreamingComponent,
  env: Readonly<Record<string, string>>,
  options: Partial<StreamingHostOptions> = {},
): HostRun {
  const controller = new AbortController();
  const abandon = new AbortController();
  const host = openStreamingHost({ env: { ...FAST, ...env }, ...options });
  const outcome = host.run(
    component,
    {
      runId: 'run-1',
      story: emptyStoryInfo,
      config: {},
      inputs: {},
      signal: controller.signal,
      abandon: abandon.signal,
    },
    {
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      tracer: noopTracer,
      secrets: { open: async () => secretsFromValues({}) },
      effects: effectsOn({
        store: memoryIdempotencyStore(),
        clock: systemClock,
        random: systemRandom,
      }),
      signals: recordingSignals(),
    },
  );
  return { outcome, stop: () => controller.abort(new CancelledError('the test is over')) };
}

/** Sends back what comes, and acknowledges it. */
export const echo = defineStreaming({
  name: 'echo',
  async stream(inbound, out) {
    for await (const message of inbound) {
      const { envelope: _, inputs: __, binary, payload, ...rest } = message;
      await out.send(
        payload === undefined ? { ...rest, ...(binary ? { binary } : {}) } : { ...rest, payload },
      );
      message.done();
    }
  },
});
