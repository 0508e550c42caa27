import { EngramkitError, type JsonObject } from '@engramkit/core';
import type { Identity } from '../env/identity.js';
import type { PayloadStorage, SchemaMark } from '../storage/payload-storage.js';
import { logPath } from './log-path.js';

/** Media type of what the logger writes. Source: bobrapet-batch section 10.1. */
export const LOG_MEDIA_TYPE = 'application/x-ndjson';

/**
 * Stores log bytes and gives the reference for `status.logs`.
 *
 * Throws an `EngramkitError` with code `LOGS_UNAVAILABLE` when there is no StepRun, no namespace or no store; that is no reason to
 * fail a run. Source: bobrapet-batch section 10.1.
 */
export async function uploadLog(
  bytes: Uint8Array,
  options: SchemaMark & {
    readonly identity: Identity;
    readonly payloads: PayloadStorage;
    /** Milliseconds since 1970. */
    readonly now: number;
    readonly signal: AbortSignal;
    /** Default `application/x-ndjson`. */
    readonly contentType?: string | undefined;
  },
): Promise<JsonObject> {
  const {
    contentType = LOG_MEDIA_TYPE,
    identity,
    now,
    payloads,
    schema,
    schemaVersion,
    signal,
  } = options;
  const path = logPath(identity, now);
  if (identity.stepRunName === '' || path === undefined || !payloads.enabled) {
    throw new EngramkitError('logs unavailable: there is no StepRun, no namespace or no storage', {
      code: 'LOGS_UNAVAILABLE',
      hint: 'Give the Story a storage policy.',
    });
  }
  return payloads.upload(path, bytes, { contentType, schema, schemaVersion, signal });
}
