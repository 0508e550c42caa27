import type { JsonObject, JsonValue } from '@engramkit/core';
import type { SideEffect } from './capability.js';
import type { Language, SessionLimits } from './session-types.js';

/** Source: sandbox section 1.3. */
export const RUN_STATUSES = [
  'ok',
  'validation_error',
  'runtime_error',
  'timeout',
  'cancelled',
  'resource_exhausted',
  'permission_denied',
  'waiting_for_approval',
  'interrupted',
] as const;
/** How a run ended, or why it stands still. */
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Source: sandbox section 1.3. */
export const SEVERITIES = ['error', 'warning', 'info'] as const;
/** How much a diagnostic matters. */
export type Severity = (typeof SEVERITIES)[number];

/** Source: sandbox section 1.3. */
export const CALL_STATUSES = ['ok', 'error', 'timeout', 'denied', 'approval_pending'] as const;
/** How one capability call went. */
export type CallStatus = (typeof CALL_STATUSES)[number];

/** One request to run a program. Source: sandbox section 1.3. */
export interface RunRequest {
  readonly session_id: string;
  readonly language: Language;
  readonly code: string;
  /** Values that the program finds as globals; data only. */
  readonly inputs: JsonObject;
  /** Takes the place of `wall_ms`. */
  readonly timeout_ms: number | null;
  /** Lowers the limits of the session for this run. */
  readonly limits: SessionLimits | null;
  readonly return_snapshot: boolean;
  /** Checks the program without running it. */
  readonly validate_only: boolean;
}

/** A place in the program; lines and columns from 1. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly end_line: number | null;
  readonly end_column: number | null;
}

/** One finding about a program or a run. */
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly span: Span | null;
}

/** Why a run or a call failed. */
export interface ErrorObject {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly span: Span | null;
}

/** What is kept of one capability call; digests, never data. */
export interface ExternalCallRecord {
  readonly name: string;
  readonly side_effect: SideEffect;
  readonly duration_ms: number;
  readonly status: CallStatus;
  /** SHA3-256 of `{"args":…,"kwargs":…}`. Source: sandbox section 4. */
  readonly request_digest: string;
  readonly response_digest: string | null;
  readonly error: ErrorObject | null;
}

/** What a run cost. */
export interface Metrics {
  readonly duration_ms: number;
  readonly memory_peak_bytes: number;
  readonly instructions: number;
  readonly external_calls_count: number;
}

/** A call that waits for somebody's consent. Source: sandbox section 5.5. */
export interface PendingApproval {
  readonly approval_id: string;
  readonly call_index: number;
  readonly name: string;
  readonly side_effect: SideEffect;
  readonly request_digest: string;
  /** The positional arguments, as the redaction hook shows them. */
  readonly args: JsonValue;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly requested_at: number;
  /** Milliseconds since 1970-01-01T00:00:00Z, or null when it never expires. */
  readonly expires_at: number | null;
}

/** The structured answer to a {@link RunRequest}. */
export interface RunResult {
  readonly status: RunStatus;
  readonly result: JsonValue;
  readonly stdout: string;
  readonly stderr: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly external_calls: readonly ExternalCallRecord[];
  readonly snapshot_id: string | null;
  readonly metrics: Metrics;
  readonly error: ErrorObject | null;
  /** Present while the run waits for approvals; an extension of the wire. */
  readonly pending_approvals?: readonly PendingApproval[];
}

/** An {@link ErrorObject}; absent parts are null. */
export function errorObject(
  code: string,
  message: string,
  options: { readonly hint?: string | null; readonly span?: Span | null } = {},
): ErrorObject {
  return { code, message, hint: options.hint ?? null, span: options.span ?? null };
}

/** The diagnostic that says what an error says. */
export function errorDiagnostic(error: ErrorObject): Diagnostic {
  return { severity: 'error', ...error };
}

/** A diagnostic; absent parts are null. */
export function diagnostic(
  severity: Severity,
  code: string,
  message: string,
  options: { readonly hint?: string | null; readonly span?: Span | null } = {},
): Diagnostic {
  return { severity, ...errorObject(code, message, options) };
}

/** Metrics of nothing. */
export const NO_METRICS: Metrics = Object.freeze({
  duration_ms: 0,
  memory_peak_bytes: 0,
  instructions: 0,
  external_calls_count: 0,
});

/** A successful result; everything not given is empty. */
export function okResult(result: JsonValue, stdout = '', metrics: Metrics = NO_METRICS): RunResult {
  return {
    status: 'ok',
    result,
    stdout,
    stderr: '',
    diagnostics: [],
    external_calls: [],
    snapshot_id: null,
    metrics,
    error: null,
  };
}

/** A failed result with exactly one diagnostic, made from the error. */
export function errorResult(
  status: RunStatus,
  error: ErrorObject,
  stdout = '',
  metrics: Metrics = NO_METRICS,
): RunResult {
  return {
    ...okResult(null, stdout, metrics),
    status,
    diagnostics: [errorDiagnostic(error)],
    error,
  };
}
