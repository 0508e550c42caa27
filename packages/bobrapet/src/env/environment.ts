import type { JsonObject } from '@engramkit/core';
import { secretDescriptorsFromEnv } from '@engramkit/secrets';
import {
  EnvironmentError,
  type EnvironmentPart,
  type EnvironmentProblem,
} from './environment-error.js';
import {
  EnvironmentReader,
  type EnvironmentVariables,
  type EnvironmentWarning,
} from './environment-reader.js';
import { type Identity, readIdentity } from './identity.js';
import { type Limits, readLimits } from './limits.js';
import { readStorageSettings, type StorageSettings } from './storage-settings.js';
import { readTransports, type TransportDescriptor } from './transports.js';
import { readTriggerSettings, type TriggerSettings } from './trigger-settings.js';

/** What the operator handed to the component. Source: bobrapet-batch section 1.4. */
export interface Payload {
  /** The inputs of a step; raw: may hold storage references and templates. */
  readonly triggerData: JsonObject;
  /** The configuration, overlaid with the `BUBU_CONFIG_*` variables; raw as well. */
  readonly stepConfig: JsonObject;
  /** Absent when no variables for templates were given. */
  readonly templateContext: JsonObject | undefined;
  readonly transports: readonly TransportDescriptor[];
  /** Inputs are not evaluated; configuration still is. */
  readonly skipInputTemplating: boolean;
  /** Descriptors or literals by logical name. Source: bobrapet-batch section 5.2. */
  readonly secretDescriptors: Readonly<Record<string, string>>;
}

/** How the Kubernetes client behaves. Source: bobrapet-batch section 1.6. */
export interface KubernetesSettings {
  readonly userAgent: string;
  /** Limit of one HTTP exchange, in milliseconds. */
  readonly timeoutMs: number;
  /** Budget of one operation with all its tries, in milliseconds. */
  readonly operationTimeoutMs: number;
  /** Tries after the first. */
  readonly patchMaxRetries: number;
  /** Path of `KUBECONFIG`; empty means the one in the home directory. */
  readonly kubeconfig: string;
  readonly home: string;
  /** `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`; empty outside a cluster. */
  readonly serviceHost: string;
  readonly servicePort: string;
}

/** What is measured and traced. Source: bobrapet-batch section 1.8. */
export interface ObservabilitySettings {
  readonly metrics: boolean;
  readonly tracing: boolean;
  readonly propagation: boolean;
}

/** Everything that the environment says. */
export interface Environment {
  readonly identity: Identity;
  readonly payload: Payload;
  readonly limits: Limits;
  readonly kubernetes: KubernetesSettings;
  readonly triggers: TriggerSettings;
  readonly observability: ObservabilitySettings;
  readonly storage: StorageSettings;
}

/** The environment and what is wrong with it. */
export interface EnvironmentReport {
  /** Complete even when there are problems: the parts that cannot be read hold their defaults. The identity is always right. */
  readonly environment: Environment;
  readonly problems: readonly EnvironmentProblem[];
  /** Values that were passed over; each belongs into the log. */
  readonly warnings: readonly EnvironmentWarning[];
}

/** Source: bobrapet-batch section 1.6. */
const DEFAULT_USER_AGENT = 'bubu-sdk-go';

/**
 * Reads every variable of the contract; never throws.
 *
 * `now` stands for a missing or malformed start instant, in milliseconds since 1970. Source: bobrapet-batch section 1.
 */
export function readEnvironment(
  variables: EnvironmentVariables,
  options: { readonly now: number },
): EnvironmentReport {
  const reader = new EnvironmentReader(variables);
  const identity = readIdentity(reader, options.now);
  const environment: Environment = {
    identity,
    payload: readPayload(reader, variables),
    limits: readLimits(reader),
    kubernetes: readKubernetesSettings(reader),
    triggers: readTriggerSettings(reader),
    observability: {
      metrics: reader.observabilityFlag('BUBU_SDK_METRICS_ENABLED', true),
      tracing: reader.observabilityFlag('BUBU_SDK_TRACING_ENABLED', true),
      propagation: reader.observabilityFlag('BUBU_TRACE_PROPAGATION', true),
    },
    storage: readStorageSettings(reader),
  };
  return { environment, problems: reader.problems, warnings: reader.warnings };
}

/**
 * Throws one `EnvironmentError` that lists the problems of the named parts, if there are any.
 *
 * `context` problems forbid a run, `storage` problems fail it with a status, `triggers` problems fail every start of a Story.
 */
export function requireEnvironment(
  report: EnvironmentReport,
  parts: readonly EnvironmentPart[] = ['context', 'storage', 'triggers'],
  prefix = '',
): Environment {
  const problems = report.problems.filter((problem) => parts.includes(problem.part));
  if (problems.length > 0) throw new EnvironmentError(problems, prefix);
  return report.environment;
}

function readPayload(reader: EnvironmentReader, variables: EnvironmentVariables): Payload {
  const overlay = reader.withPrefix('BUBU_CONFIG_').filter(([key]) => !SETTINGS.has(key));
  const stepConfig = reader.jsonObject('BUBU_STEP_CONFIG');
  return {
    triggerData: reader.jsonObject('BUBU_TRIGGER_DATA'),
    stepConfig:
      overlay.length === 0
        ? stepConfig
        : Object.fromEntries([...Object.entries(stepConfig), ...overlay]),
    templateContext:
      reader.trimmed('BUBU_TEMPLATE_CONTEXT') === ''
        ? undefined
        : reader.jsonObject('BUBU_TEMPLATE_CONTEXT'),
    transports: readTransports(reader),
    skipInputTemplating: reader.isOneOf('BUBU_SKIP_INPUT_TEMPLATING', [
      '1',
      'true',
      'yes',
      'y',
      'on',
    ]),
    secretDescriptors: secretDescriptorsFromEnv(variables),
  };
}

/** `BUBU_CONFIG_*` names that are settings of their own and no configuration. */
const SETTINGS: ReadonlySet<string> = new Set(['HYDRATION_MAX_DEPTH', 'HYDRATION_MAX_NODES']);

function readKubernetesSettings(reader: EnvironmentReader): KubernetesSettings {
  return {
    userAgent: reader.raw('BUBU_K8S_USER_AGENT') || DEFAULT_USER_AGENT,
    timeoutMs: reader.positiveDuration('BUBU_K8S_TIMEOUT', 30_000, { warn: false }),
    operationTimeoutMs: reader.positiveDuration('BUBU_K8S_OPERATION_TIMEOUT', 30_000),
    patchMaxRetries: readRetries(reader),
    kubeconfig: reader.raw('KUBECONFIG'),
    home: reader.raw('HOME'),
    serviceHost: reader.raw('KUBERNETES_SERVICE_HOST'),
    servicePort: reader.raw('KUBERNETES_SERVICE_PORT'),
  };
}

function readRetries(reader: EnvironmentReader): number {
  const name = 'BUBU_K8S_PATCH_MAX_RETRIES';
  const text = reader.trimmed(name);
  if (text === '') return 5;
  const value = /^[+-]?[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
  if (value === undefined) reader.warn(name, 'an integer', 5);
  return Math.max(0, value ?? 5);
}
