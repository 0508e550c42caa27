import { trimSpace } from '@engramkit/core';
import type { ControlDirective } from '@engramkit/engram';

/** What a connector answers to a control message; `undefined` means silence. Source: bobrapet-streaming section 6.4. */
export function connectorAnswer({ type }: ControlDirective): ControlDirective | undefined {
  const received = trimSpace(type).toLowerCase() || 'unknown';
  const answer = (metadata: Readonly<Record<string, string>>): ControlDirective => ({
    type: 'ack',
    metadata: { received, ...metadata },
  });
  switch (received) {
    case 'ack':
    case 'downstream.delivered':
      return undefined;
    case 'noop':
      return answer({ handled: 'false', reason: 'empty' });
    case 'heartbeat':
      return answer({ handled: 'true', status: 'alive' });
    case 'start':
    case 'resume':
    case 'stop':
    case 'pause':
    case 'start-upstream':
    case 'stop-upstream':
    case 'start-downstream':
    case 'stop-downstream':
      return answer({ handled: 'true' });
    case 'codec-select':
      return answer({ handled: 'false', reason: 'codec selection not implemented' });
    default:
      return answer({ handled: 'false', reason: 'unknown' });
  }
}
