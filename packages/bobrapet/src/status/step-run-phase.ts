import { EngramkitError } from '@engramkit/core';

/** Which phases may follow a phase, besides itself. Source: bobrapet-batch section 3.3. */
const TRANSITIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pending', ['Running', 'Failed', 'Canceled', 'Timeout']],
  ['Running', ['Succeeded', 'Failed', 'Canceled', 'Paused', 'Timeout', 'Aborted']],
  ['Paused', ['Running', 'Canceled', 'Failed']],
  ['Failed', ['Running', 'Succeeded']],
  ['Blocked', ['Pending', 'Running', 'Failed', 'Canceled']],
  ['Scheduling', ['Running', 'Failed', 'Canceled']],
]);

/** A phase of a StepRun. Source: bobrapet-batch section 3.9. */
export type StepRunPhase =
  | 'Pending'
  | 'Running'
  | 'Succeeded'
  | 'Failed'
  | 'Finished'
  | 'Canceled'
  | 'Compensated'
  | 'Paused'
  | 'Blocked'
  | 'Scheduling'
  | 'Timeout'
  | 'Aborted'
  | 'Skipped';

/**
 * Whether a StepRun may go from one phase to another.
 *
 * From no phase to anything, from every phase to itself, and else by the table; text that is no phase leads nowhere.
 * Source: bobrapet-batch section 3.3.
 */
export function isPhaseChangeAllowed(from: string, to: StepRunPhase): boolean {
  return from === '' || from === to || TRANSITIONS.get(from)?.includes(to) === true;
}

/** The refusal of a phase change; trying again cannot help. */
export function illegalPhaseChange(from: string, to: StepRunPhase): EngramkitError {
  return new EngramkitError(`the StepRun is ${from} and cannot become ${to}`, {
    code: 'STEP_RUN_TRANSITION_ILLEGAL',
    details: { from, to },
    hint:
      from === 'Pending'
        ? 'The operator has not marked the step as running; look at its logs and at the load of the cluster.'
        : 'Another pod or the operator ended this step before; look for further pods of its Job.',
  });
}
