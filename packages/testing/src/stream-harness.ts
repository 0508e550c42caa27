import {
  type BatchComponent,
  createChannel,
  type EngramModes,
  type InboundMessage,
  inboundMessage,
  type StreamingComponent,
  type StreamingEngram,
  type StreamMessage,
  type StreamOutput,
} from '@engramkit/engram';
import { componentOfKind, type HarnessOptions, panicOf, withInstance } from './harness-parts.js';
import { type TestContext, testContext } from './test-context.js';

/** What a stream harness can run: a definition (also one of two modes), an instance, or a class without constructor arguments. */
export type StreamSubject<Config> =
  | StreamingComponent<Config>
  | StreamingEngram<Config>
  | (new () => StreamingEngram<Config>)
  | EngramModes<BatchComponent, StreamingComponent<Config>>;

/** Options of {@link StreamHarness}. */
export interface StreamHarnessOptions<Config> extends HarnessOptions<Config> {
  /** Delivered in this order, then the input ends; neither checked nor encoded. */
  readonly inputs?: readonly StreamMessage[];
  /** Called once for each input whose `done` the engram called. */
  readonly onInputProcessed?: (input: StreamMessage) => void;
}

/**
 * Runs a streaming engram in this process: all inputs are there, the input ends, outputs are collected until it returns.
 *
 * Nothing is encoded, decoded or validated. After a `run` that rejected, `outputs` and `doneCount` say how far it got.
 * Source: bobrapet-streaming section 10.1.
 */
export class StreamHarness<Config = unknown> {
  /** What the engram gets; `context.recorded` has what it did with it. */
  readonly context: TestContext;
  readonly #component: StreamingComponent;
  readonly #options: StreamHarnessOptions<Config>;
  #outputs: StreamMessage[] = [];
  #doneCount = 0;

  constructor(engram: StreamSubject<Config>, options: StreamHarnessOptions<NoInfer<Config>> = {}) {
    this.#component = componentOfKind(engram, 'streaming');
    this.#options = options;
    this.context = testContext(options);
  }

  /** What the last run sent, oldest first. */
  get outputs(): readonly StreamMessage[] {
    return this.#outputs;
  }

  /** How many inputs the last run acknowledged. */
  get doneCount(): number {
    return this.#doneCount;
  }

  /**
   * The messages that one run on a fresh instance sent.
   *
   * Rejects with what `init` or `stream` throws; what is not an error becomes `engram stream panicked: …`.
   */
  run(): Promise<readonly StreamMessage[]> {
    this.#outputs = [];
    this.#doneCount = 0;
    return withInstance(this.#component, this.#options, this.context, async (instance) => {
      const inputs = this.#options.inputs ?? [];
      const inbound = createChannel<InboundMessage>(inputs.length);
      for (const input of inputs) await inbound.send(this.#inbound(input));
      inbound.close();
      await this.#stream(instance, inbound, inputs.length);
      return this.#outputs;
    });
  }

  async #stream(
    instance: StreamingEngram,
    inbound: AsyncIterable<InboundMessage>,
    capacity: number,
  ): Promise<void> {
    const outbound = createChannel<StreamMessage>(capacity);
    const sending = new Set<Promise<void>>();
    const out: StreamOutput = {
      send: (message) => {
        const sent = outbound.send(message, { signal: this.context.signal });
        sending.add(sent);
        const forget = (): void => void sending.delete(sent);
        sent.then(forget, forget);
        return sent;
      },
    };
    const collected = this.#collect(outbound);
    try {
      await instance.stream(inbound, out, this.context);
    } catch (thrown) {
      throw panicOf('engram stream', thrown);
    } finally {
      // Messages whose sending nobody awaited belong to the run as well.
      await Promise.allSettled([...sending]);
      outbound.close();
      await collected;
    }
  }

  async #collect(outbound: AsyncIterable<StreamMessage>): Promise<void> {
    for await (const message of outbound) this.#outputs.push(message);
  }

  #inbound(input: StreamMessage): InboundMessage {
    return inboundMessage(input, () => {
      this.#doneCount += 1;
      this.#options.onInputProcessed?.(input);
    });
  }
}
