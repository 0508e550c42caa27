// Public API of @engramkit/ids. Named exports only; adding a line here is an API decision.

// Names and keys that the operator and other SDKs derive alike.
export type { EffectIdentity } from './effect-claim-name.js';
export { effectClaimName, effectHolderIdentity } from './effect-claim-name.js';
export type { OperatorStepIdentity, StepIdentity } from './idempotency-key.js';
export { idempotencyKey, operatorIdempotencyKey } from './idempotency-key.js';
export { composeName, composeNameWithSuffix, labelSafeValue } from './resource-name.js';
export type { SubmissionIdentity } from './trigger-name.js';
export { storyRunName, storyTriggerName } from './trigger-name.js';
