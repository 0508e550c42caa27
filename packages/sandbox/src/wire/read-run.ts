import { type JsonObject, type JsonValue, parseJson, utf8Length } from '@engramkit/core';
import { SIDE_EFFECTS } from './capability.js';
import { readLanguage, readSessionLimits } from './read-session.js';
import {
  CALL_STATUSES,
  type Diagnostic,
  type ErrorObject,
  type ExternalCallRecord,
  type Metrics,
  RUN_STATUSES,
  type RunRequest,
  type RunResult,
  SEVERITIES,
  type Span,
} from './run-types.js';
import { SandboxError } from './sandbox-error.js';
import { checkSessionId, DEFAULT_SESSION_ID } from './session-types.js';
import { problem, WireReader } from './wire-reader.js';

/** Bounds of a request. Source: sandbox section 3. */
const MOST_CODE_BYTES = 1_048_576;
const MOST_INPUT_BYTES = 1_048_576;
const DEEPEST_NESTING = 128;

/** Reads a run request from JSON text. Throws `INVALID_ARGUMENT`, `INVALID_SESSION_ID` or `REQUEST_TOO_LARGE`. */
export function parseRunRequest(text: string | Uint8Array): RunRequest {
  let value: JsonValue;
  try {
    value = parseJson(text, {
      what: 'the run request',
      maxBytes: 4 * (MOST_CODE_BYTES + MOST_INPUT_BYTES),
      maxDepth: DEEPEST_NESTING,
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'the run request is not JSON';
    throw new SandboxError('INVALID_ARGUMENT', message, { cause });
  }
  return readRunRequest(value);
}

/** Reads a run request; optional members may be missing. Throws as {@link parseRunRequest}. Source: sandbox section 1.3. */
export function readRunRequest(value: JsonValue): RunRequest {
  const reader = new WireReader(value, '');
  const session = reader.raw('session_id') ?? DEFAULT_SESSION_ID;
  if (typeof session !== 'string') throw problem('/session_id', 'must be a string');
  const request: RunRequest = {
    session_id: checkSessionId(session),
    language: readLanguage(reader.raw('language') ?? 'python', '/language'),
    code: reader.text('code', ''),
    inputs: readInputs(reader.raw('inputs') ?? {}),
    timeout_ms: reader.optionalU32('timeout_ms'),
    limits: reader.optional('limits', readSessionLimits),
    return_snapshot: reader.flag('return_snapshot', false),
    validate_only: reader.flag('validate_only', false),
  };
  checkSize('code', utf8Length(request.code), MOST_CODE_BYTES);
  return request;
}

/** A run request with the documented defaults; checks the session id. */
export function runRequest(
  sessionId: string,
  code: string,
  options: Partial<Omit<RunRequest, 'session_id' | 'code'>> = {},
): RunRequest {
  return {
    session_id: checkSessionId(sessionId),
    language: options.language ?? 'python',
    code,
    inputs: options.inputs ?? {},
    timeout_ms: options.timeout_ms ?? null,
    limits: options.limits ?? null,
    return_snapshot: options.return_snapshot ?? false,
    validate_only: options.validate_only ?? false,
  };
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

function readInputs(value: JsonValue): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw problem('/inputs', 'must be an object');
  }
  for (const name of Object.keys(value)) {
    if (IDENTIFIER.test(name) && !name.startsWith('__')) continue;
    throw problem(
      `/inputs/${name}`,
      'must have a name that is an identifier, without leading "__"',
    );
  }
  checkDepth(value, 1);
  checkSize('inputs', utf8Length(JSON.stringify(value)), MOST_INPUT_BYTES);
  return value as JsonObject;
}

function checkDepth(value: JsonValue, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEEPEST_NESTING) throw problem('/inputs', `is nested deeper than ${DEEPEST_NESTING}`);
  for (const item of Object.values(value)) checkDepth(item, depth + 1);
}

function checkSize(what: string, bytes: number, most: number): void {
  if (bytes <= most) return;
  throw new SandboxError(
    'REQUEST_TOO_LARGE',
    `${what} has ${bytes} bytes, but at most ${most} are taken`,
    {
      hint: 'Pass large data through a capability.',
    },
  );
}

/** Reads a place. Throws `INVALID_ARGUMENT`. */
export function readSpan(value: JsonValue, path = ''): Span {
  const reader = new WireReader(value, path);
  return {
    line: reader.u32('line'),
    column: reader.u32('column'),
    end_line: reader.optionalU32('end_line'),
    end_column: reader.optionalU32('end_column'),
  };
}

/** Reads an error object. Throws `INVALID_ARGUMENT`. */
export function readErrorObject(value: JsonValue, path = ''): ErrorObject {
  const reader = new WireReader(value, path);
  return {
    code: reader.text('code'),
    message: reader.text('message'),
    hint: reader.optionalText('hint'),
    span: reader.optional('span', readSpan),
  };
}

/** Reads a diagnostic. Throws `INVALID_ARGUMENT`. */
export function readDiagnostic(value: JsonValue, path = ''): Diagnostic {
  const reader = new WireReader(value, path);
  return { severity: reader.word('severity', SEVERITIES), ...readErrorObject(value, path) };
}

/** Reads a call record. Throws `INVALID_ARGUMENT`. */
export function readExternalCallRecord(value: JsonValue, path = ''): ExternalCallRecord {
  const reader = new WireReader(value, path);
  return {
    name: reader.text('name'),
    side_effect: reader.word('side_effect', SIDE_EFFECTS),
    duration_ms: reader.u32('duration_ms'),
    status: reader.word('status', CALL_STATUSES),
    request_digest: reader.text('request_digest'),
    response_digest: reader.optionalText('response_digest'),
    error: reader.optional('error', readErrorObject),
  };
}

function readMetrics(value: JsonValue, path: string): Metrics {
  const reader = new WireReader(value, path);
  return {
    duration_ms: reader.u32('duration_ms'),
    memory_peak_bytes: reader.u64('memory_peak_bytes'),
    instructions: reader.u64('instructions'),
    external_calls_count: reader.u32('external_calls_count'),
  };
}

/** Reads a run result, also one with pending approvals. Throws `INVALID_ARGUMENT`. Source: sandbox sections 1.3 and 5.5. */
export function readRunResult(value: JsonValue, path = ''): RunResult {
  const reader = new WireReader(value, path);
  const pending = reader.raw('pending_approvals');
  return {
    status: reader.word('status', RUN_STATUSES),
    result: reader.raw('result') ?? null,
    stdout: reader.text('stdout'),
    stderr: reader.text('stderr'),
    diagnostics: reader.list('diagnostics', readDiagnostic),
    external_calls: reader.list('external_calls', readExternalCallRecord),
    snapshot_id: reader.optionalText('snapshot_id'),
    metrics: readMetrics(reader.raw('metrics') ?? null, reader.at('metrics')),
    error: reader.optional('error', readErrorObject),
    ...(pending === undefined
      ? {}
      : { pending_approvals: reader.list('pending_approvals', readPendingApproval) }),
  };
}

function readPendingApproval(value: JsonValue, path: string) {
  const reader = new WireReader(value, path);
  return {
    approval_id: reader.text('approval_id'),
    call_index: reader.u32('call_index'),
    name: reader.text('name'),
    side_effect: reader.word('side_effect', SIDE_EFFECTS),
    request_digest: reader.text('request_digest'),
    args: reader.raw('args') ?? null,
    requested_at: reader.u64('requested_at'),
    expires_at: (reader.raw('expires_at') ?? null) === null ? null : reader.u64('expires_at'),
  };
}
