// Public API of @engramkit/engram. Named exports only; adding a line here is an API decision.
export type { BatchEngram } from './batch.js';
export type { Channel } from './channel.js';
export { createChannel } from './channel.js';
export type {
  BatchComponent,
  Component,
  ComponentBase,
  ComponentKind,
  ComponentSpec,
  EngramModes,
  ImpulseComponent,
  StreamingComponent,
} from './component.js';
export { isComponent, isEngramModes } from './component-brand.js';
export type { ComponentContext, StatefulContext } from './component-context.js';
export type { ExportInspection } from './component-from.js';
export { componentFrom, inspectExport } from './component-from.js';
export type { ExecutionContext } from './context.js';
export type { ControlDirective } from './control.js';
export type { AnyObjectSchema, DefinitionBase } from './define.js';
export type { BatchDefinition } from './define-batch.js';
export { defineBatch } from './define-batch.js';
export { defineEngram } from './define-engram.js';
export type { ImpulseDefinition } from './define-impulse.js';
export { defineImpulse } from './define-impulse.js';
export type { StreamingDefinition } from './define-streaming.js';
export { defineStreaming } from './define-streaming.js';
export type { EffectOnceOptions, EffectRecord, Effects } from './effects.js';
export type {
  Impulse,
  StartStoryOptions,
  StoryReference,
  StoryRun,
  TriggerClient,
} from './impulse.js';
export { inboundMessage } from './inbound-message.js';
export type { LogFields, Logger, LogLevel } from './logger.js';
export type { MediaReference, MediaStorage, OffloadOptions } from './media-offload.js';
export {
  DEFAULT_MEDIA_INLINE_LIMIT_BYTES,
  maybeOffloadBlob,
  mediaPath,
  readBlob,
} from './media-offload.js';
export { mediaTypeOf } from './media-type.js';
export type { Result } from './result.js';
export { isResult, result } from './result.js';
export { MAX_MESSAGE_BYTES, sanitizeMessage } from './sanitize-message.js';
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
export type { MessageFields } from './stream-message-builders.js';
export {
  audioMessage,
  binaryMessage,
  errorMessage,
  forwardMessage,
  jsonMessage,
  streamMessage,
  videoMessage,
} from './stream-message-builders.js';
export { messageInputs, messageJson, parseErrorMessage } from './stream-message-readers.js';
export type { StreamingEngram, StreamOutput } from './streaming.js';
export type { StructuredErrorOptions } from './structured-error.js';
export { StructuredError, structuredErrorKey } from './structured-error.js';
export type { StructuredErrorFromOptions } from './structured-error-from.js';
export { inferErrorType, structuredErrorFrom, structuredFormOf } from './structured-error-from.js';
export type {
  ExitClass,
  StructuredErrorPayload,
  StructuredErrorType,
} from './structured-error-payload.js';
export {
  EXIT_CLASSES,
  isExitClass,
  isStructuredErrorType,
  STRUCTURED_ERROR_TYPES,
  STRUCTURED_ERROR_VERSION,
  structuredErrorProblem,
} from './structured-error-payload.js';
export type { TraceContext } from './trace-metadata.js';
export { extractTraceContext, injectTraceContext } from './trace-metadata.js';
export {
  PACKET_MIME_TYPE,
  streamMessageProblem,
  validateStreamMessage,
} from './validate-stream-message.js';
