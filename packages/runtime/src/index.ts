// Public API of @engramkit/runtime. Named exports only; adding a line here is an API decision.

// The process around a run.
export type { AtomicWriteOptions } from './atomic-file.js';
export { writeFileAtomic } from './atomic-file.js';
// The lifecycle, and what a host gives it.
export type { EffectsOptions } from './effects-port.js';
export { effectsOn } from './effects-port.js';
export type {
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
// Author modules.
export type { LoadedModule, LoadModuleOptions } from './load-module.js';
export { loadExports, loadModule } from './load-module.js';
// The host of this machine.
export { cacheDirectoryOf, openLocalHost } from './local/local-host.js';
export type {
  LocalHost,
  LocalHostOptions,
  LocalImpulseRequest,
  LocalRequest,
  LocalRunRequest,
  LocalStreamRequest,
  RunRecorder,
} from './local/local-host-options.js';
export type { LocalStream } from './local/local-stream.js';
export { createLocalStream } from './local/local-stream.js';
export type { LocalTriggersOptions, TriggerEvent } from './local/local-triggers.js';
export { localTriggers } from './local/local-triggers.js';
export { RunNotKeptError } from './local/run-not-kept-error.js';
export type {
  DocumentFacts,
  HostFacts,
  LocalRunRecord,
  LocalRunStatus,
  RecordedFailure,
  RunFiles,
} from './local/run-record.js';
export { RUN_RECORD_FORMAT } from './local/run-record.js';
export type { ListRunsOptions, LocalRuns } from './local/run-store.js';
// Logs and spans.
export type { LogDestination, LoggerOptions, StreamLogger } from './log/create-logger.js';
export { createLogger, wantsColors } from './log/create-logger.js';
export { silentLogger } from './log/silent-logger.js';
export type { ModuleFormat } from './module-file.js';
export type { Failure, Outcome, OutcomeStatus, Stage, StageEvent, StageTiming } from './outcome.js';
export type { ErrorSource, ProcessPort } from './process-port.js';
export type { Redaction } from './redaction.js';
export { createRedaction } from './redaction.js';
export { runBatch } from './run-batch.js';
export { runImpulse } from './run-impulse.js';
export type { ProcessControl, RunProcessOptions } from './run-process.js';
export { runProcess } from './run-process.js';
export type { StreamPorts } from './run-streaming.js';
export { runStreaming } from './run-streaming.js';
export type { Tracing, TracingOptions } from './tracing/create-tracing.js';
export { createTracing } from './tracing/create-tracing.js';
export { noopTracer } from './tracing/noop-tracer.js';
export type {
  BlockedLoop,
  LastWords,
  MemoryPressure,
  Watchdog,
  WatchdogGuard,
  WatchdogOptions,
} from './watchdog.js';
export { createWatchdog } from './watchdog.js';
