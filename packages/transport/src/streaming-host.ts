import {
  CancelledError,
  type Clock,
  describeThrown,
  type Random,
  sleep,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import type {
  ExecutionContext,
  InboundMessage,
  StreamingComponent,
  StreamingEngram,
  StreamOutput,
} from '@engramkit/engram';
import {
  type HostPorts,
  type Invocation,
  type Outcome,
  runStreaming,
  type StreamPorts,
} from '@engramkit/runtime';
import { type Environment, readBinding } from './link/binding.js';
import { Link, type SessionEvent } from './link/link.js';
import { resolveSettings, type TransportSettings } from './link/settings.js';

/** What {@link openStreamingHost} takes. */
export interface StreamingHostOptions {
  /** Holds `BUBU_TRANSPORT_BINDING` and the tunables. Source: bobrapet-streaming section 7. */
  readonly env: Environment;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Replaces settings that were resolved from the environment. */
  readonly settings?: Partial<TransportSettings> | undefined;
  /** `in-order` (default) holds a receipt back until all earlier packets of its stream are done; `as-done` does not. */
  readonly receipts?: 'in-order' | 'as-done' | undefined;
  /** PEM certificates that are trusted in place of the platform's, for endpoints that are not on this machine. */
  readonly ca?: string | undefined;
  /** Told when a session is ready and when one is lost. */
  readonly onSession?: ((event: SessionEvent) => void) | undefined;
}

/** Runs streaming engrams on the connector that the environment names. */
export interface StreamingHost {
  /** The endpoint of the connector. */
  readonly endpoint: string;
  readonly settings: TransportSettings;
  /** Runs a component as {@link runStreaming} does; never rejects. */
  run(component: StreamingComponent, invocation: Invocation, ports: HostPorts): Promise<Outcome>;
  /** The same for hosts that call the lifecycle themselves: a component to run and the streams to run it on. */
  attach(component: StreamingComponent, ports: Pick<HostPorts, 'logger'>): AttachedStream;
}

/** A component that finds its connector when it is run, and what to run it with. */
export interface AttachedStream {
  readonly component: StreamingComponent;
  readonly streams: StreamPorts;
}

/**
 * Opens the host of a streaming engram; throws `TRANSPORT_BINDING_INVALID` or `TRANSPORT_SETTING_INVALID`.
 *
 * A lost connection is made anew while the engram goes on: what it has not finished stays with it, what it sends waits. An engram
 * that throws is called again on the same instance, without another `init`, and gets what it had not finished once more. On
 * cancellation nothing more is read, what was sent is written, what is done is acknowledged.
 * Source: bobrapet-streaming sections 2 to 7.
 */
export function openStreamingHost(options: StreamingHostOptions): StreamingHost {
  const binding = readBinding(options.env);
  const settings = {
    ...resolveSettings(options.env, binding.overrides),
    ...options.settings,
  };
  const { clock = systemClock, random = systemRandom } = options;
  const attach = (
    component: StreamingComponent,
    { logger }: Pick<HostPorts, 'logger'>,
  ): AttachedStream => {
    let engram: StreamingEngram | undefined;
    let runContext: ExecutionContext | undefined;
    const link = (handles: boolean): Link =>
      new Link({
        binding,
        settings,
        clock,
        random,
        logger,
        ca: options.ca,
        receipts: options.receipts,
        onSession: options.onSession,
        handler: handles
          ? async (directive) =>
              runContext === undefined ? undefined : engram?.handleControl?.(directive, runContext)
          : undefined,
      });
    let open: Link | undefined;
    const opened = (): Link => {
      open ??= link(engram?.handleControl !== undefined);
      return open;
    };
    const supervised: StreamingComponent = {
      ...component,
      create: () => {
        const instance = component.create();
        engram = instance;
        return {
          init: (config, secrets, context) => instance.init?.(config, secrets, context),
          stream: (inbound, out, context) => {
            runContext = context;
            return supervise(instance, opened(), inbound, out, context, { clock, settings });
          },
          close: () => instance.close?.(),
        };
      },
    };
    const streams: StreamPorts = {
      inbound: { [Symbol.asyncIterator]: () => opened().inbound[Symbol.asyncIterator]() },
      out: { send: (message) => opened().send(message) },
    };
    return { component: supervised, streams };
  };
  return {
    endpoint: binding.endpoint,
    settings,
    attach,
    run: (component, invocation, ports) => {
      const attached = attach(component, ports);
      return runStreaming(attached.component, invocation, ports, attached.streams);
    },
  };
}

/** What {@link runStreamingHost} takes. */
export interface StreamingRunOptions extends StreamingHostOptions {
  readonly component: StreamingComponent;
  readonly invocation: Invocation;
  readonly ports: HostPorts;
}

/**
 * Runs one component on the connector that the environment names: {@link openStreamingHost} and its `run` in one call.
 *
 * Rejects with `TRANSPORT_BINDING_INVALID` or `TRANSPORT_SETTING_INVALID` before anything has run; everything later is the outcome.
 */
export async function runStreamingHost(options: StreamingRunOptions): Promise<Outcome> {
  const { component, invocation, ports, ...host } = options;
  const { clock, random } = ports;
  return await openStreamingHost({ clock, random, ...host }).run(component, invocation, ports);
}

/** The engram on its link: as long as the one goes on, so does the other. */
async function supervise(
  engram: StreamingEngram,
  link: Link,
  inbound: AsyncIterable<InboundMessage>,
  out: StreamOutput,
  context: ExecutionContext,
  { clock, settings }: { readonly clock: Clock; readonly settings: TransportSettings },
): Promise<void> {
  const running = link.run();
  const failure = running.then(
    () => new Promise<never>(() => {}),
    (error: unknown) => Promise.reject(error),
  );
  failure.catch(() => {}); // Heard in the race below.
  const attempts = async (): Promise<void> => {
    for (;;) {
      try {
        await engram.stream(inbound, out, context);
        return;
      } catch (error) {
        if (context.signal.aborted) throw error;
        const delayMs = link.budget.spend(error);
        const unfinished = link.redeliver();
        context.logger.warn('the engram failed; it is called again', {
          error: describeThrown(error),
          retryInMs: Math.round(delayMs),
          unfinished,
        });
        await sleep(delayMs, { clock, signal: context.signal });
      }
    }
  };
  let thrown: { readonly error: unknown } | undefined;
  try {
    await Promise.race([attempts(), failure]);
  } catch (error) {
    thrown = { error };
  }
  link.drain();
  const limit = clock.setTimer(
    () => link.abort(new CancelledError('the stream did not drain in time')),
    settings.drainTimeoutMs,
  );
  try {
    await running;
  } catch (error) {
    thrown ??= { error };
  } finally {
    limit.cancel();
  }
  if (link.unsent > 0) {
    context.logger.error('messages could not be sent before the end', { messages: link.unsent });
  }
  if (thrown !== undefined) throw thrown.error;
}
