import { EngramkitError } from '@engramkit/core';
import { type ServiceError, status } from '@grpc/grpc-js';
import { TransportError } from './transport-error.js';

/** The codes after which another try cannot help. Source: bobrapet-streaming section 5.8. */
const FATAL: ReadonlySet<number> = new Set([
  status.INVALID_ARGUMENT,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
  status.FAILED_PRECONDITION,
]);

/** The error of a call that ended, told by the library. */
export function callFailure(stream: 'data' | 'control', error: ServiceError): TransportError {
  const isFatal = FATAL.has(error.code);
  const name = status[error.code] ?? String(error.code);
  return new TransportError(`${stream} stream recv failed: ${name}: ${error.details}`, {
    code: isFatal ? 'CONNECTOR_REFUSED' : 'CONNECTION_LOST',
    retry: isFatal ? 'never' : 'safe',
    details: { status: name, stream },
    ...(isFatal ? { hint: 'Look whether engram and connector are of the same version.' } : {}),
    cause: error,
  });
}

/** The error of a call that the connector ended in good order. */
export function endOfCall(stream: 'data' | 'control'): TransportError {
  return new TransportError(`${stream} stream recv failed: EOF`, {
    code: 'CONNECTION_LOST',
    retry: 'safe',
    details: { stream },
  });
}

/** Whether a session that ended this way may begin anew. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof TransportError) return error.retry === 'safe';
  // What is wrong with a packet costs a session. Source: bobrapet-streaming section 5.8.
  return error instanceof EngramkitError && /^(PACKET_|INVALID_STREAM_)/.test(error.code);
}

/** Whether the connection failed, not what was said on it. */
export function isConnectionLoss(error: unknown): boolean {
  return (
    error instanceof TransportError &&
    (error.code === 'CONNECTION_LOST' || error.code === 'CONNECTOR_SILENT')
  );
}
