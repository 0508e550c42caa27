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
export type { ComponentAgentOptions } from './engram/component-agent.js';
export { agentFromComponent } from './engram/component-agent.js';
export { SIGNAL_EVENT_KIND } from './engram/event-signals.js';
export { SPAN_EVENT_KIND } from './engram/event-tracer.js';
export type {
  AgentFunction,
  FunctionAgentCall,
  FunctionAgentOptions,
  FunctionOutcome,
} from './engram/function-agent.js';
export { agentFromFunction } from './engram/function-agent.js';
export type { GuardedFiles } from './guarded-fs.js';
export type { RuntimeLimits } from './limits.js';
export { defaultLimits } from './limits.js';
export type { EventLog, EventLogRecord } from './log/event-log.js';
export { memoryEventLog } from './log/event-log.js';
export type { SubscribeAudit } from './observers.js';
export type { ResultWriter } from './result-writer.js';
export type { ArcpRuntimeOptions } from './runtime.js';
export { ArcpRuntime, createArcpRuntime } from './runtime.js';
export type { Authenticate } from './sessions.js';
export { staticTokens } from './tokens.js';
export { translateUpstreamError } from './upstream-error.js';
