// Public API of @engramkit/transport. Named exports only; adding a line here is an API decision.

// The binding and the settings.
export type { Environment, TransportBinding } from './link/binding.js';
export { BINDING_VARIABLE, PROTOCOL_VERSION, readBinding } from './link/binding.js';
export type { SessionEvent } from './link/link.js';
export type { TransportSettings } from './link/settings.js';
export { resolveSettings } from './link/settings.js';
export { TransportError } from './link/transport-error.js';
// Messages and their bytes.
export { decodePacket } from './message/decode-packet.js';
export { encodeHeartbeat, encodeMessage } from './message/encode-message.js';
// The host.
export type {
  AttachedStream,
  StreamingHost,
  StreamingHostOptions,
  StreamingRunOptions,
} from './streaming-host.js';
export { openStreamingHost, runStreamingHost } from './streaming-host.js';
export type { DataPacket, PacketFrame } from './wire/data-packet.js';
export { readPacket } from './wire/read-packet.js';
export { writePacket } from './wire/write-packet.js';
