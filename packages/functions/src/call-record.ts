import { type JsonObject, parseJson } from '@engramkit/core';
import { parsePythonJson } from '@engramkit/ids';
import { FunctionResult } from './function-result.js';
import { losslessText } from './lossless-json.js';

/**
 * A result as idempotency stores keep it: data and metadata as text, so that a replay has the same content id.
 *
 * Throws `JSON_UNSERIALIZABLE` for a result that JSON cannot hold.
 */
export function recordOf(result: FunctionResult): JsonObject {
  const { success, error, lineage_cid, duration_ms } = result;
  return {
    success,
    error,
    lineage_cid,
    duration_ms,
    data: losslessText(result.data, 'the data'),
    metadata: losslessText(result.metadata, 'the metadata'),
  };
}

/** The result that a record holds, marked as replayed. Source: function-descriptor section 7.3. */
export function resultOf(record: JsonObject): FunctionResult {
  const { success, error, lineage_cid, duration_ms, data, metadata } = record;
  const known = parseJson(typeof metadata === 'string' ? metadata : '{}', {
    what: 'the recorded metadata',
  });
  return new FunctionResult({
    success: success === true,
    error: typeof error === 'string' ? error : null,
    lineage_cid: typeof lineage_cid === 'string' ? lineage_cid : '',
    duration_ms: typeof duration_ms === 'number' ? duration_ms : 0,
    data: typeof data === 'string' ? parsePythonJson(data) : null,
    metadata: { ...(typeof known === 'object' ? known : {}), replayed: true },
  });
}
