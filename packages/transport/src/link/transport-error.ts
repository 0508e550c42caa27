import { EngramkitError } from '@engramkit/core';

/**
 * What went wrong between an engram and its connector.
 *
 * `retry` is `safe` when a new connection may help: the host tries again by itself then. Codes: `TRANSPORT_BINDING_INVALID`,
 * `TRANSPORT_SETTING_INVALID`, `DIAL_TIMEOUT`, `HANDSHAKE_TIMEOUT`, `HANDSHAKE_REFUSED`, `CONNECTION_LOST`, `CONNECTOR_SILENT`,
 * `CONNECTOR_REFUSED`, `SEND_TIMEOUT`, `STREAM_HUNG`, `PACKET_REFUSED`, `CHUNK_REFUSED`, `TOO_MANY_PENDING`, `RETRIES_EXHAUSTED`.
 */
export class TransportError extends EngramkitError {
  static override readonly brand: string = 'TransportError';
}
