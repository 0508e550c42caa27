import type { JsonObject } from '@engramkit/core';
import type { KubernetesClient, ResourceType } from '../kubernetes/kubernetes-client.js';

/** Where StepRuns live. Source: bobrapet-batch section 0.4. */
export const STEP_RUNS: ResourceType = {
  group: 'runs.bubustack.io',
  version: 'v1alpha1',
  plural: 'stepruns',
};

/** How long one call may take. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

/** One StepRun of the API server, as far as its own pod may touch it. Source: bobrapet-batch sections 3.1 and 3.10. */
export interface StepRunResource {
  readonly name: string;
  readonly namespace: string;
  /** The whole object. */
  read(options: CallOptions): Promise<JsonObject>;
  /** Applies a JSON merge patch to the status subresource. */
  patchStatus(patch: JsonObject, options: CallOptions): Promise<unknown>;
}

/** The StepRun of that name; the namespace defaults to the client's. Source: bobrapet-batch section 3.1. */
export function stepRunResource(
  client: KubernetesClient,
  name: string,
  namespace: string = client.namespace,
): StepRunResource {
  const address = { ...STEP_RUNS, namespace, name };
  return {
    name,
    namespace,
    read: ({ signal }) => client.get(address, { signal }),
    patchStatus: (patch, { signal }) =>
      client.patch(address, patch, { type: 'merge', subresource: 'status', signal }),
  };
}
