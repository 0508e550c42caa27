import { trimSpace } from '@engramkit/core';
import type { ControlDirective } from '@engramkit/engram';
import {
  ControlAction,
  type ControlRequest,
  type ControlResponse,
} from '../gen/transport/v1/transport_pb.js';
import { longer, metadataProblem } from '../wire/packet-limits.js';
import { controlRequest } from './connector-service.js';
import { TransportError } from './transport-error.js';

/** The words of the directives, by their number on the wire. Source: bobrapet-streaming section 6.1. */
const WORDS = [
  '',
  'noop',
  'start',
  'stop',
  'start-upstream',
  'stop-upstream',
  'start-downstream',
  'stop-downstream',
  'heartbeat',
  'connector.ready',
  'connector.capabilities',
  'handoff.draining',
  'handoff.cutover',
  'handoff.ready',
  'ack',
  'error',
  'codec-select',
] as const;

/** What both directions of the Control stream have in common. */
export type ControlMessage = Pick<
  ControlRequest | ControlResponse,
  'action' | 'customAction' | 'metadata'
>;

/** The directive of a control message; an unknown action is the empty type. Source: bobrapet-streaming section 6.1. */
export function directiveOf(message: ControlMessage): ControlDirective {
  const custom = trimSpace(message.customAction);
  return {
    type: custom === '' ? (WORDS[message.action] ?? '') : custom,
    metadata: message.metadata,
  };
}

/** The action and the custom action of a directive's type. Source: bobrapet-streaming section 6.1. */
export function actionOf(type: string): {
  readonly action: ControlAction;
  readonly customAction: string;
} {
  const trimmed = trimSpace(type);
  const known = WORDS.indexOf(trimmed.toLowerCase() as (typeof WORDS)[number]);
  if (known > 0) return { action: known as ControlAction, customAction: '' };
  return { action: ControlAction.UNSPECIFIED, customAction: trimmed };
}

/** The control message of a directive; throws `CONTROL_INVALID` for what the wire does not take. */
export function requestOf({ type, metadata = {} }: ControlDirective): ControlRequest {
  const { action, customAction } = actionOf(type);
  const problem =
    metadataProblem(new Map(Object.entries(metadata))) ??
    (longer(customAction, 128) ? 'custom_action: at most 128 characters' : undefined);
  if (problem !== undefined) {
    throw new TransportError(`transport control request invalid: ${problem}`, {
      code: 'CONTROL_INVALID',
      hint: 'Shorten what handleControl returns.',
    });
  }
  return controlRequest({ action, customAction, metadata: { ...metadata } });
}

/** The answers without a handler of the author; `undefined` means silence. Source: bobrapet-streaming section 6.2. */
export function defaultAnswer({ type }: ControlDirective): ControlDirective | undefined {
  const answer = (handled: boolean, reason: string): ControlDirective => ({
    type: 'ack',
    metadata: { handled: String(handled), reason, type },
  });
  switch (trimSpace(type).toLowerCase()) {
    case '':
    case 'noop':
      return answer(false, 'noop');
    case 'connector.ready':
      return answer(true, 'startup');
    case 'connector.capabilities':
      return answer(true, 'capabilities');
    case 'handoff.draining':
    case 'handoff.cutover':
    case 'handoff.ready':
      return answer(true, 'handoff');
    case 'ack':
      return undefined;
    default:
      return answer(false, 'no_control_handler');
  }
}
