import { EngramkitError } from '@engramkit/core';
import { emptyStoryInfo, type ImpulseComponent } from '@engramkit/engram';
import { runImpulse } from '@engramkit/runtime';
import { readEnvironment, requireEnvironment } from '../env/environment.js';
import type { PayloadStorage } from '../storage/payload-storage.js';
import { clusterTriggers } from '../triggers/cluster-triggers.js';
import type { HostParts, HostResult } from './host-parts.js';
import { commonPorts } from './run-batch-host.js';

/** Options of {@link runImpulseHost}. */
export interface ImpulseHostOptions extends HostParts {
  readonly component: ImpulseComponent;
}

/**
 * Runs an impulse as the workload of an Impulse, until it ends or the process has to stop.
 *
 * No status is written: failures are logged, and the exit code 1 makes the cluster start another pod. At the end statistics are
 * written and payload storage and client are closed. Never rejects. Source: bobrapet-batch section 2.12.
 */
export async function runImpulseHost(options: ImpulseHostOptions): Promise<HostResult> {
  try {
    return await run(options);
  } catch (thrown) {
    const error = EngramkitError.from(thrown);
    options.logger.error(options.redaction.redact(error.message), {
      code: error.code,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
    return { exitCode: 1 };
  }
}

async function run(options: ImpulseHostOptions): Promise<HostResult> {
  const { clock, logger, env, control } = options;
  const report = readEnvironment(env, { now: clock.now() });
  for (const { variable, value, expected, used } of report.warnings) {
    logger.warn(`${variable} is not understood`, { key: variable, value, expected, default: used });
  }
  requireEnvironment(report, ['context'], 'failed to load execution context: ');
  requireEnvironment(report, ['storage'], 'failed to create storage manager: ');
  const { environment } = report;
  const { identity, payload } = environment;
  const client = await options.connect(environment);
  try {
    const payloads = await options.openPayloads?.(environment, client);
    const triggers = clusterTriggers({
      client,
      environment,
      check: () => void requireEnvironment(report, ['triggers']),
      payloads: isPayloadStorage(payloads) ? payloads : undefined,
      clock,
      random: options.random,
      logger,
    });
    const outcome = await runImpulse(
      options.component,
      {
        runId: identity.impulseName || 'impulse',
        story: emptyStoryInfo,
        config: payload.stepConfig,
        inputs: {},
        signal: control.signal,
        abandon: control.abandon,
      },
      {
        ...commonPorts(options, environment, payloads),
        ...(payloads === undefined ? {} : { payloads }),
        triggers,
      },
    );
    await triggers.flush();
    const { failure } = outcome;
    if (failure !== undefined) {
      logger.error(failure.error.message, { stage: failure.stage, code: failure.error.code });
    }
    return { exitCode: outcome.exitCode };
  } finally {
    await client.close();
  }
}

/** Whether inputs can be moved out, too. */
function isPayloadStorage(
  store: object | undefined,
): store is Pick<PayloadStorage, 'dehydrateInputs'> {
  return store !== undefined && 'dehydrateInputs' in store;
}
