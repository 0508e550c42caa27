import { ArcpError } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';

/** The end of a job with a streamed result, for a session that takes no chunks. Source: arcp section 2.3, `result_chunk`. */
export function wholeResult(
  payload: JsonObject,
  inline: string | undefined,
): { readonly type: 'job.result' | 'job.error'; readonly payload: JsonObject } {
  const { result_id: _id, result_size: size, ...rest } = payload;
  if (inline !== undefined) return { type: 'job.result', payload: { ...rest, result: inline } };
  const error = new ArcpError(
    'INTERNAL_ERROR',
    'the result is streamed and does not fit one message',
    { details: { reason: 'result_chunk_not_negotiated', result_size: size ?? null } },
  );
  const { summary: _summary, ...end } = rest;
  return { type: 'job.error', payload: { ...end, final_status: 'error', ...error.toPayload() } };
}

/** The Ruby gem reads the credential of a rotation under `fields`. Source: arcp section 7.1, C-3. */
export function seedRotation(payload: JsonObject): JsonObject {
  const { phase, id, value } = payload.body as Readonly<Record<'phase' | 'id' | 'value', string>>;
  return { ...payload, body: { phase, fields: { id, value } } };
}
