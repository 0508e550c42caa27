// Public API of @engramkit/provenance. Named exports only; adding a line here is an API decision.

export type { DsseEnvelope } from './attest/dsse.js';
export { openEnvelope, parseEnvelope, signEnvelope } from './attest/dsse.js';
export type { InTotoStatement, SessionStatementOptions } from './attest/session-statement.js';
export {
  attestSession,
  IN_TOTO_PAYLOAD_TYPE,
  SESSION_PREDICATE_TYPE,
  SLSA_PREDICATE_TYPE,
  sessionStatement,
} from './attest/session-statement.js';
// Errors and ports.
export {
  AmbiguousSessionError,
  LedgerBrokenError,
  LedgerDamagedError,
  LedgerLockedError,
  SessionClosedError,
} from './errors.js';
export type { FileSystem, OpenFile } from './file-system.js';
export { nodeFileSystem } from './file-system.js';
export type { DamageKind, DamageReason, LedgerDamage } from './ledger/damage.js';
// The ledger.
export type { LedgerEntryKind } from './ledger/entry.js';
export { GENESIS_HASH } from './ledger/entry.js';
// Keys and signatures.
export type { KeyringEntry, KeyringPlace } from './ledger/keyring.js';
export { Keyring } from './ledger/keyring.js';
export type { Ledger } from './ledger/ledger.js';
export type { LedgerEvents, LedgerReceipt, LedgerRecovery } from './ledger/ledger-events.js';
export {
  consistencyProof,
  inclusionProof,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from './ledger/merkle.js';
export type { OpenLedgerOptions } from './ledger/open-ledger.js';
export { openLedger } from './ledger/open-ledger.js';
export type { LedgerEntry, ReadLedgerOptions } from './ledger/read-ledger.js';
export { readEntryHashes, readLedger } from './ledger/read-ledger.js';
export type { LedgerSigner, Seal, SealSignature } from './ledger/seal.js';
export type { SyncPolicy } from './ledger/segment-writer.js';
export { checkpointNote } from './ledger/signed-note.js';
export type { SigningKey } from './ledger/signing-key.js';
export { generateSigningKey, importSigningKey } from './ledger/signing-key.js';
export type { TrustedKey } from './ledger/trust.js';
export type { LedgerVerification, VerifyLedgerOptions } from './ledger/verify-ledger.js';
export { verifyLedger } from './ledger/verify-ledger.js';
export type { ProcessTable, WriterIdentity, WriterState } from './ledger/writer-identity.js';
export type { OpenLineageOptions } from './prov/openlineage.js';
export { exportOpenLineage } from './prov/openlineage.js';
export { exportProvJson } from './prov/prov-json.js';
export type { RdfFormat } from './prov/rdf-export.js';
export { exportRdf } from './prov/rdf-export.js';
// Exports.
export type { ProvOptions, ProvSource } from './prov/session-statements.js';
export { PROVENANCE_SHAPE } from './prov/shape.js';
// Local runs.
export type {
  LedgerRun,
  LocalRunRecorderOptions,
  RecordableRun,
  RunLedgerPlace,
} from './run-recorder.js';
export {
  findLedgerRun,
  listLedgerRuns,
  localRunRecorder,
  RUN_LEDGER_NAME,
  readLedgerRuns,
  runLedgerDirectory,
  runLedgerSource,
} from './run-recorder.js';
// Recording what was done.
export type { ActionInput, ContentStore, RecordedField } from './session/action-builder.js';
export type { DiffOperation } from './session/diff.js';
export { diffOperations, summarizeDiff } from './session/diff.js';
export type { LiveLineInput } from './session/live-line.js';
export { formatLiveLine } from './session/live-line.js';
export type {
  OpenProvSessionOptions,
  RecorderOptions,
  ResumeProvSessionOptions,
} from './session/open-session.js';
export { openProvSession, resumeProvSession } from './session/open-session.js';
export type { LiveOutput, ProvSession, ProvSessionEvents } from './session/prov-session.js';
// What is recorded, and the compatible file.
export type { RecordedMap, RecordedValue } from './session/recorded-value.js';
export type { SweepSessionsOptions } from './session/retention.js';
export { setSessionHold, sweepSessions } from './session/retention.js';
export {
  exportCompatible,
  importCompatible,
  sessionLedgerState,
  sessionSource,
} from './session/session-export.js';
export { formatSessionFile, parseSessionFile, sessionFileChunks } from './session/session-file.js';
export type { SessionIdFormat } from './session/session-id.js';
export type {
  ActionOutcome,
  ActionRecord,
  OutcomeCounts,
  SessionHeader,
  SessionOutcome,
  SessionRecord,
} from './session/session-record.js';
export { countOutcomes, deriveSessionOutcome, KNOWN_EDGES } from './session/session-record.js';
// The sessions of a store.
export type {
  ListSessionsOptions,
  SessionLiveness,
  SessionPlace,
} from './session/session-store.js';
export {
  getSession,
  listSessions,
  sessionLiveness,
  verifySession,
} from './session/session-store.js';
export type {
  ActionRecorder,
  AttemptContext,
  VerifiedActionOptions,
  VerifyAnswer,
} from './session/verified-action.js';
export { verifiedAction } from './session/verified-action.js';
// Names.
export type { ParsedUrn, UrnStyle } from './urn.js';
export {
  buildActionUrn,
  buildEdgeUrn,
  buildKernelUrn,
  buildOccurrentUrn,
  DEFAULT_KERNEL_VERSION,
  isUrn,
  kernelShortName,
  parseUrn,
} from './urn.js';
