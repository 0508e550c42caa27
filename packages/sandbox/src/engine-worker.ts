import { parentPort, workerData } from 'node:worker_threads';
import { describeThrown, systemClock } from '@engramkit/core';
import type { EngineEvent, EngineRequest, Machine } from './engine/protocol.js';
import { serveEngine } from './engine/serve-engine.js';
import type { WasmModule } from './typescript/wasm-module.js';

/** What the thread was started with. */
interface Start {
  readonly kind: 'quickjs' | 'monty';
  readonly module: unknown;
  readonly control: Int32Array;
}

async function load({ kind, module }: Start): Promise<Machine> {
  if (kind === 'quickjs') {
    const { loadQuickJs } = await import('./typescript/load-quickjs.js');
    return loadQuickJs(module as WasmModule, systemClock);
  }
  const { loadMonty } = await import('./python/load-monty.js');
  return loadMonty(systemClock);
}

async function serve(start: Start): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('the engine runs only in a thread');
  const post = (event: EngineEvent): void => port.postMessage(event);
  try {
    const machine = await load(start);
    const handle = serveEngine(machine, { post, stopCode: () => Atomics.load(start.control, 0) });
    port.on('message', (request: EngineRequest) => handle(request));
    post({ type: 'ready' });
  } catch (thrown) {
    const hint = 'Reinstall the package of the engine.';
    post({
      type: 'broken',
      error: { code: 'UNSUPPORTED_FEATURE', message: describeThrown(thrown), hint, span: null },
    });
  }
}

void serve(workerData as Start);
