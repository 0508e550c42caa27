import type { Clock, Random } from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import type {
  PayloadStore,
  ProcessControl,
  Redaction,
  SpanScope,
  TemplateResolver,
} from '@engramkit/runtime';
import type { Tracer } from '@opentelemetry/api';
import type { Environment } from '../env/environment.js';
import type { EnvironmentVariables } from '../env/environment-reader.js';
import type { KubernetesClient } from '../kubernetes/kubernetes-client.js';

/** What a host is made of: the process around it, and how it reaches the cluster. */
export interface HostParts {
  /** The variables of the process. */
  readonly env: EnvironmentVariables;
  /** Signals and faults of the process, as `runProcess` of the runtime hands them out. */
  readonly control: ProcessControl;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly redaction: Redaction;
  readonly tracer: Tracer;
  readonly spans?: SpanScope | undefined;
  /** Opens the API client; it is closed by the host. */
  readonly connect: (environment: Environment) => Promise<KubernetesClient>;
  /** Opens the payload storage; absent, documents travel as they are. */
  readonly openPayloads?:
    | ((environment: Environment, client: KubernetesClient) => Promise<PayloadStore>)
    | undefined;
  /** Makes the resolver of templates; absent, documents are taken as they are. */
  readonly openTemplates?:
    | ((environment: Environment, payloads: PayloadStore | undefined) => TemplateResolver)
    | undefined;
  /** Takes the one line that stands in for a status that cannot be written: standard output. */
  readonly writeLine: (text: string) => void;
}

/** What came of a host. */
export interface HostResult {
  /** 0, 1 or 124. Source: bobrapet-batch section 2.3. */
  readonly exitCode: 0 | 1 | 124;
}
