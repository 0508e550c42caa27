import { describeThrown } from '@engramkit/core';
import { errorObject } from '../wire/run-types.js';
import type { EngineEvent, EngineRequest, Machine, MachinePort, Turn } from './protocol.js';

/** The end of a channel at which the machine sits. */
export interface EngineChannel {
  post(event: EngineEvent): void;
  stopCode(): number;
}

/** Lets a machine answer requests, one after the other, in the order they come. */
export function serveEngine(
  machine: Machine,
  channel: EngineChannel,
): (request: EngineRequest) => void {
  let settled = 0;
  let epoch = 0;
  let open = false;
  const port: MachinePort = {
    call: (call) => channel.post({ type: 'call', epoch, call }),
    output: (stream, text) => channel.post({ type: 'output', epoch, stream, text }),
    stopCode: () => channel.stopCode(),
  };
  const report = (turn: Turn): void => {
    open = turn.kind === 'blocked';
    const ended = turn.kind === 'done' || (turn.kind === 'failed' && turn.keepState);
    const image = ended ? machine.image() : undefined;
    channel.post({
      type: 'turn',
      epoch,
      turn,
      settled,
      usage: machine.usage(),
      diagnostics: machine.diagnostics(),
      image,
    });
  };
  const handle = async (request: EngineRequest): Promise<void> => {
    switch (request.type) {
      case 'start':
        settled = 0;
        epoch = request.epoch;
        return report(await machine.start(request.run, port));
      case 'attach':
        settled = 0;
        epoch = request.epoch;
        return report(await machine.attach(request.run, port));
      case 'settle': {
        if (!open || request.epoch !== epoch) return;
        settled += request.settlements.length;
        return report(machine.settle(request.settlements));
      }
      case 'image':
        if (!open || request.epoch !== epoch) return;
        return channel.post({ type: 'image', epoch, image: machine.image() });
      case 'rest':
        open = false;
        machine.rest(request.imageId);
        return machine.prepare();
      case 'validate':
        return channel.post({
          type: 'findings',
          diagnostics: await machine.validate(request.code, request.tools, request),
        });
    }
  };
  let queue: Promise<void> = Promise.resolve();
  return (request) => {
    queue = queue
      .then(() => handle(request))
      .catch((thrown: unknown) => {
        const message = `the engine failed: ${describeThrown(thrown)}`;
        channel.post({ type: 'broken', error: errorObject('RUNTIME_ERROR', message) });
      });
  };
}
