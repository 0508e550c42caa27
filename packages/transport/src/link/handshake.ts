import { trimSpace } from '@engramkit/core';
import type { ControlDirective } from '@engramkit/engram';
import { TransportError } from './transport-error.js';

const CAPABILITIES_KEY = 'startup.capabilities';

/**
 * The start-up of a session: the connector says that it is ready, and what it can do if it said that it would.
 *
 * It watches for the whole session: a later `connector.ready` with bad metadata ends that too. Source: bobrapet-streaming
 * section 2.7.
 */
export class Handshake {
  #ready: 'none' | 'required' | undefined;
  #capabilities = false;

  /** Whether messages may flow. */
  get complete(): boolean {
    return this.#ready === 'none' || (this.#ready === 'required' && this.#capabilities);
  }

  /** Takes a directive; throws `HANDSHAKE_REFUSED`. */
  observe(directive: ControlDirective): void {
    const type = trimSpace(directive.type).toLowerCase();
    if (type === 'connector.capabilities') this.#capabilities = true;
    if (type !== 'connector.ready') return;
    const given = directive.metadata?.[CAPABILITIES_KEY] ?? '';
    const value = trimSpace(given).toLowerCase();
    if (value === 'none' || value === 'required') {
      this.#ready = value;
      return;
    }
    const reason =
      value === ''
        ? `missing ${CAPABILITIES_KEY} metadata`
        : `invalid ${CAPABILITIES_KEY} metadata ${JSON.stringify(trimSpace(given).slice(0, 80))} (expected required or none)`;
    throw new TransportError(`invalid connector.ready startup metadata: ${reason}`, {
      code: 'HANDSHAKE_REFUSED',
      retry: 'safe',
      hint: 'Run a connector whose version fits this engram.',
    });
  }
}
