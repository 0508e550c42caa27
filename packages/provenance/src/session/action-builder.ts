import { hash } from 'node:crypto';
import type { Clock } from '@engramkit/core';
import { formatMicroseconds } from '../time.js';
import { buildActionUrn, buildKernelUrn, kernelShortName, type UrnStyle } from '../urn.js';
import { summarizeDiff } from './diff.js';
import { canonicalText, copyRecordedMap, type RecordedMap } from './recorded-value.js';
import type { ActionOutcome, ActionRecord } from './session-record.js';

/** The members of a record that hold a caller's data. */
export type RecordedField = 'intent' | 'evidence' | 'before_state' | 'after_state';

/** What a caller says about an action. */
export interface ActionInput {
  /** A dotted name. */
  readonly actionType: string;
  readonly outcome: ActionOutcome;
  /** Kernel URN or short name; default: the session's kernel. */
  readonly kernel?: string;
  readonly viaEdge?: string | null;
  readonly intent?: unknown;
  readonly evidence?: unknown;
  readonly beforeState?: unknown;
  readonly afterState?: unknown;
  /** Default 1. */
  readonly attempt?: number;
  /** Default empty. */
  readonly note?: string;
  /** When the work began, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly startedAtMs?: number;
  /** IRI of the task that this belongs to. */
  readonly task?: string;
  /** IRI of the goal that this serves. */
  readonly goal?: string;
  /** IRIs of what else was used. */
  readonly used?: readonly string[];
}

/** Keeps values whose digests are recorded in their place. */
export interface ContentStore {
  /** `digest` is `sha256:` and 64 hex digits over `bytes`, the RFC 8785 text of the value. */
  put(digest: string, bytes: Uint8Array): Promise<void>;
}

/** How a recorder treats what callers pass. */
export interface ActionBuilding {
  readonly clock: Clock;
  readonly urnStyle: UrnStyle;
  /** Keeps a URN that was given as kernel in the action URN, as the Python package does. */
  readonly compatibleUrns: boolean;
  /** Called with a copy; what it returns is recorded. */
  readonly redact?: ((value: RecordedMap, field: RecordedField) => unknown) | undefined;
  /** Fields of which only the digest is recorded. */
  readonly digestOnly: readonly RecordedField[];
}

/** A record, the short name of its kernel, and values that only their digests stand for. */
export interface BuiltAction {
  readonly record: ActionRecord;
  readonly kernelName: string;
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/**
 * Makes the record of an action, from copies: the caller's maps can change afterwards.
 *
 * Throws `RECORD_INVALID` or `URN_INVALID` and has no effect then. Source: provenance sections 2.1, 3.2.
 */
export function buildAction(
  input: ActionInput,
  context: ActionBuilding & { readonly seq: number; readonly sessionKernel: string },
): BuiltAction {
  const nowMs = context.clock.now();
  const given = input.kernel || context.sessionKernel;
  const isUrn = given.startsWith('ckp://');
  const shortName = isUrn ? kernelShortName(given) : given;
  const kernelName = isUrn && context.compatibleUrns ? given : shortName;
  const contents = new Map<string, Uint8Array>();
  const field = (name: RecordedField, value: unknown): RecordedMap | null =>
    value === undefined || value === null ? null : kept(name, value, context, contents);
  const before = field('before_state', input.beforeState);
  const after = field('after_state', input.afterState);
  const record: ActionRecord = {
    seq: context.seq,
    action_type: input.actionType,
    outcome: input.outcome,
    urn:
      isUrn && context.compatibleUrns
        ? `ckp://Action#${given}.${input.actionType}-${Math.floor(nowMs)}`
        : buildActionUrn(shortName, input.actionType, nowMs, { style: context.urnStyle }),
    kernel: isUrn ? given : buildKernelUrn(shortName),
    via_edge: input.viaEdge ?? null,
    intent: field('intent', input.intent),
    evidence: field('evidence', input.evidence),
    before_state: before,
    after_state: after,
    diff_summary: hasMembers(before) && hasMembers(after) ? summarizeDiff(before, after) : null,
    attempt: input.attempt ?? 1,
    generated_at: formatMicroseconds(nowMs),
    note: input.note ?? '',
    ...(input.startedAtMs === undefined
      ? {}
      : { started_at: formatMicroseconds(input.startedAtMs) }),
    ...(input.task === undefined ? {} : { task: input.task }),
    ...(input.goal === undefined ? {} : { goal: input.goal }),
    ...(input.used === undefined ? {} : { used: [...input.used] }),
  };
  return { record, kernelName, contents };
}

/** `sha256:` and the SHA-256 of the value's RFC 8785 text. */
export function digestOf(value: RecordedMap): string {
  return `sha256:${hash('sha256', canonicalText(value), 'hex')}`;
}

function kept(
  name: RecordedField,
  value: unknown,
  building: ActionBuilding,
  contents: Map<string, Uint8Array>,
): RecordedMap {
  const copy = copyRecordedMap(value, name);
  const shown =
    building.redact === undefined ? copy : copyRecordedMap(building.redact(copy, name), name);
  if (!building.digestOnly.includes(name)) return shown;
  const digest = digestOf(shown);
  contents.set(digest, Buffer.from(canonicalText(shown)));
  return { digest };
}

function hasMembers(map: RecordedMap | null): map is RecordedMap {
  return map !== null && Object.keys(map).length > 0;
}
