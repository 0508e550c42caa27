import { join } from 'node:path';
import type { Clock, Random } from '@engramkit/core';
import type { KubernetesSettings } from '../env/environment.js';
import { createKubernetesClient } from './api-client.js';
import { inClusterConnection } from './in-cluster.js';
import { kubeconfigConnection } from './kubeconfig.js';
import type { KubernetesClient } from './kubernetes-client.js';

/**
 * The client that the environment describes: that of the pod, else that of `KUBECONFIG` or `~/.kube/config`.
 *
 * `namespace` is the client namespace of the identity. Source: bobrapet-batch section 1.6.
 */
export async function openKubernetes(options: {
  readonly settings: KubernetesSettings;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What credential plugins inherit; default nothing. */
  readonly variables?: Readonly<Record<string, string | undefined>> | undefined;
}): Promise<KubernetesClient> {
  const { clock, namespace, random, settings, variables = {} } = options;
  const { home, kubeconfig, serviceHost, servicePort, timeoutMs, userAgent } = settings;
  const connection =
    (await inClusterConnection({ serviceHost, servicePort, clock })) ??
    (await kubeconfigConnection({
      path: kubeconfig || join(home || '.', '.kube', 'config'),
      clock,
      variables,
    }));
  return createKubernetesClient({ connection, namespace, clock, random, timeoutMs, userAgent });
}
