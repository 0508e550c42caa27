import { type JsonObject, type JsonValue, parseJson, utf8Length } from '@engramkit/core';
import { ArcpError, asObject } from './error.js';
import { readTraceId } from './identifiers.js';

/** One message of the wire. Source: arcp section 1.1. */
export interface Envelope {
  /** `1.1`; `1` from and to genuine 1.0 peers. */
  readonly arcp: string;
  readonly id: string;
  readonly type: string;
  readonly session_id?: string;
  /** 32 lower-case hexadecimal digits. */
  readonly trace_id?: string;
  readonly job_id?: string;
  /** Only on `job.event`, `job.result` and `job.error`; the first is 1. */
  readonly event_seq?: number;
  readonly payload: JsonObject;
  readonly extensions?: JsonObject;
}

/** The version that we speak. Source: arcp section 1.1, E-1. */
export const ARCP_VERSION = '1.1';
/** The version of a genuine 1.0 peer. */
export const ARCP_VERSION_1_0 = '1';
/** Frames larger than this are not sent unless configured. Source: arcp section 1.4, T-13. */
export const DEFAULT_MAX_SEND_BYTES = 1_000_000;
/** Frames larger than this are not read unless configured. Source: arcp section 1.4, T-13. */
export const DEFAULT_MAX_READ_BYTES = 4 * 1024 * 1024;
/** Source: arcp section 1.3, E-15. */
const MAX_DEPTH = 64;

/** What came of reading a frame. */
export type DecodedFrame =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  /** JSON, but no envelope: the error can be sent back. */
  | {
      readonly kind: 'invalid';
      readonly error: ArcpError;
      readonly id?: string;
      readonly type?: string;
    }
  /** No JSON object at all: dropped and counted. Source: arcp section 1.3, E-14. */
  | { readonly kind: 'noise'; readonly error: ArcpError };

/** Options of {@link decodeFrame}. */
export interface DecodeOptions {
  /** Default {@link DEFAULT_MAX_READ_BYTES}. */
  readonly maxBytes?: number;
}

/**
 * Reads the text of one frame; never throws.
 *
 * Unknown members are ignored, null counts as absent, a `traceparent` yields its trace id, a missing payload is empty.
 */
export function decodeFrame(text: string, options: DecodeOptions = {}): DecodedFrame {
  let value: JsonValue;
  try {
    value = parseJson(text, {
      maxBytes: options.maxBytes ?? DEFAULT_MAX_READ_BYTES,
      maxDepth: MAX_DEPTH,
      duplicateKeys: 'last',
      prototypeKeys: 'keep',
    });
  } catch (cause) {
    return {
      kind: 'noise',
      error: new ArcpError('INVALID_REQUEST', 'the frame is not a JSON object', { cause }),
    };
  }
  return decodeValue(value);
}

/** Reads a frame that is a JSON value already, as the in-memory transport passes it. */
export function decodeValue(value: JsonValue): DecodedFrame {
  const frame = asObject(value);
  if (frame === undefined) {
    return {
      kind: 'noise',
      error: new ArcpError('INVALID_REQUEST', 'the frame is not a JSON object'),
    };
  }
  const { arcp, id, type, session_id, job_id, event_seq, payload, extensions } = frame;
  const refuse = (message: string, field: string): DecodedFrame => ({
    kind: 'invalid',
    error: new ArcpError('INVALID_REQUEST', message, { details: { field } }),
    ...(isText(id) ? { id } : {}),
    ...(isText(type) ? { type } : {}),
  });
  if (arcp !== ARCP_VERSION && arcp !== ARCP_VERSION_1_0) {
    return refuse(`arcp must be "${ARCP_VERSION}"`, 'arcp');
  }
  if (!isText(id)) return refuse('id must be a non-empty text', 'id');
  if (!isText(type)) return refuse('type must be a non-empty text', 'type');
  if (isPresent(session_id) && !isText(session_id))
    return refuse('session_id must be a non-empty text', 'session_id');
  if (isPresent(job_id) && !isText(job_id))
    return refuse('job_id must be a non-empty text', 'job_id');
  if (isPresent(event_seq) && !isSequence(event_seq)) {
    return refuse('event_seq must be a whole number of at least 1', 'event_seq');
  }
  const body = isPresent(payload) ? asObject(payload) : {};
  if (body === undefined) return refuse('payload must be an object', 'payload');
  const traceId = readTraceId(frame.trace_id);
  const extra = asObject(extensions);
  return {
    kind: 'envelope',
    envelope: {
      arcp,
      id,
      type,
      ...(isText(session_id) ? { session_id } : {}),
      ...(traceId === undefined ? {} : { trace_id: traceId }),
      ...(isText(job_id) ? { job_id } : {}),
      ...(typeof event_seq === 'number' ? { event_seq } : {}),
      payload: body,
      ...(extra === undefined ? {} : { extensions: extra }),
    },
  };
}

/** The text of a frame; throws `INTERNAL_ERROR` when it is larger than `maxBytes`. */
export function encodeFrame(envelope: Envelope, maxBytes: number = DEFAULT_MAX_SEND_BYTES): string {
  const text = JSON.stringify(envelope);
  // A UTF-16 unit is at most three bytes of UTF-8: the exact count is needed only near the limit.
  if (text.length * 3 > maxBytes && utf8Length(text) > maxBytes) {
    throw new ArcpError(
      'INTERNAL_ERROR',
      `a ${envelope.type} frame of ${utf8Length(text)} bytes exceeds the limit of ${maxBytes} bytes`,
      {
        details: { reason: 'frame_too_large', limit: maxBytes },
        hint: 'Stream large results in chunks, or pass references instead of content.',
        retryable: false,
      },
    );
  }
  return text;
}

const isPresent = (value: JsonValue | undefined): boolean => value !== undefined && value !== null;
const isText = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value !== '';
const isSequence = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
