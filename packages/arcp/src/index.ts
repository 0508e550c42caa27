// Public API of @engramkit/arcp: safe in browsers, no third-party code. Named exports only.
export type { AgentReference } from './agent-reference.js';
export { formatAgentReference, parseAgentReference } from './agent-reference.js';
export type { CredentialConstraints, CredentialFields } from './credential.js';
export { Credential, REDACTED, readCredentials } from './credential.js';
export type { Dialect } from './dialect.js';
export { dialectOfHello, dialectOfWelcome } from './dialect.js';
export type { DecodedFrame, DecodeOptions, Envelope } from './envelope.js';
export {
  ARCP_VERSION,
  ARCP_VERSION_1_0,
  DEFAULT_MAX_READ_BYTES,
  DEFAULT_MAX_SEND_BYTES,
  decodeFrame,
  decodeValue,
  encodeFrame,
} from './envelope.js';
export type { ArcpErrorCode, ArcpErrorOptions, ArcpErrorPayload } from './error.js';
export { ArcpError, arcpErrorCodes, isArcpErrorCode } from './error.js';
export type { ArcpFeature } from './features.js';
export { arcpFeatures, isArcpFeature, negotiateFeatures } from './features.js';
export type { IdentifierPrefix, IdentifierSource, IdentifierSourceOptions } from './identifiers.js';
export { identifierSource, newTraceId, readTraceId, resumeToken } from './identifiers.js';
export type { JobEvent, JobEventBodies, KnownEventKind, LogEventLevel } from './job-event.js';
export { isEmittableKind, readJobEvent } from './job-event.js';
export type {
  Acceptance,
  JobStatus,
  JobSummary,
  SubmitRequest,
  SubscriptionStart,
  Terminal,
} from './job-messages.js';
export {
  isTerminalStatus,
  readAccepted,
  readBudget,
  readJobStatus,
  readJobsPage,
  readSubmit,
  readSubscribed,
  readTerminal,
} from './job-messages.js';
export type { Amount, Decimal } from './lease/amount.js';
export {
  addDecimal,
  compareDecimal,
  decimalFromNumber,
  decimalToNumber,
  formatDecimal,
  parseAmount,
  parseDecimal,
  subtractDecimal,
} from './lease/amount.js';
export type { Reservation, Spending } from './lease/budget.js';
export { Budget } from './lease/budget.js';
export { canonicalPath, canonicalTarget } from './lease/canonical-target.js';
export { globMatches } from './lease/glob.js';
export type { Lease, LeaseConstraints, LeaseDecision } from './lease/lease.js';
export {
  expiryInstant,
  leaseAmounts,
  leaseCovers,
  leaseToJson,
  parseExpiry,
  parseLease,
  readLease,
  reservedCapabilities,
} from './lease/lease.js';
export { assertLeaseSubset, patternCovers } from './lease/subset.js';
export { wireTime } from './read.js';
export {
  ChunkAssembler,
  chunkBodies,
  DEFAULT_CHUNK_BYTES,
  MAX_CHUNK_BYTES,
  MAX_RESULT_BYTES,
} from './result-chunks.js';
export type {
  AdvertisedAgent,
  Hello,
  PeerIdentity,
  ResumeRequest,
  Welcome,
} from './session-messages.js';
export {
  correlation,
  helloPayload,
  readHello,
  readRequestId,
  readWelcome,
} from './session-messages.js';
export type { MemoryTransportOptions } from './transport/memory.js';
export { memoryTransportPair } from './transport/memory.js';
export type { ByteSource, LineTransportOptions, TextSink } from './transport/stdio.js';
export { lineTransport } from './transport/stdio.js';
export type { CloseReason, Transport, TransportClose } from './transport/transport.js';
export type {
  ConnectWebSocketOptions,
  WebSocketLike,
  WebSocketTransportOptions,
} from './transport/websocket.js';
export { connectWebSocket, isExposed, webSocketTransport } from './transport/websocket.js';
export type { WriteGate } from './transport/write-gate.js';
