import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@engramkit/core';
import type { ClusterConnection } from './connection.js';
import { tokenFileCredential } from './token-file.js';

/** Source: bobrapet-batch section 1.6. */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The connection that a pod has, or `undefined` outside of a cluster.
 *
 * Source: bobrapet-batch section 1.6.
 */
export async function inClusterConnection(options: {
  readonly serviceHost: string;
  readonly servicePort: string;
  readonly clock: Clock;
  readonly accountFolder?: string | undefined;
}): Promise<ClusterConnection | undefined> {
  const { serviceHost, servicePort, clock, accountFolder = ACCOUNT_FOLDER } = options;
  if (serviceHost === '' || servicePort === '') return undefined;
  const tokenFile = join(accountFolder, 'token');
  const [token, ca] = await Promise.all([
    readFile(tokenFile, 'utf8').catch(() => undefined),
    readFile(join(accountFolder, 'ca.crt'), 'utf8').catch(() => undefined),
  ]);
  if (token === undefined) return undefined;
  const host = serviceHost.includes(':') ? `[${serviceHost}]` : serviceHost;
  return {
    server: `https://${host}:${servicePort}`,
    ca,
    credentials: tokenFileCredential(tokenFile, clock),
  };
}
