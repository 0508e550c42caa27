import type { JsonObject, JsonValue } from '@engramkit/core';
import { isJsonObject } from './json-object.js';
import { illegalPhaseChange, isPhaseChangeAllowed } from './step-run-phase.js';
import type { LiveStatus, StatusChange } from './step-run-status.js';

/** How many signal events and effects a status keeps. Source: bobrapet-batch section 3.4. */
export const STATUS_RING_LENGTH = 256;

type Members = { [name: string]: JsonValue };

const TIMES = ['startedAt', 'finishedAt', 'nextRetryAt'] as const;
const TEXTS = ['duration', 'exitClass', 'lastFailureMsg'] as const;
const NUMBERS = ['exitCode', 'retries'] as const;
const DOCUMENTS = ['output', 'logs', 'error'] as const;
const FAILURE = ['exitCode', 'error', 'lastFailureMsg'] as const;

/**
 * The status that a change makes of the live one; nothing that was passed in is altered.
 *
 * Phases follow the state machine (`STEP_RUN_TRANSITION_ILLEGAL`); empty texts and zero numbers change nothing; documents are
 * replaced, never cleared, except by `clearFailure`; signals go key by key; events and effects are appended, numbered when their
 * number is 0, dropped when their number (or the effect's key) is there already, and cut to the newest 256. `retries` is
 * required by the schema and therefore 0 when the live status lacks it. Source: bobrapet-batch sections 3.1, 3.3 and 3.4.
 */
export function mergeStatus(live: LiveStatus, change: StatusChange): LiveStatus {
  const merged: Members = { ...live };
  const { phase } = change;
  if (phase !== undefined) {
    const from = phaseOf(live);
    if (!isPhaseChangeAllowed(from, phase)) throw illegalPhaseChange(from, phase);
    merged.phase = phase;
  }
  if (change.clearFailure === true) for (const name of FAILURE) delete merged[name];
  for (const name of TIMES) setUnless(merged, name, change[name], undefined);
  for (const name of TEXTS) setUnless(merged, name, change[name], '');
  for (const name of NUMBERS) setUnless(merged, name, change[name], 0);
  for (const name of DOCUMENTS) setUnless(merged, name, documentOf(change[name]), undefined);
  if (change.needs !== undefined) merged.needs = [...change.needs];
  mergeSignals(merged, change.signals);
  if (change.signalEvents !== undefined) {
    merged.signalEvents = appendEvents(recordsOf(live.signalEvents), change.signalEvents);
  }
  if (change.effects !== undefined) {
    merged.effects = appendEffects(recordsOf(live.effects), change.effects);
  }
  if (typeof merged.retries !== 'number') merged.retries = 0;
  return merged;
}

/** The phase of a status; empty when there is none. */
export function phaseOf(live: LiveStatus): string {
  return typeof live.phase === 'string' ? live.phase : '';
}

/** The entries of a status list that are objects. */
export function recordsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The highest sequence number of a status list; 0 when it is empty. */
export function highestSequence(records: readonly JsonObject[]): number {
  return records.reduce((highest, record) => Math.max(highest, sequenceOf(record)), 0);
}

/** The sequence number of one entry; 0 when it has none. */
export function sequenceOf(record: JsonObject): number {
  return typeof record.seq === 'number' ? record.seq : 0;
}

function setUnless(
  merged: Members,
  name: string,
  value: JsonValue | undefined,
  empty: JsonValue | undefined,
): void {
  if (value !== undefined && value !== empty) merged[name] = value;
}

/** Documents are JSON already; their types only say more about the members. */
function documentOf(value: StatusChange['output'] | StatusChange['error']): JsonObject | undefined {
  return value === undefined ? undefined : { ...value };
}

function mergeSignals(merged: Members, signals: StatusChange['signals']): void {
  if (signals === undefined) return;
  const live = isJsonObject(merged.signals) ? merged.signals : {};
  const next = new Map(Object.entries(live));
  for (const [key, value] of Object.entries(signals)) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  if (next.size === 0 && merged.signals === undefined) return;
  merged.signals = Object.fromEntries(next);
}

type Numbered = { readonly seq: number } & object;

function appendEvents(
  live: readonly JsonObject[],
  added: NonNullable<StatusChange['signalEvents']>,
): readonly JsonObject[] {
  const events = [...live];
  for (const event of added) append(events, event);
  return newest(events);
}

function appendEffects(
  live: readonly JsonObject[],
  added: NonNullable<StatusChange['effects']>,
): readonly JsonObject[] {
  const effects = [...live];
  for (const effect of added) {
    if (effect.seq === 0 && effects.some(({ key }) => key === effect.key)) continue;
    append(effects, effect);
  }
  return newest(effects);
}

function append(records: JsonObject[], added: Numbered): void {
  const seq = added.seq === 0 ? highestSequence(records) + 1 : added.seq;
  if (records.some((record) => sequenceOf(record) === seq)) return;
  records.push({ ...added, seq });
}

function newest(records: readonly JsonObject[]): readonly JsonObject[] {
  if (records.length <= STATUS_RING_LENGTH) return records;
  return [...records]
    .sort((left, right) => sequenceOf(left) - sequenceOf(right))
    .slice(-STATUS_RING_LENGTH);
}
