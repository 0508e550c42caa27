import type { Envelope } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';

/** A rotated credential stays in the session that it is for, not in the log. Source: arcp section 7.1, C-3 and C-4. */
export function withoutSecrets(envelope: Envelope): Envelope {
  const { body } = envelope.payload;
  const isRotation =
    typeof body === 'object' &&
    body !== null &&
    !Array.isArray(body) &&
    (body as JsonObject).phase === 'credential_rotated';
  return isRotation
    ? { ...envelope, payload: { ...envelope.payload, body: redactRotation(body as JsonObject) } }
    : envelope;
}

/** The body of a rotation for everybody but the submitter. */
function redactRotation(body: JsonObject): JsonObject {
  const { value: _value, fields: _fields, ...rest } = body;
  return rest;
}
