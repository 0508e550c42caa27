// Public API of @engramkit/engram. Named exports only; adding a line here is an API decision.
export type { BatchEngram } from './batch.js';
export type {
  BatchComponent,
  Component,
  ComponentKind,
  ComponentSpec,
  ImpulseComponent,
  StreamingComponent,
} from './component.js';
export type { ExecutionContext } from './context.js';
export type { ControlDirective } from './control.js';
export type { EffectOnceOptions, EffectRecord, Effects } from './effects.js';
export type {
  Impulse,
  StartStoryOptions,
  StoryReference,
  StoryRun,
  TriggerClient,
} from './impulse.js';
export type { LogFields, Logger, LogLevel } from './logger.js';
export type { Result } from './result.js';
export { isResult, result } from './result.js';
export type { SignalEvent, Signals } from './signals.js';
export type { StoryInfo } from './story-info.js';
export { emptyStoryInfo } from './story-info.js';
export type {
  AudioFrame,
  BinaryFrame,
  InboundMessage,
  StreamEnvelope,
  StreamKind,
  StreamMessage,
  TransportDescriptor,
  VideoFrame,
} from './stream-message.js';
export type { StreamingEngram, StreamOutput } from './streaming.js';
