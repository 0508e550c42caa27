import { durationFromMs, EngramkitError, InvalidInputError } from '@engramkit/core';
import type { BatchComponent, Effects, StoryInfo } from '@engramkit/engram';
import { memoryIdempotencyStore } from '@engramkit/ids';
import {
  effectsOn,
  type HostPorts,
  type Invocation,
  type Outcome,
  type PayloadStore,
  runBatch,
} from '@engramkit/runtime';
import { expandSecrets, secretValues } from '@engramkit/secrets';
import { stepEffects } from '../effects/step-effects.js';
import {
  type Environment,
  type EnvironmentReport,
  readEnvironment,
  requireEnvironment,
} from '../env/environment.js';
import type { KubernetesClient } from '../kubernetes/kubernetes-client.js';
import { stepSignals, unavailableSignals } from '../signals/step-signals.js';
import { reportOutcome } from '../status/report-outcome.js';
import { StatusWriter } from '../status/status-writer.js';
import { stepRunResource } from '../status/step-run-resource.js';
import { parseWireTime } from '../status/wire-time.js';
import { earlyFailure } from './early-failure.js';
import type { HostParts, HostResult } from './host-parts.js';
import { outputGuard } from './output-guard.js';
import { watchStepRun } from './step-run-watch.js';

/** Options of {@link runBatchHost}. */
export interface BatchHostOptions extends HostParts {
  readonly component: BatchComponent;
  /** Leaves the phase of retryable failures to the operator, which then retries; default no. Source: bobrapet-batch section 2.10. */
  readonly deferRetryable?: boolean | undefined;
}

/** How long the last patch may take once the pod is being stopped, in milliseconds. Source: bobrapet-batch section 2.9. */
const LAST_PATCH_MS = 4_000;
/** Phases after which nothing is accepted, with the exit code of a pod that comes late. Source: bobrapet-batch section 3.3. */
const SETTLED: ReadonlyMap<string, 0 | 1 | 124> = new Map<string, 0 | 1 | 124>([
  ['Succeeded', 0],
  ['Skipped', 0],
  ['Timeout', 124],
  ['Canceled', 1],
  ['Aborted', 1],
  ['Finished', 1],
  ['Compensated', 1],
]);

/**
 * Runs a batch engram as the pod of a StepRun: environment, client, storage, run, status.
 *
 * Never rejects: whatever goes wrong becomes the status of the StepRun, or one JSON line on standard output when that cannot be
 * written. A pod that comes too late for its StepRun does nothing. Source: bobrapet-batch sections 2.2 and 2.3.
 */
export async function runBatchHost(options: BatchHostOptions): Promise<HostResult> {
  const { clock, logger, env, redaction } = options;
  const report = readEnvironment(env, { now: clock.now() });
  for (const { variable, value, expected, used } of report.warnings) {
    logger.warn(`${variable} is not understood`, { key: variable, value, expected, default: used });
  }
  const fail = (error: unknown, prefix: Parameters<typeof earlyFailure>[1]): Outcome =>
    earlyFailure(error, prefix, { nowMs: clock.now(), redaction });
  let client: KubernetesClient;
  try {
    client = await options.connect(report.environment);
  } catch (problem) {
    const { stepRunName } = report.environment.identity;
    const outcome = fail(problem, 'failed to create k8s client: ');
    return await finish(options, report, outcome, { problem, stepRunName });
  }
  try {
    return await runWith(options, report, client, fail);
  } finally {
    await client.close().catch((error: unknown) => {
      logger.debug('the API client did not close', { error: EngramkitError.from(error).message });
    });
  }
}

async function runWith(
  options: BatchHostOptions,
  report: EnvironmentReport,
  client: KubernetesClient,
  fail: (error: unknown, prefix: Parameters<typeof earlyFailure>[1]) => Outcome,
): Promise<HostResult> {
  const { clock, random, logger, control } = options;
  const { identity, kubernetes } = report.environment;
  const resource = stepRunResource(client, identity.stepRunName);
  const writer = new StatusWriter({
    resource,
    clock,
    random,
    podName: identity.podName,
    maxRetries: kubernetes.patchMaxRetries,
    budgetMs: kubernetes.operationTimeoutMs,
  });
  const end = (outcome: Outcome, cancelRequested = false): Promise<HostResult> =>
    finish(options, report, outcome, { writer, cancelRequested });
  try {
    requireEnvironment(report, ['context'], 'failed to load execution context: ');
    checkIdentity(report.environment);
  } catch (error) {
    return await end(fail(error, 'failed to load execution context: '));
  }
  let payloads: PayloadStore | undefined;
  try {
    requireEnvironment(report, ['storage'], 'failed to create storage manager: ');
    payloads = await options.openPayloads?.(report.environment, client);
  } catch (error) {
    return await end(fail(error, 'failed to create storage manager: '));
  }
  await using watch = await watchStepRun({
    client,
    namespace: client.namespace,
    name: identity.stepRunName,
    clock,
    logger,
  });
  const settled = SETTLED.get(watch.firstPhase);
  if (settled !== undefined) {
    logger.warn('the step is over already; nothing is run', { phase: watch.firstPhase });
    return { exitCode: settled };
  }
  const ports = portsOf(options, report.environment, { client, writer, payloads });
  const signal = AbortSignal.any([control.signal, watch.signal]);
  const outcome = await runBatch(options.component, invocationOf(options, report, signal), ports);
  // Signals and effects that are under way are told before the end is.
  await writer.flush();
  return await end(outcome, watch.signal.aborted);
}

