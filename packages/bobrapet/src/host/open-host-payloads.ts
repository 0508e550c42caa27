import type { Clock, Random } from '@engramkit/core';
import type { Environment } from '../env/environment.js';
import type { Identity } from '../env/identity.js';
import type { KubernetesClient } from '../kubernetes/kubernetes-client.js';
import { kubernetesReferenceReader } from '../storage/kubernetes-reference.js';
import { openObjectStore } from '../storage/open-object-store.js';
import { openPayloadStorage, type PayloadStorage } from '../storage/payload-storage.js';

/** The payload storage that the environment describes. Source: bobrapet-batch sections 1.9, 2.7 and 4.3. */
export async function openHostPayloads(
  environment: Environment,
  client: KubernetesClient,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<PayloadStorage> {
  const { storage, identity } = environment;
  const namespace = identity.stepRunNamespace || client.namespace;
  return openPayloadStorage({
    settings: storage,
    store: await openObjectStore(storage.backend, { clock, random }),
    clock,
    output: {
      id: [namespace, identity.stepRunName].filter((part) => part !== '').join('/'),
      schema: outputSchemaId(identity),
      schemaVersion: identity.engramVersion || identity.storyVersion,
    },
    referenceNamespace: identity.referenceNamespace,
    resolveKubernetes: kubernetesReferenceReader(client),
  });
}

/** Source: bobrapet-batch section 2.7. */
export function outputSchemaId(identity: Identity): string {
  const { engramName, storyName, stepName, stepRunNamespace: namespace } = identity;
  if (engramName !== '' && namespace !== '')
    return `bubu://engram/${namespace}/${engramName}/output`;
  if (storyName === '' || stepName === '') return '';
  const story = namespace === '' ? storyName : `${namespace}/${storyName}`;
  return `bubu://story/${story}/steps/${stepName}/output`;
}
