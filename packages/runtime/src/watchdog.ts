import type { Worker } from 'node:worker_threads';
import { type Clock, systemClock, type Timer } from '@engramkit/core';
import { watchdogProgram } from './watchdog-worker.js';

/** A time during which nothing else on the event loop could run. */
export interface BlockedLoop {
  /** How long it had been blocked when it was noticed, in milliseconds. */
  readonly blockedMs: number;
  /** Where the code was, innermost first: `function (file:line:column)`; empty inside native code. */
  readonly frames: readonly string[];
}

/** A file that is written in place of a process that cannot do so itself. */
export interface LastWords {
  readonly path: string;
  readonly content: string;
}

/** What happens to a run that is over its time and blocks the event loop. */
export interface WatchdogGuard {
  /** When the process ends, in milliseconds since 1970-01-01T00:00:00Z: deadline and grace. */
  readonly endAtMs: number;
  readonly files: readonly LastWords[];
  /** The last line on standard error. */
  readonly message: string;
}

/** How full the memory for JavaScript objects is. */
export interface MemoryPressure {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** Options of {@link createWatchdog}. */
export interface WatchdogOptions {
  /** From how many milliseconds on a blocked event loop is reported; at least 40. */
  readonly limitMs: number;
  /** Called once per blockage, as soon as the event loop runs again. */
  readonly onBlocked?: ((blocked: BlockedLoop) => void) | undefined;
  /** The part of the heap limit, from 0 to 1, from which on `onMemoryPressure` is called; default 0.9. */
  readonly memoryRatio?: number | undefined;
  /** Called once when the heap is nearly full, and again after it has been below the ratio. */
  readonly onMemoryPressure?: ((pressure: MemoryPressure) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** A thread that watches the event loop of this one. */
export interface Watchdog extends AsyncDisposable {
  /**
   * Ends the process with exit code 124 if the event loop is still blocked at that time; until disposed.
   *
   * Code that JavaScript cannot interrupt, such as a synchronous child process, is killed (137) after one more second.
   */
  guard(guard: WatchdogGuard): Disposable;
}

/** The exit code of a run that is over its time. Source: bobrapet-batch section 2.3. */
const TIMEOUT_EXIT_CODE = 124;
const SHORTEST_LIMIT_MS = 40;
const MEMORY_RATIO = 0.9;

/**
 * Starts the thread that notices a blocked event loop and can end a busy loop past its deadline.
 *
 * While the loop is blocked, the thread itself writes a JSON line with the place to standard error. Costs one thread and a timer
 * that fires four times per limit; neither keeps the process alive.
 */
export async function createWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const { onBlocked, clock = systemClock } = options;
  const limitMs = Math.max(SHORTEST_LIMIT_MS, options.limitMs);
  const checkMs = limitMs / 4;
  const beat = new Int32Array(new SharedArrayBuffer(4));
  const worker = await startWorker({ beat, limitMs, checkMs, exitCode: TIMEOUT_EXIT_CODE });
  worker.on('message', (message: { readonly type: string } & BlockedLoop) => {
    if (message.type === 'blocked')
      onBlocked?.({ blockedMs: message.blockedMs, frames: message.frames });
  });
  let timer: Timer;
  const checkMemory = await memoryCheck(options);
  const pulse = (): void => {
    Atomics.add(beat, 0, 1);
    checkMemory();
    timer = clock.setTimer(pulse, checkMs / 2, { unref: true });
  };
  pulse();
  let lastId = 0;
  return {
    guard(guard) {
      lastId += 1;
      const id = lastId;
      worker.postMessage({ type: 'guard', id, ...guard });
      return { [Symbol.dispose]: () => worker.postMessage({ type: 'release', id }) };
    },
    async [Symbol.asyncDispose]() {
      timer.cancel();
      await worker.terminate();
    },
  };
}

async function memoryCheck(options: WatchdogOptions): Promise<() => void> {
  const { onMemoryPressure, memoryRatio = MEMORY_RATIO } = options;
  if (onMemoryPressure === undefined) return () => undefined;
  const { getHeapStatistics } = await import('node:v8'); // Most runs never ask, and it makes every start slower.
  let told = false;
  return () => {
    const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics();
    const high = usedBytes >= limitBytes * memoryRatio;
    if (high && !told) onMemoryPressure({ usedBytes, limitBytes });
    told = high;
  };
}

async function startWorker(workerData: unknown): Promise<Worker> {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(watchdogProgram, { eval: true, workerData, stderr: false });
  await new Promise<void>((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
  worker.unref();
  return worker;
}
