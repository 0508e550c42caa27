// Public API of @engramkit/sandbox. Named exports only; adding a line here is an API decision.

// Engines: what runs programs, and what one of your own has to do.
export type { EngineConnection, LanguageEngine } from './engine/engine.js';
export type { EngineOptions } from './engine/language-engines.js';
export { montyEngine, quickJsEngine } from './engine/language-engines.js';
export type {
  EngineEvent,
  EngineRequest,
  GuestTool,
  Machine,
  MachineCall,
  MachineLimits,
  MachinePort,
  MachineRun,
  MachineSettlement,
  MachineUsage,
  Turn,
} from './engine/protocol.js';
// The runtime.
export type { RecordedRun, RunRecorder } from './runtime/run-recorder.js';
export { ledgerRunRecorder } from './runtime/run-recorder.js';
export type { SandboxRuntimeOptions } from './runtime/runtime-options.js';
export { SandboxRuntime } from './runtime/sandbox-runtime.js';
export type { SnapshotStore } from './runtime/snapshot-store.js';
export { fileSnapshotStore, memorySnapshotStore } from './runtime/snapshot-store.js';
// Capabilities.
export type {
  ApprovalAnswer,
  ApprovalDecision,
  ApprovalQuestion,
  ApprovalRule,
} from './tools/approval.js';
export type { RegisteredTool, ToolCallContext, ToolHandler } from './tools/registered-tool.js';
export { asyncTool, syncTool, ToolError } from './tools/registered-tool.js';
export type { CheckedTool } from './tools/tool-registry.js';
export { ToolRegistry } from './tools/tool-registry.js';
// The wire.
export type {
  ApprovalPolicy,
  Capability,
  CapabilityLimits,
  SideEffect,
} from './wire/capability.js';
export { capability, DEFAULT_CAPABILITY_LIMITS, SIDE_EFFECTS } from './wire/capability.js';
export type { ErrorCode } from './wire/error-codes.js';
export { ERROR_CODES, isErrorCode, statusOfCode } from './wire/error-codes.js';
export { readCapability, readCapabilityLimits } from './wire/read-capability.js';
export {
  parseRunRequest,
  readDiagnostic,
  readErrorObject,
  readExternalCallRecord,
  readRunRequest,
  readRunResult,
  runRequest,
} from './wire/read-run.js';
export {
  readLanguage,
  readPartialLimits,
  readSessionLimits,
  readSessionMeta,
} from './wire/read-session.js';
export type {
  CallStatus,
  Diagnostic,
  ErrorObject,
  ExternalCallRecord,
  Metrics,
  PendingApproval,
  RunRequest,
  RunResult,
  RunStatus,
  Severity,
  Span,
} from './wire/run-types.js';
export {
  errorDiagnostic,
  errorObject,
  errorResult,
  okResult,
  RUN_STATUSES,
} from './wire/run-types.js';
export { SandboxError } from './wire/sandbox-error.js';
export type { Language, SessionLimits, SessionMeta } from './wire/session-types.js';
export {
  checkSessionId,
  DEFAULT_LIMITS,
  DEFAULT_SESSION_ID,
  languageOf,
  SNAPSHOT_VERSION,
} from './wire/session-types.js';
