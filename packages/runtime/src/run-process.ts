import {
  CancelledError,
  type Clock,
  EngramkitError,
  systemClock,
  type Timer,
} from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import { createFaultListener, type FaultListener } from './fault-listener.js';
import type { ProcessPort } from './process-port.js';

/** What the work of a process is given. */
export interface ProcessControl {
  /** Aborts with a `CancelledError` at the first SIGTERM, SIGINT or SIGHUP. */
  readonly signal: AbortSignal;
  /** Aborts when the grace after that is over; a second signal shortens it, a third ends it. */
  readonly abandon: AbortSignal;
  /** Ties faults of the process to runs. */
  readonly faults: FaultListener;
}

/** Options of {@link runProcess}. */
export interface RunProcessOptions {
  readonly process: ProcessPort;
  readonly logger: Logger;
  readonly clock?: Clock | undefined;
  /** How long the work may take after the first signal, in milliseconds; default 25,000. Source: bobrapet-batch section 2.9. */
  readonly graceMs?: number | undefined;
  /** How long it may still take after the second one, in milliseconds; default 1,000. */
  readonly shortGraceMs?: number | undefined;
  /** Told when the work rejects; default: logs the error. */
  readonly onError?: ((error: EngramkitError) => void) | undefined;
  /** Called before the exit code is final, to hand out logs and spans; errors are logged. */
  readonly onEnd?: (() => Promise<void>) | undefined;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const GRACE_MS = 25_000;
const SHORT_GRACE_MS = 1_000;
/** How long the event loop may stay busy with what was left behind, in milliseconds. */
const LEFT_BEHIND_MS = 100;

/**
 * Runs the one piece of work of a process and settles its exit code: of the work, or 1 after errors that belonged to no run.
 *
 * Owns the signals: the first aborts `signal`, further ones shorten the wait. A reader of the standard streams that goes away
 * does not end the process. Work that can never settle, because nothing is left that could wake it, is told so
 * (`RUN_STALLED`). Resolves to the exit code and sets it; whatever the work left behind cannot keep the process alive for long.
 */
export async function runProcess(
  work: (control: ProcessControl) => Promise<{ readonly exitCode: number }>,
  options: RunProcessOptions,
): Promise<number> {
  const { process, logger, clock = systemClock } = options;
  using faults = createFaultListener({ process, logger });
  using shutdown = new Shutdown(options, clock);
  ignoreBrokenPipes(process, logger);
  let onStall: (() => void) | undefined;
  const stalled = new Promise<{ readonly exitCode: number }>((_, reject) => {
    onStall = () => {
      if (!faults.stall()) reject(stall());
    };
  });
  const onBeforeExit = (): void => onStall?.();
  process.on('beforeExit', onBeforeExit);
  let exitCode = 1;
  try {
    const control = { signal: shutdown.signal, abandon: shutdown.abandoned, faults };
    ({ exitCode } = await Promise.race([work(control), stalled]));
  } catch (thrown) {
    const error = EngramkitError.from(thrown);
    if (options.onError === undefined) logger.error(error.message, { error });
    else options.onError(error);
  }
  process.off('beforeExit', onBeforeExit);
  // Rejections that nobody awaits are reported after the promises of this turn.
  await new Promise<void>((resolve) => clock.setTimer(resolve, 0));
  if (exitCode === 0 && faults.strayFaults > 0) exitCode = 1;
  await options
    .onEnd?.()
    .catch((error: unknown) => logger.warn('the end was not clean', { error }));
  process.exitCode = exitCode;
  clock.setTimer(() => process.exit?.(exitCode), LEFT_BEHIND_MS, { unref: true });
  return exitCode;
}

function stall(): EngramkitError {
  return new EngramkitError('the work can never end: nothing is left that could wake it', {
    code: 'PROCESS_STALLED',
    hint: 'Look for an await on a promise that nobody settles.',
  });
}

/** Signals of the operating system, turned into abort signals. */
class Shutdown implements Disposable {
  readonly #cancel = new AbortController();
  readonly #abandon = new AbortController();
  readonly #options: RunProcessOptions;
  readonly #clock: Clock;
  readonly #listeners: readonly (readonly [name: string, listener: () => void])[];
  #timer: Timer | undefined;
  #received = 0;

  constructor(options: RunProcessOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#listeners = SIGNALS.map((name) => [name, () => this.#receive(name)]);
    for (const [name, listener] of this.#listeners) options.process.on(name, listener);
  }

  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  get abandoned(): AbortSignal {
    return this.#abandon.signal;
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    for (const [name, listener] of this.#listeners) this.#options.process.off(name, listener);
  }

  #receive(name: string): void {
    const { logger, graceMs = GRACE_MS, shortGraceMs = SHORT_GRACE_MS } = this.#options;
    this.#received += 1;
    if (this.#received === 1) {
      logger.info(`${name} received: stopping`, { signal: name, graceMs });
      this.#wait(graceMs);
      this.#cancel.abort(
        new CancelledError(`the process received ${name}`, { details: { signal: name } }),
      );
      return;
    }
    const waitMs = this.#received === 2 ? shortGraceMs : 0;
    logger.warn(`${name} received again: waiting no longer than ${waitMs} ms`, { signal: name });
    this.#wait(waitMs);
  }

  #wait(limitMs: number): void {
    this.#timer?.cancel();
    if (limitMs === 0) this.#abandon.abort();
    // The timer alone keeps no process alive: there is nothing to wait for when all else is over.
    else this.#timer = this.#clock.setTimer(() => this.#abandon.abort(), limitMs, { unref: true });
  }
}

/**
 * A reader that has gone away is no error of this process; other stream errors are logged.
 *
 * The listeners stay: output may still be on its way when the work is over.
 */
function ignoreBrokenPipes(process: ProcessPort, logger: Logger): void {
  const onError = (error: Error): void => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'EIO') logger.warn('a standard stream failed', { error });
  };
  process.stdout?.on('error', onError);
  process.stderr?.on('error', onError);
}
