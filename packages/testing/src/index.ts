// Public API of @engramkit/testing. Named exports only; adding a line here is an API decision.

// Harnesses: one component, run directly.
export type { BatchHarnessOptions, BatchSubject } from './batch-harness.js';
export { BatchHarness } from './batch-harness.js';
// Conformance: verdicts for any test runner.
export type { BatchSuiteOptions } from './batch-suite.js';
export { BatchSuite } from './batch-suite.js';
export type { ContractCase, ContractOptions } from './component-contract.js';
export { componentContract } from './component-contract.js';
export type { Check } from './conformance-error.js';
export { ConformanceError } from './conformance-error.js';
export type { ErrorExpectation } from './expected-error.js';
export type { HarnessOptions } from './harness-parts.js';
export type { IdempotencyStoreSuiteOptions, SuiteCase } from './idempotency-store-suite.js';
export { idempotencyStoreSuite } from './idempotency-store-suite.js';
export type { ImpulseHarnessOptions, ImpulseSubject } from './impulse-harness.js';
export { ImpulseHarness } from './impulse-harness.js';
// Stand-ins: deterministic, and they remember.
export type { ManualClock } from './manual-clock.js';
export { manualClock } from './manual-clock.js';
export type {
  RecordedEffect,
  RecordingEffects,
  RecordingEffectsOptions,
} from './recording-effects.js';
export { recordingEffects } from './recording-effects.js';
export type { RecordedLog, RecordingLogger } from './recording-logger.js';
export { recordingLogger } from './recording-logger.js';
export type { RecordingSignals } from './recording-signals.js';
export { recordingSignals } from './recording-signals.js';
export type { RecordedSpan, RecordedSpanEvent, RecordingTracer } from './recording-tracer.js';
export { recordingTracer } from './recording-tracer.js';
export type {
  RecordedStart,
  RecordingTriggerClient,
  RecordingTriggerClientOptions,
} from './recording-trigger-client.js';
export { recordingTriggerClient } from './recording-trigger-client.js';
export { seededRandom } from './seeded-random.js';
export type { StreamHarnessOptions, StreamSubject } from './stream-harness.js';
export { StreamHarness } from './stream-harness.js';
export type { StreamSuiteOptions } from './stream-suite.js';
export { StreamSuite } from './stream-suite.js';
export type { Recorded, TestContext, TestContextOptions } from './test-context.js';
export { testContext, testStoryInfo } from './test-context.js';
export {
  validateStreamErrorMessage,
  validateStreamMessage,
  validateStructuredError,
} from './validators.js';
