import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '@engramkit/core';
import type { WasmModule } from '../typescript/wasm-module.js';
import { SandboxError } from '../wire/sandbox-error.js';
import type { EngineConnection, LanguageEngine } from './engine.js';
import { connectLocally } from './local-connection.js';
import { connectThread, findEngineFile } from './thread-connection.js';

/** Options of the engines. */
export interface EngineOptions {
  /**
   * `thread` (default) runs programs in threads of their own, which are ended when they do not stop by themselves; `none` runs them
   * on the caller's thread: faster calls, but a program inside of one long native operation blocks it until that is done.
   */
  readonly isolation?: 'thread' | 'none';
  readonly clock?: Clock;
}

/** The versions that this package is written against; they stand in snapshots. */
const QUICKJS_VERSION = '3.6.2';
const MONTY_VERSION = '0.0.18';

/** The platform's compiler, which the types of this package do not name. */
const assembly = globalThis as unknown as {
  readonly WebAssembly: { compile(bytes: Uint8Array): Promise<WasmModule> };
};

function missing(language: string, packages: string): SandboxError {
  return new SandboxError('UNSUPPORTED_FEATURE', `the engine for ${language} is not installed`, {
    hint: `Run: npm install ${packages}`,
  });
}

/** TypeScript and JavaScript on QuickJS, compiled to WebAssembly. Needs `quickjs-wasi` and `@swc/wasm-typescript`. */
export function quickJsEngine(options: EngineOptions = {}): LanguageEngine {
  let wasm: Promise<WasmModule> | undefined;
  return {
    language: 'type_script',
    name: 'quickjs-wasi',
    version: QUICKJS_VERSION,
    async connect(): Promise<EngineConnection> {
      const file = findEngineFile('quickjs-wasi/quickjs.wasm');
      if (file === undefined || findEngineFile('@swc/wasm-typescript') === undefined) {
        throw missing('TypeScript', 'quickjs-wasi@3.6.2 @swc/wasm-typescript@1.16.2');
      }
      wasm ??= readFile(file).then((bytes) => assembly.WebAssembly.compile(bytes));
      if (options.isolation !== 'none')
        return connectThread({ kind: 'quickjs', module: await wasm });
      const { loadQuickJs } = await import('../typescript/load-quickjs.js');
      return connectLocally(await loadQuickJs(await wasm, options.clock ?? systemClock));
    },
  };
}

/** Python on Monty, an interpreter in Rust for a subset of the language. Needs `@pydantic/monty`. */
export function montyEngine(options: EngineOptions = {}): LanguageEngine {
  return {
    language: 'python',
    name: 'monty',
    version: MONTY_VERSION,
    async connect(): Promise<EngineConnection> {
      if (findEngineFile('@pydantic/monty') === undefined) {
        throw missing('Python', '@pydantic/monty@0.0.18');
      }
      if (options.isolation !== 'none') return connectThread({ kind: 'monty', module: undefined });
      const { loadMonty } = await import('../python/load-monty.js');
      return connectLocally(await loadMonty(options.clock ?? systemClock));
    },
  };
}
