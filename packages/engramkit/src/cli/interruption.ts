import { CancelledError } from '@engramkit/core';

/** The wish of whoever runs the program that it ends. */
export interface Interruption extends Disposable {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP: finish or hand back what is going on. */
  readonly signal: AbortSignal;
  /** Aborts at the second one: wait for nothing any more. */
  readonly abandon: AbortSignal;
}

/** What {@link listenForInterruption} needs of `process`. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Takes over the signals that end a program, until disposed.
 *
 * The first one asks, the second one insists, the third one calls `kill`.
 */
export function listenForInterruption(options: {
  readonly source: SignalSource;
  /** Told about every signal, with how many there were. */
  readonly onSignal: (signal: NodeJS.Signals, count: number) => void;
  /** Ends the process at once. */
  readonly kill: (signal: NodeJS.Signals) => void;
}): Interruption {
  const { source, onSignal, kill } = options;
  const ask = new AbortController();
  const insist = new AbortController();
  let count = 0;
  const listener = (signal: NodeJS.Signals): void => {
    count += 1;
    onSignal(signal, count);
    const reason = new CancelledError(`${signal} received`);
    if (count === 1) ask.abort(reason);
    else if (count === 2) insist.abort(reason);
    else kill(signal);
  };
  for (const signal of SIGNALS) source.on(signal, listener);
  return {
    signal: ask.signal,
    abandon: insist.signal,
    [Symbol.dispose]() {
      for (const signal of SIGNALS) source.off(signal, listener);
    },
  };
}
