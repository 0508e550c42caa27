import { type Clock, EngramkitError, type JsonObject, parseJson } from '@engramkit/core';
import type { Credential, CredentialSource } from './connection.js';
import { KubernetesError } from './kubernetes-error.js';

/** A credential plugin of a kubeconfig. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What to install when the command is missing. */
  readonly installHint: string;
}

const TIMEOUT_MS = 60_000;
const MOST_OUTPUT = 1_048_576;
/** A credential that is about to expire is fetched anew. */
const EARLY_MS = 10_000;

/** Credentials from a command that prints an `ExecCredential`; it runs again when they expire or are refused. */
export function execCredential(
  plugin: ExecPlugin,
  options: {
    readonly clock: Clock;
    readonly variables: Readonly<Record<string, string | undefined>>;
  },
): CredentialSource {
  const { clock, variables } = options;
  let kept: { readonly credential: Credential; readonly expiresAt: number } | undefined;
  let running: Promise<Credential> | undefined;
  const renew = async (): Promise<Credential> => {
    const status = await run(plugin, variables);
    const text = (key: string): string | undefined => {
      const value = status[key];
      return typeof value === 'string' && value !== '' ? value : undefined;
    };
    const [token, cert, key] = [
      text('token'),
      text('clientCertificateData'),
      text('clientKeyData'),
    ];
    if (token === undefined && (cert === undefined || key === undefined)) {
      throw refused(plugin, 'it printed neither a token nor a certificate');
    }
    const expiry = Date.parse(text('expirationTimestamp') ?? '');
    const credential: Credential = {
      authorization: token === undefined ? undefined : `Bearer ${token}`,
      certificate: cert === undefined || key === undefined ? undefined : { cert, key },
    };
    kept = { credential, expiresAt: Number.isNaN(expiry) ? Number.POSITIVE_INFINITY : expiry };
    return credential;
  };
  return {
    async current({ fresh }) {
      if (!fresh && kept !== undefined && clock.now() < kept.expiresAt - EARLY_MS) {
        return kept.credential;
      }
      running ??= renew().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

async function run(
  plugin: ExecPlugin,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<JsonObject> {
  const { execFile } = await import('node:child_process');
  const info = JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { interactive: false },
  });
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      plugin.command,
      [...plugin.parameters],
      {
        env: { ...variables, ...plugin.environment, KUBERNETES_EXEC_INFO: info },
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: MOST_OUTPUT,
        windowsHide: true,
      },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        // The error of the platform holds the command line with all its parameters, which may be secrets.
        else
          reject(
            refused(
              plugin,
              error.killed === true
                ? 'it did not end in time'
                : `it failed with ${String(error.code ?? error.signal)}`,
            ),
          );
      },
    );
  });
  let value: unknown;
  try {
    value = parseJson(output, { what: plugin.command, hideContent: true });
  } catch (error) {
    throw refused(plugin, EngramkitError.from(error).message);
  }
  const status = (value as { readonly status?: unknown } | null)?.status;
  if (typeof status !== 'object' || status === null || Array.isArray(status)) {
    throw refused(plugin, 'it printed no ExecCredential with a status');
  }
  return status as JsonObject;
}

function refused(plugin: ExecPlugin, reason: string): KubernetesError {
  return new KubernetesError(`credential plugin ${plugin.command}: ${reason}`, {
    status: 0,
    reason: 'InvalidCredential',
    hint: plugin.installHint || 'Run the command by hand and see what it says.',
  });
}
