/** Metadata keys that carry the fields of a message. Source: bobrapet-streaming section 4.5. */
export const KIND_KEY = 'bubu.envelope.kind';
export const MESSAGE_ID_KEY = 'bubu.envelope.message_id';
export const TIMESTAMP_KEY = 'bubu.envelope.timestamp_ms';
/** Says that a packet only shows that somebody is there. Source: bobrapet-streaming section 5.6. */
export const HEARTBEAT_KEY = 'bubu-heartbeat';
export const OCTET_STREAM = 'application/octet-stream';
export const JSON_MIME_TYPE = 'application/json';