/** Ends a run: the status, or the line that stands in for it. */
async function finish(
  options: BatchHostOptions,
  { environment }: EnvironmentReport,
  outcome: Outcome,
  state: {
    readonly writer?: StatusWriter;
    readonly problem?: unknown;
    readonly cancelRequested?: boolean;
    readonly stepRunName?: string;
  },
): Promise<HostResult> {
  const { clock, logger, control, deferRetryable, writeLine } = options;
  const { identity } = environment;
  const nowMs = clock.now();
  const { failure } = outcome;
  if (failure !== undefined) {
    logger.error(failure.error.message, {
      stage: failure.stage,
      code: failure.error.code,
      ...(failure.error.hint === undefined ? {} : { hint: failure.error.hint }),
      ...(failure.stack === undefined ? {} : { stack: failure.stack }),
    });
  }
  const exitCode = await reportOutcome(outcome, {
    writer: state.writer,
    problem: state.problem,
    finishedAtMs: nowMs,
    // The variable has nanoseconds, which the duration keeps.
    startedAtNs:
      parseWireTime(options.env.BUBU_STARTED_AT ?? '') ?? durationFromMs(identity.startedAt),
    cancelRequested: state.cancelRequested ?? false,
    deferRetryable,
    stepRun: { name: identity.stepRunName, namespace: identity.clientNamespace },
    logger,
    writeLine,
    ...(control.signal.aborted ? { budgetMs: LAST_PATCH_MS } : {}),
  });
  return { exitCode };
}

function invocationOf(
  options: BatchHostOptions,
  { environment }: EnvironmentReport,
  signal: AbortSignal,
): Invocation {
  const { identity, payload, limits } = environment;
  return {
    runId: identity.stepRunName,
    story: storyOf(environment),
    config: payload.stepConfig,
    inputs: payload.triggerData,
    ...(payload.templateContext === undefined ? {} : { templateContext: payload.templateContext }),
    timeoutMs: limits.stepTimeoutMs,
    signal,
    abandon: options.control.abandon,
  };
}

/** Which step of which story this process is. */
export function storyOf({ identity }: Environment): StoryInfo {
  return {
    storyName: identity.storyName,
    storyRunId: identity.storyRunName,
    stepName: identity.stepName,
    stepRunId: identity.stepRunName,
    stepRunNamespace: identity.stepRunNamespace,
  };
}

function portsOf(
  options: BatchHostOptions,
  environment: Environment,
  opened: {
    readonly client: KubernetesClient;
    readonly writer: StatusWriter;
    readonly payloads: PayloadStore | undefined;
  },
): HostPorts {
  const { clock, random, logger } = options;
  const { identity, limits } = environment;
  const { client, writer, payloads } = opened;
  const resource = stepRunResource(client, identity.stepRunName);
  return {
    ...commonPorts(options, environment, payloads),
    signals: stepSignals({
      writer,
      resource,
      clock,
      maxPayloadBytes: limits.signalMaxPayloadBytes,
    }),
    effects: stepEffects({
      client,
      step: { namespace: client.namespace, stepRunName: identity.stepRunName },
      writer,
      clock,
      random,
      logger,
      maxDetailsBytes: limits.effectMaxDetailsBytes,
    }),
    ...(payloads === undefined ? {} : { payloads }),
    guard: outputGuard(),
  };
}

/** The ports that batch and impulse hosts share; effects and signals are those of a process without a StepRun. */
export function commonPorts(
  options: HostParts,
  environment: Environment,
  payloads: PayloadStore | undefined,
): HostPorts {
  const { clock, random, logger, tracer, spans, env, control, redaction } = options;
  const templates = options.openTemplates?.(environment, payloads);
  return {
    clock,
    random,
    logger,
    tracer,
    ...(spans === undefined ? {} : { spans }),
    faults: control.faults,
    ...(templates === undefined ? {} : { templates }),
    secrets: {
      async open({ signal }) {
        const { secretDescriptors: descriptors } = environment.payload;
        const secrets = await expandSecrets({ descriptors, env, signal, logger });
        redaction.add(secretValues(secrets));
        return secrets;
      },
    },
    effects: effectsInMemory(options),
    signals: unavailableSignals(),
  };
}

/** Effects of a process without a StepRun last as long as the process. */
function effectsInMemory({ clock, random }: HostParts): Effects {
  return effectsOn({ store: memoryIdempotencyStore(), clock, random });
}

function checkIdentity({ identity }: Environment): void {
  if (identity.stepRunName !== '') return;
  throw new InvalidInputError('BUBU_STEPRUN_NAME is empty: this process belongs to no StepRun', {
    code: 'STEP_RUN_MISSING',
    hint: 'The operator sets it. To run a component on this machine, use "engramkit run".',
  });
}
