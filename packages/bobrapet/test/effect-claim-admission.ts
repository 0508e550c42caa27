import type { JsonObject } from '@engramkit/core';
import { effectClaimName } from '@engramkit/ids';
import { objectAt, textAt } from '../src/status/json-object.js';
import { parseWireTime } from '../src/status/wire-time.js';
import type { Admission } from './memory-cluster.js';

/** The rules of the EffectClaim webhook. Source: bobrapet-batch section 7.4. */
export const effectClaimAdmission: Admission = ({ address, before, after }) => {
  if (address.plural !== 'effectclaims') return undefined;
  const spec = objectAt(after, 'spec');
  const old = before === undefined ? undefined : objectAt(before, 'spec');
  return (
    identityProblem(address.namespace ?? '', address.name, spec) ??
    timeProblem(spec) ??
    (old === undefined ? undefined : changeProblem(old, spec))
  );
};

function identityProblem(namespace: string, name: string, spec: JsonObject): string | undefined {
  const stepRunName = textAt(objectAt(spec, 'stepRunRef'), 'name');
  const effectKey = textAt(spec, 'effectKey');
  if (stepRunName === '' || effectKey === '') return 'stepRunRef.name and effectKey are required';
  if (name !== effectClaimName({ namespace, stepRunName, effectKey })) return 'wrong name';
  if (textAt(spec, 'holderIdentity').length > 253) return 'holderIdentity is too long';
  const lease = spec.leaseDurationSeconds;
  if (lease !== undefined && !(Number.isInteger(lease) && Number(lease) >= 1)) return 'bad lease';
  const transitions = spec.leaseTransitions ?? 0;
  return Number.isInteger(transitions) && Number(transitions) < 2 ** 31
    ? undefined
    : 'bad leaseTransitions';
}

function timeProblem(spec: JsonObject): string | undefined {
  const at = (name: string): bigint | undefined => parseWireTime(textAt(spec, name));
  const [acquired, renewed, completed] = [at('acquireTime'), at('renewTime'), at('completedAt')];
  if ((spec.completionStatus === undefined) !== (spec.completedAt === undefined)) {
    return 'completionStatus and completedAt go together';
  }
  if (renewed !== undefined && acquired === undefined) return 'renewTime requires acquireTime';
  if (renewed !== undefined && acquired !== undefined && renewed < acquired) return 'renewed early';
  if (completed === undefined) return undefined;
  return completed < (acquired ?? completed) || completed < (renewed ?? completed)
    ? 'completedAt is before acquireTime or renewTime'
    : undefined;
}

const FROZEN = [
  'holderIdentity',
  'leaseDurationSeconds',
  'leaseTransitions',
  'acquireTime',
  'renewTime',
  'completionStatus',
] as const;

function changeProblem(old: JsonObject, spec: JsonObject): string | undefined {
  for (const name of ['effectKey', 'idempotencyKey', 'stepRunRef'] as const) {
    if (JSON.stringify(old[name]) !== JSON.stringify(spec[name])) return `${name} is immutable`;
  }
  const completed = parseWireTime(textAt(old, 'completedAt'));
  const next = parseWireTime(textAt(spec, 'completedAt'));
  if (completed !== undefined && (next === undefined || next < completed)) {
    return 'completedAt cannot be cleared or moved back';
  }
  if (old.completionStatus !== 'completed') return undefined;
  const changed = FROZEN.find((name) => old[name] !== spec[name]);
  return changed === undefined ? undefined : `${changed} is frozen after completion`;
}
