import type { Machine } from '../engine/protocol.js';
import { MontyMachine } from './monty-machine.js';

/** Loads the engine and makes a machine; rejects when the package is not installed or has no build for this platform. */
export async function loadMonty(time: { monotonic(): number }): Promise<Machine> {
  const module = await import('@pydantic/monty');
  return new MontyMachine(module, () => time.monotonic());
}
