import { EngramkitError } from '@engramkit/core';
import type { ImpulseComponent } from '@engramkit/engram';
import type { HostPorts, Invocation } from './invocation.js';
import { endOfService, runLifecycle } from './lifecycle.js';
import type { Outcome } from './outcome.js';

/**
 * Runs an impulse until it returns or the run has to stop.
 *
 * Never rejects. An impulse that returns after cancellation, or throws the signal's reason, has ended well. Needs
 * `ports.triggers`. Source: bobrapet-batch section 2.12.
 */
export function runImpulse(
  component: ImpulseComponent,
  invocation: Invocation,
  ports: HostPorts,
): Promise<Outcome> {
  return runLifecycle(component, invocation, ports, async (impulse, run) => {
    const { triggers } = ports;
    if (triggers === undefined) {
      throw new EngramkitError('this host cannot start stories: it has no trigger client', {
        code: 'TRIGGERS_UNAVAILABLE',
        hint: 'Run the impulse in a host that has one, or pass `triggers` in the ports.',
      });
    }
    await endOfService(run, 'run', () =>
      run.author('Run', () => impulse.run(triggers, run.context)),
    );
  });
}
