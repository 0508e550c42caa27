import { setMaxListeners } from 'node:events';
import { type JsonValue, parseJson } from '@engramkit/core';
import { digestBytes } from '@engramkit/ids';
import type { EnginePool, Lease } from '../engine/engine-pool.js';
import type { MachineRun } from '../engine/protocol.js';
import type { ApprovalDecision } from '../tools/approval.js';
import type { CallGate } from '../tools/call-gate.js';
import { closeRecord } from '../tools/call-ledger.js';
import { CapabilityCalls } from '../tools/capability-calls.js';
import { isErrorCode, statusOfCode } from '../wire/error-codes.js';
import {
  type Diagnostic,
  diagnostic,
  type ErrorObject,
  errorDiagnostic,
  errorObject,
  type RunResult,
} from '../wire/run-types.js';
import type { SessionLimits } from '../wire/session-types.js';
import { guestTools } from './guest-tools.js';
import { OutputBuffer } from './output-buffer.js';
import { type DriveEnd, RunDriver } from './run-driver.js';
import type { RuntimeSettings } from './runtime-options.js';
import type { PausedRun, SessionState } from './session-state.js';

/** A program to run, or a waiting run with a decision. */
export interface SessionRunOptions {
  readonly state: SessionState;
  readonly runId: string;
  readonly code: string;
  readonly inputs: PausedRun['inputs'];
  readonly limits: SessionLimits;
  readonly returnSnapshot: boolean;
  readonly resumed?: {
    readonly run: PausedRun;
    readonly approvalId: string;
    readonly decision: ApprovalDecision;
  };
  readonly pool: EnginePool;
  readonly gate: CallGate;
  readonly settings: RuntimeSettings;
  readonly cancelled: AbortSignal;
}

/** After this many times the kept output, a program is stopped. Source: sandbox section 5.2-10. */
const FLOOD_FACTOR = 16;
const DIGESTS_KEPT = 100;

/** Carries out one run on a session and leaves the session in its new state, or in the one before. Never rejects for the guest. */
export async function runOnSession(options: SessionRunOptions): Promise<RunResult> {
  const { state, settings, pool, limits, resumed } = options;
  const { clock } = settings;
  const lease = await pool.lend(state.imageId);
  const startedAt = clock.monotonic();
  const handlers = new AbortController();
  // One listener per call under way, whose number the limits bound.
  setMaxListeners(0, handlers.signal);
  const calls = new CapabilityCalls(
    {
      sessionId: state.id,
      runId: options.runId,
      registry: settings.tools,
      gate: options.gate,
      rules: settings.rules,
      approvalTtlMs: settings.approvalTtlMs,
      redact: settings.redact,
      effects: settings.effects,
      clock,
      random: settings.random,
      signal: handlers.signal,
    },
    resumed?.run,
  );
  const stdout = new OutputBuffer(limits.max_stdout_bytes);
  const stderr = new OutputBuffer(limits.max_stdout_bytes);
  const [cpuUsed, wallUsed] = [resumed?.run.cpu_used_ms ?? 0, resumed?.run.wall_used_ms ?? 0];
  const driver = new RunDriver({
    connection: lease.connection,
    calls,
    registry: settings.tools,
    stdout,
    stderr,
    wallMs: Math.max(0, limits.wall_ms - wallUsed),
    cpuMs: Math.max(0, limits.cpu_ms - cpuUsed),
    graceMs: settings.graceMs,
    clock,
    cancelled: options.cancelled,
    handlers,
  });
  const run = machineRun(options, cpuUsed, calls.records.length);
  const decided = resumed === undefined ? [] : decisions(calls, resumed);
  const end = await driver.drive({ type: resumed ? 'attach' : 'start', run }, decided);
  const durationMs = clock.monotonic() - startedAt;
  const notes = keepState(options, end, calls, {
    cpu_used_ms: cpuUsed + driver.usage.cpuMs,
    wall_used_ms: wallUsed + durationMs,
  });
  returnLease(lease, driver, end, state);
  const { error, result, extra } = outcomeOf(end, state.language);
  if (end.kind !== 'paused')
    calls.abandon(error?.code === 'CANCELLED' ? 'CANCELLED' : 'INTERRUPTED');
  const findings = driver.diagnostics.filter(
    (finding) => !(error && finding.severity === 'error' && finding.message === error.message),
  );
  return {
    status: error === null ? 'ok' : statusOf(error),
    result,
    stdout: stdout.text(),
    stderr: stderr.text(),
    diagnostics: [
      ...(error === null ? [] : [errorDiagnostic(error)]),
      ...findings,
      ...stdout.warning('standard output'),
      ...stderr.warning('standard error'),
      ...notes,
      ...backgroundNote(end, calls),
    ],
    external_calls: calls.records.map(closeRecord),
    snapshot_id: null,
    metrics: {
      duration_ms: Math.round(durationMs),
      memory_peak_bytes: driver.usage.memoryPeakBytes,
      instructions: driver.usage.instructions,
      external_calls_count: calls.records.length,
    },
    error,
    ...extra,
    ...(end.kind === 'paused' ? { pending_approvals: calls.pendingApprovals() } : {}),
  };
}

