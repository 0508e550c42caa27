import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { systemClock } from '@engramkit/core';
import { SandboxError } from '../wire/sandbox-error.js';
import { buildWorker } from './build-worker.js';
import type { EngineConnection } from './engine.js';
import type { EngineEvent } from './protocol.js';

/** What a thread is started with. */
export interface ThreadStart {
  readonly kind: 'quickjs' | 'monty';
  /** What the kind needs; structured-cloneable. */
  readonly module: unknown;
}

/** Megabytes of JavaScript heap in a thread; guests live outside of it. */
const THREAD_HEAP_MB = 192;
/** WebAssembly recurses on the thread's own stack. Source: sandbox section 6.1. */
const THREAD_STACK_MB = 4;
/** How long the end of a thread is waited for, in milliseconds; native code cannot be ended. */
const KILL_PATIENCE_MS = 2_000;

/** The file of the thread: beside the built package, or built from the sources on the fly. */
function workerFile(): URL {
  const built = new URL('./engine-worker.js', import.meta.url);
  return existsSync(fileURLToPath(built))
    ? built
    : buildWorker(new URL('../engine-worker.ts', import.meta.url));
}

/** Starts an interpreter in a thread of its own. */
export function connectThread(start: ThreadStart): Promise<EngineConnection> {
  const control = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(workerFile(), {
    workerData: { ...start, control },
    env: {},
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB, stackSizeMb: THREAD_STACK_MB },
  });
  worker.unref();
  return new Promise((resolve, reject) => {
    const connection = new ThreadConnection(worker, control);
    connection.onEvent = (event) => {
      if (event.type === 'ready') resolve(connection);
      else if (event.type === 'broken') {
        void connection.kill();
        reject(
          new SandboxError('UNSUPPORTED_FEATURE', event.error.message, hintOf(event.error.hint)),
        );
      }
    };
  });
}

function hintOf(hint: string | null): { readonly hint?: string } {
  return hint === null ? {} : { hint };
}

class ThreadConnection implements EngineConnection {
  readonly #worker: Worker;
  readonly #control: Int32Array;
  #alive = true;
  onEvent: (event: EngineEvent) => void = () => undefined;

  constructor(worker: Worker, control: Int32Array) {
    this.#worker = worker;
    this.#control = control;
    worker.on('message', (event: EngineEvent) => this.onEvent(event));
    const ended = (message: string): void => {
      if (!this.#alive) return;
      this.#alive = false;
      this.onEvent({
        type: 'broken',
        error: { code: 'MEMORY_EXCEEDED', message, hint: null, span: null },
      });
    };
    worker.on('error', (error: Error) => ended(`the thread of the engine ended: ${error.message}`));
    worker.on('exit', () => ended('the thread of the engine ended'));
  }

  get alive(): boolean {
    return this.#alive;
  }

  post(request: Parameters<EngineConnection['post']>[0]): void {
    if (!this.#alive) return;
    this.#worker.ref();
    this.#worker.postMessage(request);
    if (request.type === 'rest') this.#worker.unref();
  }

  stop(code: number): void {
    Atomics.store(this.#control, 0, code);
  }

  async kill(): Promise<void> {
    this.#alive = false;
    // A thread inside of native code does not end before that code does; nobody has to wait for it.
    await new Promise<void>((resolve) => {
      const patience = systemClock.setTimer(resolve, KILL_PATIENCE_MS, { unref: true });
      void this.#worker.terminate().finally(() => {
        patience.cancel();
        resolve();
      });
    });
  }
}

/** The path of a file of an engine's package, as this package finds it; `undefined` when it is not installed. */
export function findEngineFile(specifier: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(specifier);
  } catch {
    return undefined;
  }
}
