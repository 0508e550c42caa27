import {
  type Clock,
  type JsonValue,
  type Random,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import type { IdempotencyStore } from '@engramkit/ids';
import type { LanguageEngine } from '../engine/engine.js';
import { montyEngine, quickJsEngine } from '../engine/language-engines.js';
import type { ApprovalRule } from '../tools/approval.js';
import { ToolRegistry } from '../tools/tool-registry.js';
import { DEFAULT_LIMITS, type SessionLimits } from '../wire/session-types.js';
import type { RunRecorder } from './run-recorder.js';
import { memorySnapshotStore, type SnapshotStore } from './snapshot-store.js';

/** Options of a `SandboxRuntime`; everything has a default. */
export interface SandboxRuntimeOptions {
  readonly tools?: ToolRegistry;
  /** One per language; default QuickJS and Monty, each loaded when its language is first used. */
  readonly engines?: readonly LanguageEngine[];
  /** Limits of sessions that are made without their own, over the documented defaults. */
  readonly limits?: Partial<SessionLimits>;
  /** Whether a request may raise the limits of its session; default false. */
  readonly allowRaise?: boolean;
  /** Interpreters per language that run at once; default 2. */
  readonly workers?: number;
  /** Milliseconds that a program may go on after it was told to stop, before its interpreter is ended; default 15. */
  readonly graceMs?: number;
  /** What a second run of a busy session does: wait its turn (default) or fail with `SESSION_BUSY`. */
  readonly whenBusy?: 'queue' | 'refuse';
  /** Rules that approval policies name. */
  readonly rules?: Readonly<Record<string, ApprovalRule>>;
  /** Milliseconds until an approval that nobody decided counts as refused; default 86,400,000; null for never. */
  readonly approvalTtlMs?: number | null;
  /** What people see of the arguments of a call that waits; default all of them. */
  readonly redact?: (name: string, args: readonly JsonValue[]) => JsonValue;
  /** Where waiting runs and snapshots are kept; default in memory. */
  readonly store?: SnapshotStore;
  /** Seals snapshots; processes that exchange them share it. Default: a new one per runtime. */
  readonly snapshotKey?: string | Uint8Array;
  /** Remembers the effects of calls over restarts; without it a call that was under way when a process died is not repeated. */
  readonly effects?: IdempotencyStore;
  readonly recorder?: RunRecorder;
  /** Sessions kept at most; the least recently used is dropped first. Default 1,000. */
  readonly maxSessions?: number;
  /** Milliseconds after which an unused session is dropped; default 3,600,000; null for never. */
  readonly idleTtlMs?: number | null;
  /** `full` (default) refuses programs that can be seen to fail, `syntax` only those that cannot be parsed. */
  readonly checks?: 'full' | 'syntax';
  /** Returns the value of `result` again that an earlier run set; default false. */
  readonly keepResult?: boolean;
  /** Makes programs see the same time and the same random numbers in every run, so that runs can be compared. */
  readonly deterministic?: { readonly seed: number; readonly nowMs: number };
  readonly clock?: Clock;
  readonly random?: Random;
}

/** {@link SandboxRuntimeOptions} with every default filled in. */
export type RuntimeSettings = Required<
  Omit<SandboxRuntimeOptions, 'effects' | 'recorder' | 'deterministic' | 'limits'>
> &
  Pick<SandboxRuntimeOptions, 'effects' | 'recorder' | 'deterministic'> & {
    readonly limits: SessionLimits;
  };

/** Fills in the defaults. */
export function runtimeSettings(options: SandboxRuntimeOptions): RuntimeSettings {
  const { random = systemRandom, clock = systemClock } = options;
  return {
    tools: options.tools ?? new ToolRegistry(),
    engines: options.engines ?? [quickJsEngine({ clock }), montyEngine({ clock })],
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    allowRaise: options.allowRaise ?? false,
    workers: options.workers ?? 2,
    graceMs: options.graceMs ?? 15,
    whenBusy: options.whenBusy ?? 'queue',
    rules: options.rules ?? {},
    approvalTtlMs: options.approvalTtlMs === undefined ? 86_400_000 : options.approvalTtlMs,
    redact: options.redact ?? ((_name, args) => args),
    store: options.store ?? memorySnapshotStore(),
    snapshotKey: options.snapshotKey ?? `${random.uuid()}${random.uuid()}`,
    maxSessions: options.maxSessions ?? 1_000,
    idleTtlMs: options.idleTtlMs === undefined ? 3_600_000 : options.idleTtlMs,
    checks: options.checks ?? 'full',
    keepResult: options.keepResult ?? false,
    clock,
    random,
    effects: options.effects,
    recorder: options.recorder,
    deterministic: options.deterministic,
  } as RuntimeSettings;
}
