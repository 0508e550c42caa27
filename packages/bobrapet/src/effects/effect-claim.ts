import { InvalidInputError, type JsonObject, type JsonValue, parseJson } from '@engramkit/core';
import { effectClaimName, effectHolderIdentity, type IdempotencyRecord } from '@engramkit/ids';
import type { ResourceType } from '../kubernetes/kubernetes-client.js';
import { isJsonObject, objectAt, textAt } from '../status/json-object.js';
import { parseWireTimeMs, toMicroTime, toWireSecondsUp } from '../status/wire-time.js';

/** Where EffectClaims live. Source: bobrapet-batch section 0.4. */
export const EFFECT_CLAIMS: ResourceType = {
  group: 'runs.bubustack.io',
  version: 'v1alpha1',
  plural: 'effectclaims',
};

/** The step whose effects are claimed. */
export interface EffectStep {
  readonly namespace: string;
  readonly stepRunName: string;
}

/** What a claim says about its step, immutable once it exists. Source: bobrapet-batch section 7.2. */
export interface ClaimIdentity {
  readonly uid: string;
  /** Of `StepRun.spec.idempotencyKey`; empty when the step has none. */
  readonly idempotencyKey: string;
}

/** A lease without a length of its own. Source: bobrapet-batch section 7.3. */
const DEFAULT_LEASE_SECONDS = 600;
const LARGEST_INT32 = 2 ** 31 - 1;
/** Under this member of `details` a claim keeps the whole record; other readers see the fields of the specification. */
const RECORD = 'engramkit';

/** The claim object of a key that has none yet. */
export function newClaim(
  step: EffectStep,
  key: string,
  identity: ClaimIdentity,
  spec: JsonObject,
): JsonObject {
  const { uid, idempotencyKey } = identity;
  return {
    apiVersion: `${EFFECT_CLAIMS.group}/${EFFECT_CLAIMS.version}`,
    kind: 'EffectClaim',
    metadata: {
      name: effectClaimName({ ...step, effectKey: key }),
      namespace: step.namespace,
      ownerReferences: [
        {
          apiVersion: 'runs.bubustack.io/v1alpha1',
          kind: 'StepRun',
          name: step.stepRunName,
          uid,
        },
      ],
    },
    spec: {
      stepRunRef: { name: step.stepRunName, uid },
      effectKey: key,
      ...(idempotencyKey === '' ? {} : { idempotencyKey }),
      ...spec,
    },
  };
}

/**
 * The specification of a claim that says what the record says, as the admission webhook takes it.
 *
 * - claimed and started: a holder with its lease;
 * - released: no holder, no times, no completion, because a release with completion is refused;
 * - completed and failed: the completion, rounded up to a second, because it may not lie before the renewal;
 * - unknown: the holder stays as it is.
 *
 * A claim that is completed stays so for every other reader; what follows is only told in the details.
 * Source: bobrapet-batch sections 7.2 and 7.4.
 */
export function claimSpec(
  step: EffectStep,
  key: string,
  record: IdempotencyRecord,
  before: JsonObject,
  nonce: string,
): JsonObject {
  const details = { [RECORD]: { ...recordJson(record), write: nonce } };
  if (isFrozen(before)) return { ...before, details };
  const transitions = Math.min(LARGEST_INT32, Math.max(0, record.fencingToken - 1));
  const { acquireTime, renewTime, holderIdentity, completionStatus, completedAt, ...kept } = before;
  const common = {
    ...kept,
    leaseDurationSeconds: leaseSeconds(record.leaseMs),
    ...(transitions === 0 ? {} : { leaseTransitions: transitions }),
    details,
  };
  if (record.status === 'released') return common;
  const holder = effectHolderIdentity({ ...step, effectKey: key }, record.owner);
  const isSameHolder = holderIdentity === holder;
  const acquired = isSameHolder && typeof acquireTime === 'string' ? acquireTime : undefined;
  const nowMs = Math.max(record.updatedAtMs, parseWireTimeMs(acquired ?? '') ?? 0);
  const held = {
    ...common,
    holderIdentity: holder,
    acquireTime: acquired ?? toMicroTime(nowMs),
    renewTime: toMicroTime(nowMs),
  };
  if (record.status === 'unknown' && typeof renewTime === 'string' && isSameHolder) {
    return { ...held, renewTime };
  }
  if (record.status !== 'completed' && record.status !== 'failed') return held;
  return { ...held, completionStatus: 'completed', completedAt: toWireSecondsUp(nowMs) };
}

/**
 * The record of a claim: the one in its details when the rest of the claim agrees, else what other writers left.
 *
 * Throws `EFFECT_CLAIM_MISMATCH` when the claim is not about this step, effect or key.
 * Source: bobrapet-batch section 7.3, table of the reservation.
 */
