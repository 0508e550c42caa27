import type { RecordedMap } from './recorded-value.js';

/** How an action ended; other texts are kept as they are. Source: provenance section 2.1. */
export type ActionOutcome = 'verified' | 'failed' | 'retry' | 'skipped' | (string & {});

/** How a session stands; other texts are kept as they are. Source: provenance section 2.2. */
export type SessionOutcome = 'complete' | 'failed' | 'partial' | 'in_progress' | (string & {});

/** The edges that the protocol knows; others are kept. Source: provenance section 2.1. */
export const KNOWN_EDGES: readonly string[] = [
  'COMPOSES',
  'TRIGGERS',
  'PRODUCES',
  'EXTENDS',
  'LOOPS_WITH',
  'REQUIRES',
];

/**
 * One action of a session.
 *
 * Member names are those of the session file; null members are absent in the file. Source: provenance section 2.1.
 */
export interface ActionRecord {
  /** 1, 2, 3 … per session. */
  readonly seq: number;
  /** A dotted name. */
  readonly action_type: string;
  readonly outcome: ActionOutcome;
  readonly urn: string;
  /** The kernel's URN. */
  readonly kernel: string;
  readonly via_edge: string | null;
  readonly intent: RecordedMap | null;
  readonly evidence: RecordedMap | null;
  readonly before_state: RecordedMap | null;
  readonly after_state: RecordedMap | null;
  readonly diff_summary: string | null;
  /** From 1. */
  readonly attempt: number;
  /** `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
  readonly generated_at: string;
  readonly note: string;
  /** When the work began, if the recorder was told; not part of the compatible file. */
  readonly started_at?: string;
  /** The task that this action belongs to, as an IRI; not part of the compatible file. */
  readonly task?: string;
  /** The goal that this action serves, as an IRI; not part of the compatible file. */
  readonly goal?: string;
  /** What else the action used, as IRIs; not part of the compatible file. */
  readonly used?: readonly string[];
}

/** What is known about a session without its actions. Source: provenance section 2.2. */
export interface SessionHeader {
  readonly session_id: string;
  readonly urn: string;
  readonly label: string;
  readonly kernel_action: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  /** The kernel's URN as it was given. */
  readonly was_associated_with: string;
  /** Whole milliseconds from start to end. */
  readonly duration_ms: number | null;
  readonly outcome: SessionOutcome;
  /** Distinct short names of kernels, sorted. */
  readonly kernels_involved: readonly string[];
}

/** A whole session, as its file holds it. Source: provenance section 2.2. */
export interface SessionRecord extends SessionHeader {
  readonly actions: readonly ActionRecord[];
}

/** How many actions a session has, by outcome. */
export interface OutcomeCounts {
  readonly total: number;
  readonly failed: number;
  readonly verified: number;
}

/**
 * The outcome of a session from those of its actions; `retry` and `skipped` never count.
 *
 * Source: provenance section 3.3.
 */
export function deriveSessionOutcome(counts: OutcomeCounts): 'complete' | 'failed' | 'partial' {
  if (counts.failed === 0) return 'complete';
  return counts.verified === 0 ? 'failed' : 'partial';
}

/** Counts the outcomes that decide a session's outcome. */
export function countOutcomes(outcomes: Iterable<string>): OutcomeCounts {
  let total = 0;
  let failed = 0;
  let verified = 0;
  for (const outcome of outcomes) {
    total += 1;
    if (outcome === 'failed') failed += 1;
    else if (outcome === 'verified') verified += 1;
  }
  return { total, failed, verified };
}
