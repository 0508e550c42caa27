import type { JSValueHandle, QuickJS } from 'quickjs-wasi';
import { packImage, unpackImage } from '../engine/sparse-image.js';
import { GUEST_SHIM } from './guest-shim.js';
import type { WasmModule } from './wasm-module.js';

/** The engine package, as far as it is used. */
export type QuickJsModule = Pick<typeof import('quickjs-wasi'), 'QuickJS' | 'EvalFlags'>;

/** What a virtual machine asks and tells while it runs. */
export interface VmHooks {
  interrupt(): boolean;
  send(id: number, name: string, argsText: string): void;
  write(stream: number, text: string): void;
  /** Nanoseconds since 1970. */
  now(): bigint;
}

/** Bounds that a machine gets when it is made. */
export interface VmBounds {
  readonly memoryBytes: number;
  readonly stackDepth: number;
}

const SHIM_PARTS = [
  'seed',
  'begin',
  'track',
  'state',
  'open',
  'settle',
  'result',
  'problem',
  'names',
] as const;
type ShimPart = (typeof SHIM_PARTS)[number];

/** The most that an image may take, memory of the largest guest included. Source: sandbox section 5.6. */
const MOST_IMAGE_BYTES = 4_294_967_296 / 4;
const LEAST_STACK = 32_768;
const MOST_STACK = 131_072;
/** Bytes of stack that one level of the wire's depth stands for. Source: sandbox section 5.3. */
const STACK_PER_LEVEL = 512;
const FILE = 'main.ts';

/** One JavaScript engine in its own memory, with the shim inside. */
export class QuickJsVm {
  readonly #vm: QuickJS;
  readonly #module: QuickJsModule;
  readonly #tokens: Readonly<Record<ShimPart, number>>;
  readonly #parts = new Map<ShimPart, JSValueHandle>();
  hooks: VmHooks | undefined;

  private constructor(
    module: QuickJsModule,
    vm: QuickJS,
    tokens: Readonly<Record<ShimPart, number>>,
  ) {
    this.#module = module;
    this.#vm = vm;
    this.#tokens = tokens;
  }

  /** A machine from nothing. */
  static async create(
    module: QuickJsModule,
    wasm: WasmModule,
    bounds: VmBounds,
  ): Promise<QuickJsVm> {
    const slot: { vm?: QuickJsVm } = {};
    const vm = await module.QuickJS.create({ ...engineOptions(wasm, bounds, slot) });
    const tokens = installShim(vm, slot);
    slot.vm = new QuickJsVm(module, vm, tokens);
    return slot.vm;
  }

  /** A machine that goes on where an image was taken. */
  static async restore(
    module: QuickJsModule,
    wasm: WasmModule,
    bounds: VmBounds,
    packed: Uint8Array,
  ): Promise<QuickJsVm> {
    const tokensLength = SHIM_PARTS.length * 4;
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    const tokens = Object.fromEntries(
      SHIM_PARTS.map((part, index) => [part, view.getUint32(index * 4, true)]),
    ) as Record<ShimPart, number>;
    const { memory, words } = unpackImage(packed.subarray(tokensLength), MOST_IMAGE_BYTES);
    const slot: { vm?: QuickJsVm } = {};
    const [stackPointer, runtimePtr, contextPtr] = words;
    const vm = await module.QuickJS.restore(
      { memory, stackPointer, runtimePtr, contextPtr, extensions: [] },
      engineOptions(wasm, bounds, slot),
    );
    registerHost(vm, slot);
    slot.vm = new QuickJsVm(module, vm, tokens);
    return slot.vm;
  }

  /** Bytes of memory that the engine had to reserve at its fullest. */
  reservedBytes = 0;