export function recordOfClaim(step: EffectStep, key: string, claim: JsonObject): IdempotencyRecord {
  const spec = objectAt(claim, 'spec');
  checkIdentity(step, key, spec);
  const own = ownRecord(objectAt(spec, 'details')[RECORD]);
  if (own !== undefined && agrees(step, key, own, spec)) return own;
  return foreignRecord(claim, spec, own);
}

/** The result that the details of another writer hold. */
export function resultJsonOf(details: JsonValue | undefined): { readonly resultJson?: string } {
  return details === undefined || details === null ? {} : { resultJson: JSON.stringify(details) };
}

function checkIdentity(step: EffectStep, key: string, spec: JsonObject): void {
  const found = textAt(spec, 'effectKey');
  const stepRun = textAt(objectAt(spec, 'stepRunRef'), 'name');
  if (found === key && stepRun === step.stepRunName) return;
  throw new InvalidInputError(
    `the EffectClaim of ${JSON.stringify(key)} belongs to the effect ${JSON.stringify(found)} of the StepRun ${stepRun}`,
    {
      code: 'EFFECT_CLAIM_MISMATCH',
      details: { key, found, stepRun },
      hint: 'Somebody else wrote this object; remove it when its effect is settled.',
    },
  );
}

function isFrozen(spec: JsonObject): boolean {
  return spec.completionStatus === 'completed';
}

function agrees(
  step: EffectStep,
  key: string,
  record: IdempotencyRecord,
  spec: JsonObject,
): boolean {
  if (isFrozen(spec)) return true; // Whoever completes the claim replaces the details.
  if (record.status === 'completed' || record.status === 'failed') return false;
  const holder = textAt(spec, 'holderIdentity');
  if (record.status === 'released') return holder === '';
  return holder === effectHolderIdentity({ ...step, effectKey: key }, record.owner);
}

/** What a claim of another writer means; whoever took over from us has the next fencing token. */
function foreignRecord(
  claim: JsonObject,
  spec: JsonObject,
  earlier: IdempotencyRecord | undefined,
): IdempotencyRecord {
  const seconds =
    typeof spec.leaseDurationSeconds === 'number' && spec.leaseDurationSeconds > 0
      ? spec.leaseDurationSeconds
      : DEFAULT_LEASE_SECONDS;
  const transitions = typeof spec.leaseTransitions === 'number' ? spec.leaseTransitions : 0;
  const renewedMs =
    parseWireTimeMs(textAt(spec, 'renewTime')) ??
    parseWireTimeMs(textAt(spec, 'acquireTime')) ??
    parseWireTimeMs(textAt(objectAt(claim, 'metadata'), 'creationTimestamp')) ??
    0;
  const holder = textAt(spec, 'holderIdentity');
  const common = {
    owner: holder,
    fencingToken: Math.max(transitions + 1, (earlier?.fencingToken ?? 0) + 1),
    leaseUntilMs: renewedMs + seconds * 1_000,
    leaseMs: seconds * 1_000,
    updatedAtMs: renewedMs,
  };
  if (isFrozen(spec)) {
    return { status: 'completed', ...common, ...resultJsonOf(spec.details) };
  }
  return { status: holder === '' ? 'released' : 'started', ...common };
}

function leaseSeconds(leaseMs: number): number {
  return Math.min(LARGEST_INT32, Math.max(1, Math.ceil(leaseMs / 1_000)));
}

/** Results travel as text inside, so that no number or key of theirs is changed by a reader on the way. */
function recordJson(record: IdempotencyRecord): JsonObject {
  const { error, ...rest } = record;
  return error === undefined ? { ...rest } : { ...rest, error: JSON.stringify(error) };
}

const STATUSES: readonly string[] = [
  'claimed',
  'started',
  'completed',
  'failed',
  'released',
  'unknown',
] satisfies IdempotencyRecord['status'][];

/** The record in the details of a claim, if there is a whole one. */
function ownRecord(value: JsonValue | undefined): IdempotencyRecord | undefined {
  if (!isJsonObject(value)) return undefined;
  const { write: _, error, ...rest } = value;
  const isWhole =
    typeof rest.status === 'string' &&
    STATUSES.includes(rest.status) &&
    typeof rest.owner === 'string' &&
    ['fencingToken', 'leaseUntilMs', 'leaseMs', 'updatedAtMs'].every(
      (name) => typeof rest[name] === 'number',
    );
  if (!isWhole) return undefined;
  const parsed =
    typeof error === 'string'
      ? parseJson(error, { what: 'the error of an EffectClaim' })
      : undefined;
  // Every member was looked at just before; an error is only kept of what was serialized as one.
  return {
    ...rest,
    ...(parsed === undefined ? {} : { error: parsed }),
  } as unknown as IdempotencyRecord;
}
