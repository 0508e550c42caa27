import type {
  ControlDirective,
  InboundMessage,
  StreamingComponent,
  StreamMessage,
  StreamOutput,
} from '@engramkit/engram';
import { validateStreamMessage } from '@engramkit/engram';
import type { HostPorts, Invocation } from './invocation.js';
import { endOfService, runLifecycle } from './lifecycle.js';
import type { Outcome } from './outcome.js';
import type { Run } from './run.js';
import { StopGate } from './stop-gate.js';

/** What a streaming run is connected to. */
export interface StreamPorts {
  readonly inbound: AsyncIterable<InboundMessage>;
  readonly out: StreamOutput;
  /**
   * Told once, after `init`: hand control directives to the function until the run ends.
   *
   * It resolves to the engram's answer, or to `undefined` when the default answers apply.
   */
  readonly onReady?: (
    handleControl: (directive: ControlDirective) => Promise<ControlDirective | undefined>,
  ) => void;
}

/**
 * Runs a streaming engram until its input ends or the run has to stop.
 *
 * Never rejects. On cancellation the input ends and sending rejects with the signal's reason; an engram that then returns, or
 * throws that reason, has ended well. Messages that were not acknowledged stay so. Outgoing messages are checked first.
 * Source: bobrapet-streaming sections 4 to 6.
 */
export function runStreaming(
  component: StreamingComponent,
  invocation: Invocation,
  ports: HostPorts,
  streams: StreamPorts,
): Promise<Outcome> {
  return runLifecycle(component, invocation, ports, async (engram, run) => {
    using gate = new StopGate(run.control.signal);
    streams.onReady?.(async (directive) =>
      run.author('HandleControl', () => engram.handleControl?.(directive, run.context)),
    );
    await endOfService(run, 'stream', () =>
      run.author('Stream', () =>
        engram.stream(
          endingInput(streams.inbound, gate),
          checkedOutput(streams.out, gate, run),
          run.context,
        ),
      ),
    );
  });
}

/** The input, which ends when the run has to stop. */
function endingInput(
  inbound: AsyncIterable<InboundMessage>,
  gate: StopGate,
): AsyncIterable<InboundMessage> {
  return {
    [Symbol.asyncIterator]() {
      const source = inbound[Symbol.asyncIterator]();
      return {
        next: () =>
          gate.pass<IteratorResult<InboundMessage>>(source.next(), () => ({
            done: true,
            value: undefined,
          })),
        return: async () => {
          await source.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** The output, which refuses invalid messages and gives up waiting when the run has to stop. */
function checkedOutput(out: StreamOutput, gate: StopGate, run: Run): StreamOutput {
  return {
    async send(message: StreamMessage) {
      run.control.throwIfStopped();
      validateStreamMessage(message);
      await gate.pass<void>(out.send(message), () => {
        throw run.control.reason;
      });
    },
  };
}