  /** The whole state. */
  image(): Uint8Array {
    this.#vm.runGC();
    const { memory, stackPointer, runtimePtr, contextPtr } = this.#vm.snapshot();
    this.reservedBytes = memory.byteLength;
    const packed = packImage({ memory, words: [stackPointer, runtimePtr, contextPtr, 0] });
    const whole = new Uint8Array(SHIM_PARTS.length * 4 + packed.byteLength);
    const view = new DataView(whole.buffer);
    for (const [index, part] of SHIM_PARTS.entries())
      view.setUint32(index * 4, this.#tokens[part], true);
    whole.set(packed, SHIM_PARTS.length * 4);
    return whole;
  }

  /** Calls a part of the shim; the answer is text, a number or nothing. */
  call(
    part: ShimPart,
    ...args: readonly (string | number | boolean | JSValueHandle)[]
  ): string | number | undefined {
    const vm = this.#vm;
    // Outside of the scope, which would dispose it.
    const callee = this.#part(part);
    return vm.withScope(() => {
      const handles = args.map((arg) => {
        if (typeof arg === 'string') return vm.newString(arg);
        if (typeof arg === 'number') return vm.newNumber(arg);
        return typeof arg === 'boolean' ? (arg ? vm.true : vm.false) : arg;
      });
      const answer = vm.callFunction(callee, vm.undefined, ...handles);
      if (answer.isString) return answer.toString();
      return answer.isNumber ? answer.toNumber() : undefined;
    });
  }

  /** Starts a program; its promise is tracked by the shim. */
  evaluate(code: string): void {
    const promise = this.#vm.evalCode(code, FILE, this.#module.EvalFlags.ASYNC);
    try {
      this.#vm.markPromiseHandled(promise);
      this.call('track', promise);
    } finally {
      promise.dispose();
    }
  }

  /** Runs everything that can run. */
  drain(): void {
    this.#vm.executePendingJobs();
  }

  /** Bytes that the engine has taken for the program. */
  memoryBytes(): number {
    return this.#vm.getMemoryUsage().mallocSize;
  }

  dispose(): void {
    this.#vm.dispose();
  }

  #part(part: ShimPart): JSValueHandle {
    let handle = this.#parts.get(part);
    if (handle === undefined) {
      handle = this.#vm.importHandle(this.#tokens[part]);
      this.#parts.set(part, handle);
    }
    return handle;
  }
}

function engineOptions(wasm: WasmModule, bounds: VmBounds, slot: { vm?: QuickJsVm }) {
  return {
    wasm,
    memoryLimit: bounds.memoryBytes,
    maxStackSize: Math.min(MOST_STACK, Math.max(LEAST_STACK, bounds.stackDepth * STACK_PER_LEVEL)),
    interruptHandler: () => slot.vm?.hooks?.interrupt() ?? false,
    timezoneOffset: 0,
    wasi: (memory: { readonly buffer: ArrayBuffer }) => ({
      clock_time_get(_clock: number, _precision: bigint, at: number): number {
        new DataView(memory.buffer).setBigUint64(at, slot.vm?.hooks?.now() ?? 0n, true);
        return 0;
      },
      random_get(at: number, length: number): number {
        new Uint8Array(memory.buffer, at, length).fill(0);
        return 0;
      },
      fd_write(): number {
        return 8; // EBADF: the engine itself has nothing to say.
      },
    }),
  };
}

/** The two ways out; they never throw, because a thrown host error would show its stack to the guest. */
function hostFunctions(vm: QuickJS, slot: { vm?: QuickJsVm }) {
  return {
    'sandbox.send': (...args: JSValueHandle[]): JSValueHandle => {
      const [id, name, text] = args;
      if (id && name && text) slot.vm?.hooks?.send(id.toNumber(), name.toString(), text.toString());
      return vm.undefined;
    },
    'sandbox.write': (...args: JSValueHandle[]): JSValueHandle => {
      const [stream, text] = args;
      if (stream && text) slot.vm?.hooks?.write(stream.toNumber(), text.toString());
      return vm.undefined;
    },
  };
}

function registerHost(vm: QuickJS, slot: { vm?: QuickJsVm }): void {
  for (const [name, act] of Object.entries(hostFunctions(vm, slot))) {
    vm.registerHostCallback(name, act);
  }
}

function installShim(vm: QuickJS, slot: { vm?: QuickJsVm }): Record<ShimPart, number> {
  const functions = hostFunctions(vm, slot);
  const send = vm.newFunction('sandbox.send', functions['sandbox.send']);
  const write = vm.newFunction('sandbox.write', functions['sandbox.write']);
  const make = vm.evalCode(GUEST_SHIM, 'shim');
  const shim = vm.callFunction(make, vm.undefined, send, write);
  const tokens = Object.fromEntries(
    SHIM_PARTS.map((part) => [part, vm.exportHandle(shim.getProp(part))]),
  );
  for (const handle of [send, write, make, shim]) handle.dispose();
  return tokens as Record<ShimPart, number>;
}
