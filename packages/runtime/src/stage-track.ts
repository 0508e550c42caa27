import { describeThrown } from '@engramkit/core';
import type { HostPorts } from './invocation.js';
import type { Stage, StageEvent, StageTiming } from './outcome.js';
import { type Span, SpanStatusCode } from './tracing/span-status.js';

/** Times the stages of one run, tells the progress callback, and makes a span per stage when tracing is on. */
export class StageTrack {
  readonly timings: StageTiming[] = [];
  readonly #ports: HostPorts;
  readonly #runId: string;
  readonly #runSpan: Span | undefined;
  #current: Stage = 'hydrate-config';

  constructor(ports: HostPorts, runId: string, runSpan: Span | undefined) {
    this.#ports = ports;
    this.#runId = runId;
    this.#runSpan = runSpan;
  }

  /** The stage that runs or that ended last. */
  get current(): Stage {
    return this.#current;
  }

  /** Runs one stage. */
  async run<Value>(stage: Stage, work: () => Value | PromiseLike<Value>): Promise<Value> {
    const { clock, spans, tracer } = this.#ports;
    this.#current = stage;
    this.#tell({ runId: this.#runId, stage, state: 'started' });
    const span =
      spans === undefined || this.#runSpan === undefined
        ? undefined
        : tracer.startSpan(`engramkit.stage.${stage}`, {}, spans.contextOf(this.#runSpan));
    const begin = clock.monotonic();
    let state: StageEvent['state'] = 'failed';
    try {
      const value = await (span === undefined || spans === undefined
        ? work()
        : spans.activate(span, work));
      state = 'finished';
      return value;
    } catch (error) {
      span?.setStatus({ code: SpanStatusCode.error, message: describeThrown(error) });
      throw error;
    } finally {
      const durationMs = clock.monotonic() - begin;
      span?.end();
      this.timings.push({ stage, durationMs });
      this.#tell({ runId: this.#runId, stage, state, durationMs });
    }
  }

  #tell(event: StageEvent): void {
    const { onStage, logger } = this.#ports;
    if (onStage === undefined) return;
    try {
      onStage(event);
    } catch (error) {
      logger.warn('the progress callback threw', { error: describeThrown(error) });
    }
  }
}
