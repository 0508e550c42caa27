// Public API of @engramkit/bobrapet. Named exports only; adding a line here is an API decision.

// Effects, signals and triggers of a process in the cluster.
export type { EffectClaimStoreOptions } from './effects/claim-store.js';
export { effectClaimStore } from './effects/claim-store.js';
export type { EffectStep } from './effects/effect-claim.js';
export { stepEffects } from './effects/step-effects.js';
// The environment that the operator gives.
export type {
  Environment,
  EnvironmentReport,
  KubernetesSettings,
  ObservabilitySettings,
  Payload,
} from './env/environment.js';
export { readEnvironment, requireEnvironment } from './env/environment.js';
export type { EnvironmentPart, EnvironmentProblem } from './env/environment-error.js';
export { EnvironmentError } from './env/environment-error.js';
export type { EnvironmentVariables, EnvironmentWarning } from './env/environment-reader.js';
export type { Identity } from './env/identity.js';
export type { Limits } from './env/limits.js';
export type {
  S3Credentials,
  S3Settings,
  StorageBackend,
  StorageSettings,
} from './env/storage-settings.js';
export type { TransportDescriptor } from './env/transports.js';
export type { TriggerSettings } from './env/trigger-settings.js';
// Hosts.
export type { HostParts, HostResult } from './host/host-parts.js';
export type { BatchHostOptions } from './host/run-batch-host.js';
export { runBatchHost } from './host/run-batch-host.js';
export type { ImpulseHostOptions } from './host/run-impulse-host.js';
export { runImpulseHost } from './host/run-impulse-host.js';
export type { StartHostOptions } from './host/start-host.js';
export { startHost, workloadOf } from './host/start-host.js';
// The Kubernetes API.
export type { KubernetesClientOptions } from './kubernetes/api-client.js';
export { createKubernetesClient } from './kubernetes/api-client.js';
export type { ClusterConnection, Credential, CredentialSource } from './kubernetes/connection.js';
export { fixedCredential } from './kubernetes/connection.js';
export { inClusterConnection } from './kubernetes/in-cluster.js';
export type { KubeconfigOptions } from './kubernetes/kubeconfig.js';
export { kubeconfigConnection } from './kubernetes/kubeconfig.js';
export type {
  DeleteOptions,
  KubernetesClient,
  KubernetesObject,
  ListOptions,
  ObjectList,
  ObjectMetadata,
  PatchOptions,
  RequestOptions,
  ResourceAddress,
  ResourceScope,
  ResourceType,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './kubernetes/kubernetes-client.js';
export type { KubernetesErrorOptions } from './kubernetes/kubernetes-error.js';
export {
  isConflict,
  isNotFound,
  isRetryable,
  KubernetesError,
} from './kubernetes/kubernetes-error.js';
export { openKubernetes } from './kubernetes/open-kubernetes.js';
export type { RequestPace } from './kubernetes/request-pace.js';
export { requestPace } from './kubernetes/request-pace.js';
export type { RetryOptions } from './kubernetes/retry-kubernetes.js';
export { retryKubernetes } from './kubernetes/retry-kubernetes.js';
// Logs of a step.
export type { LogCapture } from './logs/log-capture.js';
export { logCapture } from './logs/log-capture.js';
export { logPath } from './logs/log-path.js';
export { LOG_MEDIA_TYPE, uploadLog } from './logs/upload-log.js';
export type { BobrapetManifestOptions } from './manifest/bobrapet-manifests.js';
export { bobrapetManifests } from './manifest/bobrapet-manifests.js';
// Metrics and spans.
export type { KubernetesOperation, OperationMetrics } from './metrics/operation-metrics.js';
export { HOST_SCOPE, operationMetrics } from './metrics/operation-metrics.js';
export type { StorageOperation, StorageTelemetry } from './metrics/storage-telemetry.js';
export { STORAGE_SCOPE, storageTelemetry } from './metrics/storage-telemetry.js';
export type { SignalMeta, TextSignalOptions } from './signals/signal-envelope.js';
export { signalEnvelope, textSignal } from './signals/signal-envelope.js';
export type { StepSignalsOptions } from './signals/step-signals.js';
export { stepSignals, unavailableSignals } from './signals/step-signals.js';
// The status of a StepRun.
export { UNWRITTEN_STATUS_FORMAT } from './status/report-outcome.js';
export type { StatusUpdate, StatusWriterOptions, UpdateOptions } from './status/status-writer.js';
export { StatusWriter } from './status/status-writer.js';
export type { StepRunPhase } from './status/step-run-phase.js';
export type { StepRunResource } from './status/step-run-resource.js';
export { stepRunResource } from './status/step-run-resource.js';
export type {
  EffectLedgerRecord,
  LiveStatus,
  SignalEventRecord,
  StatusChange,
} from './status/step-run-status.js';
// Payloads in storage.
export { fileStore } from './storage/file-store.js';
export { goJson, goJsonSize } from './storage/go-json.js';
export type { KubernetesReference } from './storage/kubernetes-reference.js';
export {
  kubernetesReferenceReader,
  parseKubernetesReference,
} from './storage/kubernetes-reference.js';
export type { ObjectBody, ObjectStore, StoreOptions } from './storage/object-store.js';
export { openObjectStore } from './storage/open-object-store.js';
export type {
  DocumentPlace,
  PayloadOptions,
  PayloadStorage,
  PayloadStorageOptions,
  SchemaMark,
} from './storage/payload-storage.js';
export { openPayloadStorage } from './storage/payload-storage.js';
export { StorageError } from './storage/storage-error.js';
export type { StorageReference } from './storage/storage-reference.js';
export {
  containsReference,
  parseStorageReference,
  REFERENCE_KEYS,
  storageReferenceJson,
} from './storage/storage-reference.js';
// Expressions that the operator left.
export type { TemplateResolverOptions } from './templates/template-resolver.js';
export { literalPaths, templateResolver } from './templates/template-resolver.js';
export type { ClusterTriggers, ClusterTriggersOptions } from './triggers/cluster-triggers.js';
export { clusterTriggers } from './triggers/cluster-triggers.js';