function machineRun(options: SessionRunOptions, cpuUsed: number, called: number): MachineRun {
  const { state, settings, limits } = options;
  return {
    code: options.code,
    inputsText: JSON.stringify(options.inputs),
    tools: guestTools(settings.tools),
    image: state.image,
    imageId: state.imageId,
    seed: state.seed,
    fixedNowMs: settings.deterministic?.nowMs,
    limits: {
      memoryBytes: Math.max(1, limits.memory_mb) * 1024 * 1024,
      stackDepth: limits.max_stack_depth,
      cpuMs: Math.max(0, limits.cpu_ms - cpuUsed),
      mostOutputBytes: limits.max_stdout_bytes * FLOOD_FACTOR,
      mostCalls: Math.max(0, limits.max_external_calls - called),
    },
    keepResult: settings.keepResult,
    checks: settings.checks,
  };
}

function decisions(calls: CapabilityCalls, resumed: NonNullable<SessionRunOptions['resumed']>) {
  const waiting = calls.waiting.find((call) => call.approval_id === resumed.approvalId);
  return waiting === undefined ? [] : [calls.decide(waiting, resumed.decision)];
}

/** The state after the run, or the one before it when the run had to be stopped. */
function keepState(
  options: SessionRunOptions,
  end: DriveEnd,
  calls: CapabilityCalls,
  used: Pick<PausedRun, 'cpu_used_ms' | 'wall_used_ms'>,
): readonly Diagnostic[] {
  const { state, settings } = options;
  const before = state.paused === undefined ? state.image : state.before;
  state.lastUsedAt = settings.clock.now();
  if (end.kind === 'paused') {
    state.before = before;
    state.paused = {
      run_id: options.runId,
      code: options.code,
      inputs: options.inputs,
      limits: options.limits,
      ...used,
      return_snapshot: options.returnSnapshot,
      records: calls.records,
      waiting: calls.waiting,
    };
  } else {
    state.paused = undefined;
    state.before = undefined;
    (state as { codeDigests: readonly string[] }).codeDigests = [
      ...state.codeDigests,
      digestBytes(options.code),
    ].slice(-DIGESTS_KEPT);
  }
  if (end.image !== undefined) {
    state.image = end.image;
    state.imageId = settings.random.uuid();
    return [];
  }
  if (state.image !== before) state.imageId = settings.random.uuid();
  state.image = before;
  const hint = 'Variables have the values that they had before this run.';
  return [
    diagnostic('info', 'SESSION_ROLLED_BACK', 'the session is as it was before this run', { hint }),
  ];
}

function returnLease(lease: Lease, driver: RunDriver, end: DriveEnd, state: SessionState): void {
  const held =
    end.kind === 'done' || (end.kind === 'failed' && end.image) ? state.imageId : undefined;
  if (!driver.killed) lease.connection.post({ type: 'rest', imageId: held });
  lease.release({ dead: driver.killed, image: held });
}

interface Outcome {
  readonly error: ErrorObject | null;
  readonly result: JsonValue;
  readonly extra: Partial<RunResult>;
}

function outcomeOf(end: DriveEnd, language: string): Outcome {
  if (end.kind === 'failed') return { error: end.error, result: null, extra: {} };
  if (end.kind === 'paused') {
    const hint = 'Resume the session with a decision about each pending approval.';
    const error = errorObject('WAITING_FOR_APPROVAL', 'the run waits for approval', { hint });
    return { error, result: null, extra: {} };
  }
  try {
    const what = `the result of the ${language} program`;
    const result = parseJson(end.resultText, { what, maxDepth: 256, prototypeKeys: 'keep' });
    return { error: null, result, extra: {} };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : 'the result is no JSON';
    return { error: errorObject('RESULT_NOT_SERIALIZABLE', message), result: null, extra: {} };
  }
}

function statusOf(error: ErrorObject): RunResult['status'] {
  return isErrorCode(error.code) ? statusOfCode(error.code) : 'runtime_error';
}

function backgroundNote(end: DriveEnd, calls: CapabilityCalls): readonly Diagnostic[] {
  const dropped = calls.records.filter(({ error }) => error?.code === 'INTERRUPTED').length;
  if (end.kind !== 'done' || dropped === 0) return [];
  const message = `${dropped} calls were still under way when the program ended`;
  const hint = 'Await every call.';
  return [diagnostic('warning', 'BACKGROUND_TASKS_DROPPED', message, { hint })];
}
