// Public API of @engramkit/agent. Named exports only; adding a line here is an API decision.
export type { AgentContext, AgentDefinition, AgentHandler } from './agent-definition.js';
export { defineAgent } from './agent-definition.js';
export type {
  CredentialProvisioner,
  CredentialStore,
  IssueContext,
  IssuedCredential,
  OutstandingCredential,
} from './credentials.js';
export { memoryCredentialStore } from './credentials.js';
export type { DelegatedJob, DelegateOptions } from './delegation.js';
export type { RuntimeLimits } from './limits.js';
export { defaultLimits } from './limits.js';
export type { SubscribeAudit } from './observers.js';
export type { ResultWriter } from './result-writer.js';
export type { ArcpRuntimeOptions } from './runtime.js';
export { ArcpRuntime, createArcpRuntime } from './runtime.js';
export type { Authenticate } from './sessions.js';
export { staticTokens } from './tokens.js';
