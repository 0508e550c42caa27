import type { EngramkitError } from '@engramkit/core';
import type { HostPorts, Invocation } from './invocation.js';
import type { Outcome } from './outcome.js';
import { type Instance, Run, type Runnable } from './run.js';
import { AbandonedError } from './run-control.js';
import { isErrorObject, prefixed } from './thrown.js';

/** What a kind of component does between `init` and the end. */
export type Work<Made extends Instance> = (instance: Made, run: Run) => Promise<void>;

/**
 * Runs a component through the one lifecycle: config, secrets, `init`, the kind's own work, `close`, outcome.
 *
 * Never rejects: whatever happens becomes the outcome. Source: bobrapet-batch section 2.2.
 */
export async function runLifecycle<Made extends Instance>(
  component: Runnable<Made>,
  invocation: Invocation,
  ports: HostPorts,
  work: Work<Made>,
): Promise<Outcome> {
  const run = new Run(component, invocation, ports);
  const within = run.openFaultScope();
  return within(async () => {
    try {
      const instance = await run.prepare(component);
      await work(instance, run);
    } catch (error) {
      run.fail(error);
    }
    return run.end();
  });
}

/**
 * The work of components that go on until they are told to stop.
 *
 * Being told to stop is their normal end, so that returning or throwing the reason is success.
 * Source: bobrapet-batch section 2.12.
 */
export async function endOfService(
  run: Run,
  stage: 'stream' | 'run',
  work: () => Promise<void>,
): Promise<void> {
  const { control } = run;
  const prefix = run.label === 'impulse' ? 'impulse execution failed: ' : '';
  try {
    await run.stage(stage, '', work);
  } catch (error) {
    if (control.cause !== 'cancelled' || isAbandoned(error) || !isCausedBy(error, control.reason)) {
      run.fail(prefix === '' || control.cause === 'deadline' ? error : prefixed(prefix, error));
    }
  }
  control.checkDeadline();
  if (control.cause === 'deadline') {
    run.timeOut();
    run.fail(control.reason);
  } else if (control.cause === 'fault') run.fail(control.reason);
}

/** Whether the reason is the error or among its causes; an abort without a reason of its own counts as well. */
function isCausedBy(error: unknown, reason: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < 16 && isErrorObject(at); depth += 1) {
    if (at === reason || at.name === 'AbortError') return true;
    at = at.cause;
  }
  return false;
}

/** Whether the error says that author code was left behind. */
export function isAbandoned(error: unknown): error is EngramkitError {
  return error instanceof AbandonedError;
}
