import { EngramkitError, InvalidInputError } from '@engramkit/core';
import {
  type BatchComponent,
  type Component,
  defineBatch,
  defineImpulse,
  type ImpulseComponent,
} from '@engramkit/engram';
import type { EnvironmentVariables } from '../env/environment-reader.js';
import type { HostParts, HostResult } from './host-parts.js';
import { openHostPayloads } from './open-host-payloads.js';
import { openHostTemplates, rememberingPlaces } from './open-host-templates.js';
import { runBatchHost } from './run-batch-host.js';
import { runImpulseHost } from './run-impulse-host.js';

/** Options of {@link startHost}. */
export interface StartHostOptions
  extends Omit<HostParts, 'connect' | 'openPayloads' | 'openTemplates'>,
    Partial<Pick<HostParts, 'connect'>> {
  /** Loads the components of the author's module; a rejection becomes the status of the step. */
  readonly load: () => Promise<readonly Component[]>;
  /** Leaves the phase of retryable failures to the operator, which then retries; default no. Source: bobrapet-batch section 2.10. */
  readonly deferRetryable?: boolean | undefined;
}

/** What the operator started this process as; `undefined` when it did not. Source: bobrapet-batch sections 1.10 and 1.11. */
export function workloadOf(env: EnvironmentVariables): 'step' | 'impulse' | undefined {
  if ((env.BUBU_STEPRUN_NAME ?? '') !== '') return 'step';
  return (env.BUBU_IMPULSE_NAME ?? '').trim() === '' ? undefined : 'impulse';
}

/**
 * Runs a module as what the operator started this process as: the pod of a step, or the workload of an impulse.
 *
 * Never rejects once the workload is known; throws `WORKLOAD_UNKNOWN` outside of the operator.
 */
export async function startHost(options: StartHostOptions): Promise<HostResult> {
  const workload = workloadOf(options.env);
  if (workload === undefined) {
    throw new InvalidInputError('the environment names neither a StepRun nor an Impulse', {
      code: 'WORKLOAD_UNKNOWN',
      hint: 'The operator sets BUBU_STEPRUN_NAME or BUBU_IMPULSE_NAME; on this machine use "engramkit run".',
    });
  }
  const parts: HostParts = {
    ...options,
    connect: options.connect ?? connector(options),
    openPayloads: async (environment, client) => {
      const payloads = await openHostPayloads(environment, client, options);
      return Object.assign(rememberingPlaces(payloads, environment), {
        dehydrateInputs: payloads.dehydrateInputs.bind(payloads),
      });
    },
    openTemplates: (environment, payloads) =>
      openHostTemplates(environment, {
        clock: options.clock,
        random: options.random,
        ...(payloads === undefined ? {} : { payloads }),
      }),
  };
  let components: readonly Component[] = [];
  let failure: unknown;
  try {
    components = await options.load();
  } catch (error) {
    failure = error;
  }
  if (workload === 'step') {
    const component = components.find(({ kind }) => kind === 'batch');
    return await runBatchHost({
      ...parts,
      component: (component as BatchComponent | undefined) ?? brokenBatch(failure, components),
      deferRetryable: options.deferRetryable,
    });
  }
  const component = components.find(({ kind }) => kind === 'impulse');
  return await runImpulseHost({
    ...parts,
    component: (component as ImpulseComponent | undefined) ?? brokenImpulse(failure, components),
  });
}

function connector(options: StartHostOptions): HostParts['connect'] {
  return async ({ kubernetes: settings, identity }) => {
    const { openKubernetes } = await import('../kubernetes/open-kubernetes.js');
    const { clock, random, env: variables } = options;
    return await openKubernetes({
      settings,
      namespace: identity.clientNamespace,
      clock,
      random,
      variables,
    });
  };
}

/** Stands in for a module that cannot be used, so that the step ends with the reason. */
function brokenBatch(failure: unknown, components: readonly Component[]): BatchComponent {
  const fail = (): Promise<never> => Promise.reject(failure ?? noneOf('batch', components));
  return defineBatch({ name: 'unusable-module', init: fail, process: fail }) as BatchComponent;
}

function brokenImpulse(failure: unknown, components: readonly Component[]): ImpulseComponent {
  const fail = (): Promise<never> => Promise.reject(failure ?? noneOf('impulse', components));
  return defineImpulse({ name: 'unusable-module', init: fail, run: fail }) as ImpulseComponent;
}

function noneOf(kind: 'batch' | 'impulse', components: readonly Component[]): EngramkitError {
  const found = components.map((component) => component.kind).join(', ') || 'none';
  return new EngramkitError(`the module has no component of kind ${kind} (found: ${found})`, {
    code: 'COMPONENT_KIND_UNSUPPORTED',
    hint:
      kind === 'batch'
        ? 'Export a component that was made with defineBatch or defineEngram.'
        : 'Export a component that was made with defineImpulse.',
  });
}
