import { createRequire } from 'node:module';
import { WARMING_PROGRAM } from './nesting.js';
import { QuickJsMachine } from './quickjs-machine.js';
import type { TypeStripper } from './strip-types.js';
import type { WasmModule } from './wasm-module.js';

/** Loaded by name, so that a compiler that broke can be loaded anew. */
const STRIPPER = '@swc/wasm-typescript';

/** Time as the machine's thread has it. */
export interface MachineTime {
  monotonic(): number;
  now(): number;
}

/** Loads the engine and makes a machine; rejects with `ERR_MODULE_NOT_FOUND` when a package is not installed. */
export async function loadQuickJs(wasm: WasmModule, time: MachineTime): Promise<QuickJsMachine> {
  const [module, { parse }] = await Promise.all([import('quickjs-wasi'), import('acorn')]);
  for (let round = 0; round < 3; round++) {
    for (const source of [WARMING_PROGRAM, WARMING_PROGRAM.replace('é', '変')]) {
      parse(source, { ecmaVersion: 'latest', sourceType: 'script' });
    }
  }
  const load = createRequire(import.meta.url);
  const machine = new QuickJsMachine({
    module,
    wasm,
    reader: {
      parse,
      stripper: () => load(STRIPPER) as TypeStripper,
      dropStripper: () => {
        delete load.cache[load.resolve(STRIPPER)];
      },
    },
    monotonic: () => time.monotonic(),
    now: () => time.now(),
  });
  await machine.prepare();
  return machine;
}
