// Public API of @engramkit/ids. Named exports only; adding a line here is an API decision.
export type { PathSegment } from './canonical-error.js';
export {
  CanonicalizationError,
  PyRecursionError,
  PyTypeError,
  PyValueError,
} from './canonical-error.js';
export { canonicalize, canonicalizeToBytes } from './canonicalize.js';
export type { ContentHasher, ContentHasherOptions } from './content-hasher.js';
export { createContentHasher } from './content-hasher.js';
export type { ContentIdOptions, ParsedContentId, VerifyContentIdOptions } from './content-id.js';
export { contentId, convertContentId, parseContentId, verifyContentId } from './content-id.js';
export { digestBytes, digestJson } from './digest.js';
export type { EffectIdentity } from './effect-claim-name.js';
export { effectClaimName, effectHolderIdentity } from './effect-claim-name.js';
export { EffectNotRecordedError, EffectUnknownError, RecordedEffectError } from './effect-error.js';
export type { OnceContext } from './effect-run.js';
export type { FileContentIdOptions } from './file-content-id.js';
export { fileContentId } from './file-content-id.js';
export type {
  FileIdempotencyStore,
  FileIdempotencyStoreOptions,
} from './file-idempotency-store.js';
export { fileIdempotencyStore } from './file-idempotency-store.js';
export type { DigestAlgorithm } from './hash.js';
export type { OperatorStepIdentity, StepIdentity } from './idempotency-key.js';
export { idempotencyKey, operatorIdempotencyKey } from './idempotency-key.js';
export type {
  IdempotencyRecord,
  IdempotencyStatus,
  IdempotencyStore,
  MaybePromise,
  StoredRecord,
} from './idempotency-store.js';
export type { SerdeVariant } from './json-dialect.js';
export type { MemoryIdempotencyStore } from './memory-idempotency-store.js';
export { memoryIdempotencyStore } from './memory-idempotency-store.js';
export { once, recordedResult } from './once.js';
export type { FailurePolicy, OnceOptions } from './once-options.js';
export type { PyKey } from './py-values.js';
export { isPyFloat, PyDict, PyFloat } from './py-values.js';
export type { ParsePythonJsonOptions } from './python-json.js';
export { parsePythonJson } from './python-json.js';
export type { CalendarDay, PyDatetimeOptions } from './python-text.js';
export { pyBytes, pyDate, pyDatetime, pyDecimal, pyTimedelta, pyUuid } from './python-text.js';
export type { ResolveOptions, UnknownResolution } from './resolve-unknown.js';
export { recordEffect, resolveUnknown } from './resolve-unknown.js';
export { composeName, composeNameWithSuffix, labelSafeValue } from './resource-name.js';
export type { CanonicalizeOptions, ContentIdScheme } from './scheme.js';
export { CONTENT_ID_SCHEMES } from './scheme.js';
export type { SubmissionIdentity } from './trigger-name.js';
export { storyRunName, storyTriggerName } from './trigger-name.js';
