// Public API of @engramkit/runtime. Named exports only; adding a line here is an API decision.
export type {
  FaultKind,
  FaultListener,
  FaultListenerOptions,
  FaultScope,
  FaultTarget,
} from './fault-listener.js';
export { createFaultListener } from './fault-listener.js';
export type {
  DocumentGuard,
  HostPorts,
  Invocation,
  PayloadStore,
  SecretSource,
  SpanScope,
  TemplateResolver,
} from './invocation.js';
export type { LoadedModule, LoadModuleOptions } from './load-module.js';
export { loadModule } from './load-module.js';
export type {
  LocalHost,
  LocalHostOptions,
  LocalRunRequest,
  RunRecorder,
} from './local/local-host.js';
export { cacheDirectoryOf, openLocalHost } from './local/local-host.js';
export type {
  DocumentFacts,
  HostFacts,
  LocalRunRecord,
  LocalRunStatus,
  RecordedFailure,
  RunFiles,
} from './local/run-record.js';
export type { ListRunsOptions, LocalRuns } from './local/run-store.js';
export type { ModuleFormat } from './module-file.js';
export { noopTracer } from './noop-tracer.js';
export type { Failure, Outcome, OutcomeStatus, Stage, StageEvent, StageTiming } from './outcome.js';
export type { ProcessPort } from './process-port.js';
export type { Redaction } from './redaction.js';
export { createRedaction } from './redaction.js';
export { runBatch } from './run-batch.js';
export { silentLogger } from './silent-logger.js';
