// Public API of @engramkit/bobrapet. Named exports only; adding a line here is an API decision.

// The Kubernetes API.
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
