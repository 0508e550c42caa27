import { AsyncLocalStorage } from 'node:async_hooks';
import { describeThrown, EngramkitError } from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import type { ProcessPort } from './process-port.js';

/** How an error reached the process instead of a promise that somebody awaits. */
export type FaultKind = 'unhandled-rejection' | 'uncaught-exception';

/** A run that is told about faults of its code. */
export interface FaultTarget {
  readonly runId: string;
  onFault(error: EngramkitError): void;
}

/** The time during which faults belong to one run. */
export interface FaultScope {
  /** Calls `work`; whatever it starts belongs to the run. */
  within<Value>(work: () => Value): Value;
  /** Faults that come later are logged, not attributed. */
  close(): void;
}

/** The one owner of the process-level listeners for errors that nobody caught. */
export interface FaultListener extends Disposable {
  /** Opens the time of one run. */
  open(target: FaultTarget): FaultScope;
  /** Tells every open run that nothing can wake it any more; `false` when no run is open. */
  stall(): boolean;
  /** How many faults belonged to no open run; a process with any must not exit with 0. */
  readonly strayFaults: number;
}

/** What a fault listener is made of. */
export interface FaultListenerOptions {
  readonly process: ProcessPort;
  readonly logger: Logger;
}

interface Registered extends FaultTarget {
  open: boolean;
}

/**
 * Registers one listener each for `unhandledRejection` and `uncaughtException` until disposed.
 *
 * A fault goes to the run whose code caused it, told apart by async context; with one open run and no context it goes to that
 * run. Others are logged, counted, and set the process's exit code to 1.
 */
export function createFaultListener(options: FaultListenerOptions): FaultListener {
  const { process, logger } = options;
  const current = new AsyncLocalStorage<Registered>();
  const open = new Set<Registered>();
  let strayFaults = 0;

  const onFault = (kind: FaultKind, thrown: unknown): void => {
    const owner = current.getStore() ?? (open.size === 1 ? [...open][0] : undefined);
    const what =
      kind === 'unhandled-rejection'
        ? 'a promise that nobody awaits rejected'
        : 'uncaught exception';
    if (owner?.open === true) {
      owner.onFault(
        new EngramkitError(`${what}: ${describeThrown(thrown)}`, {
          code: kind === 'unhandled-rejection' ? 'UNHANDLED_REJECTION' : 'UNCAUGHT_EXCEPTION',
          hint: 'Await every promise, and handle errors inside timers and event listeners.',
          cause: thrown,
        }),
      );
      return;
    }
    strayFaults += 1;
    process.exitCode = 1;
    logger.error(`${what} outside of a run`, {
      kind,
      error: describeThrown(thrown),
      ...(owner === undefined ? {} : { afterRun: owner.runId }),
    });
  };
  const onRejection = (reason: unknown): void => onFault('unhandled-rejection', reason);
  const onException = (error: unknown): void => onFault('uncaught-exception', error);
  process.on('unhandledRejection', onRejection);
  process.on('uncaughtException', onException);

  return {
    get strayFaults() {
      return strayFaults;
    },
    stall() {
      for (const { onFault: tell } of open) {
        tell(
          new EngramkitError('the run can never end: nothing is left that could wake it', {
            code: 'RUN_STALLED',
            hint: 'Look for an await on a promise that nobody settles.',
          }),
        );
      }
      return open.size > 0;
    },
    open(target) {
      const registered: Registered = {
        runId: target.runId,
        onFault: (error) => target.onFault(error),
        open: true,
      };
      open.add(registered);
      return {
        within: (work) => current.run(registered, work),
        close() {
          registered.open = false;
          open.delete(registered);
        },
      };
    },
    [Symbol.dispose]() {
      process.off('unhandledRejection', onRejection);
      process.off('uncaughtException', onException);
    },
  };
}
