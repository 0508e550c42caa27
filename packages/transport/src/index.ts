// Public API of @engramkit/transport. Named exports only; adding a line here is an API decision.
export { encodeMessage } from './message/encode-message.js';
