import { QuickJsMachine } from './quickjs-machine.js';

/** Time as the machine's thread has it. */
export interface MachineTime {
  monotonic(): number;
  now(): number;
}

/** Loads the engine and makes a machine; rejects with `ERR_MODULE_NOT_FOUND` when a package is not installed. */
export async function loadQuickJs(
  wasm: WebAssembly.Module,
  time: MachineTime,
): Promise<QuickJsMachine> {
  const [module, { parse }] = await Promise.all([import('quickjs-wasi'), import('acorn')]);
  const machine = new QuickJsMachine({
    module,
    wasm,
    reader: {
      parse,
      stripper: async () => {
        const stripper = await import('@swc/wasm-typescript');
        return 'transformSync' in stripper
          ? stripper
          : (stripper as { default: typeof stripper }).default;
      },
    },
    monotonic: () => time.monotonic(),
    now: () => time.now(),
  });
  await machine.prepare();
  return machine;
}
