import type { JsonValue } from '@engramkit/core';
import { contentId } from '@engramkit/ids';
import type { ChronicleEvent, ChronicleSource } from './chronicle-event.js';

/** One event of a lineage. */
export interface LineageStep {
  readonly cid: string;
  readonly event: ChronicleEvent;
}

/** Whether a lineage holds. */
export interface LineageVerification {
  readonly valid: boolean;
  /** The events that were checked, from the given one to the root. */
  readonly steps: readonly LineageStep[];
  /** Content id of what led to the first event, when that is not in the chronicle itself. */
  readonly origin?: string;
  /** The first event that does not hold, and why. */
  readonly broken?: { readonly cid: string; readonly reason: LineageProblem };
}

/** `missing`: there is no such event; `altered`: its content is another; `cyclic`: it is its own cause. */
export type LineageProblem = 'missing' | 'altered' | 'cyclic';

/** Longer chains are cut: a walk never takes for ever. */
const LONGEST_LINEAGE = 10_000;

/**
 * The events that led to an event: itself, what it follows from, and so on to the root.
 *
 * A completion follows from its invocation, an invocation from the event that triggered it. Ends at the first event that the
 * chronicle does not have. Source: function-descriptor section 7.2.
 */
export async function lineage(
  source: ChronicleSource,
  cid: string,
): Promise<readonly LineageStep[]> {
  return (await walk(source, cid, false)).steps;
}

/** Walks a lineage and computes every content id anew. Source: function-descriptor section 7.2. */
export function verifyLineage(source: ChronicleSource, cid: string): Promise<LineageVerification> {
  return walk(source, cid, true);
}

async function walk(
  source: ChronicleSource,
  first: string,
  check: boolean,
): Promise<LineageVerification> {
  const steps: LineageStep[] = [];
  const seen = new Set<string>();
  let cid = first;
  // Whether the chronicle must have the next event: it need not have what came from outside.
  let own = true;
  for (;;) {
    if (seen.has(cid) || seen.size >= LONGEST_LINEAGE) return broken(steps, cid, 'cyclic');
    seen.add(cid);
    const event = await source.find(cid);
    if (event === undefined) {
      return own ? broken(steps, cid, 'missing') : { valid: true, steps, origin: cid };
    }
    if (check && !holds(event, cid)) return broken(steps, cid, 'altered');
    steps.push({ cid, event });
    const parent = text(event.data.parent_cid);
    own = parent !== '';
    cid = own ? parent : text(event.data.trigger_event_cid);
    if (cid === '') return { valid: true, steps };
  }
}

function holds(event: ChronicleEvent, cid: string): boolean {
  try {
    return contentId(event) === cid;
  } catch {
    return false; // What has no content id has not this one either.
  }
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function broken(
  steps: readonly LineageStep[],
  cid: string,
  reason: LineageProblem,
): LineageVerification {
  return { valid: false, steps, broken: { cid, reason } };
}
