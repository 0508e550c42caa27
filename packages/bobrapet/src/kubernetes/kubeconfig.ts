import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '@engramkit/core';
import { type ClusterConnection, type CredentialSource, fixedCredential } from './connection.js';
import { execCredential } from './exec-credential.js';
import { KubernetesError } from './kubernetes-error.js';
import { tokenFileCredential } from './token-file.js';

/** Where a kubeconfig is and what it may use. */
export interface KubeconfigOptions {
  readonly path: string;
  readonly clock: Clock;
  /** What credential plugins inherit. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

type Entry = Readonly<Record<string, unknown>>;

/**
 * The connection that the current context of a kubeconfig describes.
 *
 * Credentials: token, token file, client certificate, user and password, exec plugins. Relative paths count from the file's
 * folder. Throws a `KubernetesError` with reason `InvalidConfiguration` that names the file and the entry.
 */
export async function kubeconfigConnection(options: KubeconfigOptions): Promise<ClusterConnection> {
  const { path } = options;
  const config = await readConfig(path);
  const contextName = config['current-context'];
  if (typeof contextName !== 'string' || contextName === '') {
    throw invalid(path, 'current-context is missing', 'kubectl config use-context <name>');
  }
  const context = named(config, 'contexts', contextName, 'context', path);
  const cluster = named(config, 'clusters', text(context, 'cluster'), 'cluster', path);
  const userName = text(context, 'user');
  const user = userName === '' ? {} : named(config, 'users', userName, 'user', path);
  const server = text(cluster, 'server');
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw invalid(path, 'the server of the cluster is no http(s) address');
  }
  const files = { folder: dirname(resolve(path)), path };
  return {
    server: server.replace(/\/+$/, ''),
    ca: await pem(cluster, 'certificate-authority', files),
    serverName: text(cluster, 'tls-server-name') || undefined,
    insecure: cluster['insecure-skip-tls-verify'] === true,
    credentials: await credentialsOf(user, files, options),
  };
}

async function readConfig(path: string): Promise<Entry> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(path, 'it cannot be read', 'Set KUBECONFIG to a file that exists.', error);
  }
  const { parse } = await import('yaml');
  let config: unknown;
  try {
    config = parse(source, { maxAliasCount: 100 });
  } catch {
    // The parser quotes the place, which may hold a token.
    throw invalid(path, 'it is no YAML');
  }
  if (typeof config !== 'object' || config === null) throw invalid(path, 'it holds no object');
  return config as Entry;
}

interface Files {
  readonly folder: string;
  readonly path: string;
}

async function credentialsOf(
  user: Entry,
  files: Files,
  options: KubeconfigOptions,
): Promise<CredentialSource> {
  const { clock, variables } = options;
  if (isEntry(user.exec)) {
    const plugin = user.exec;
    const command = text(plugin, 'command');
    if (command === '') throw invalid(files.path, 'the exec plugin of the user has no command');
    const environment = Array.isArray(plugin.env) ? plugin.env.filter(isEntry) : [];
    return execCredential(
      {
        apiVersion: text(plugin, 'apiVersion') || 'client.authentication.k8s.io/v1',
        command: /[/\\]/.test(command) ? resolve(files.folder, command) : command,
        parameters: Array.isArray(plugin.args) ? plugin.args.map(String) : [],
        environment: Object.fromEntries(
          environment.map((entry) => [text(entry, 'name'), text(entry, 'value')]),
        ),
        installHint: text(plugin, 'installHint').slice(0, 500),
      },
      { clock, variables },
    );
  }
  if (user['auth-provider'] !== undefined) {
    throw invalid(
      files.path,
      'the user has an auth-provider, which Kubernetes has removed',
      'Use the exec plugin of the provider.',
    );
  }
  const cert = await pem(user, 'client-certificate', files);
  const key = await pem(user, 'client-key', files);
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid(files.path, 'the user has only one of client-certificate and client-key');
  }
  const certificate = cert === undefined || key === undefined ? undefined : { cert, key };
  const tokenFile = text(user, 'tokenFile');
  if (tokenFile !== '') {
    const source = tokenFileCredential(resolve(files.folder, tokenFile), clock);
    return {
      current: async (request) => ({ ...(await source.current(request)), certificate }),
    };
  }
  const token = text(user, 'token');
  const name = text(user, 'username');
  const basic = Buffer.from(`${name}:${text(user, 'password')}`).toString('base64');
  const authorization =
    token !== '' ? `Bearer ${token}` : name !== '' ? `Basic ${basic}` : undefined;
  return fixedCredential({ authorization, certificate });
}

async function pem(entry: Entry, key: string, files: Files): Promise<string | undefined> {
  const data = text(entry, `${key}-data`);
  if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const file = text(entry, key);
  if (file === '') return undefined;
  const path = resolve(files.folder, file);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(files.path, `${key} cannot be read: ${path}`, undefined, error);
  }
}

function named(config: Entry, list: string, name: string, key: string, path: string): Entry {
  const entries = config[list];
  const entry = (Array.isArray(entries) ? entries : []).find(
    (candidate: unknown) => isEntry(candidate) && candidate.name === name,
  );
  const value: unknown = isEntry(entry) ? entry[key] : undefined;
  if (!isEntry(value)) {
    throw invalid(path, `there is no entry ${JSON.stringify(name)} among ${list}`);
  }
  return value;
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(entry: Entry, key: string): string {
  const value = entry[key];
  return typeof value === 'string' ? value : '';
}

function invalid(path: string, reason: string, hint?: string, cause?: unknown): KubernetesError {
  return new KubernetesError(`kubeconfig ${path} cannot be used: ${reason}`, {
    status: 0,
    reason: 'InvalidConfiguration',
    hint: hint ?? 'Compare it with the output of kubectl config view.',
    ...(cause === undefined ? {} : { cause }),
  });
}
