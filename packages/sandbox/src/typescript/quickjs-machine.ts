import { parseJson } from '@engramkit/core';
import { type StopReason, stopError } from '../engine/guest-failure.js';
import {
  type GuestTool,
  type Machine,
  type MachinePort,
  type MachineRun,
  type MachineSettlement,
  type MachineUsage,
  STOP,
  type Turn,
} from '../engine/protocol.js';
import { type Diagnostic, errorObject } from '../wire/run-types.js';
import { engineProblem, type ProblemContext, uncaughtProblem } from './guest-problem.js';
import { type PreparedProgram, type ProgramReader, prepareProgram } from './prepare-program.js';
import { type QuickJsModule, QuickJsVm } from './quickjs-vm.js';
import type { WasmModule } from './wasm-module.js';

/** What a machine is made of. */
export interface QuickJsMachineParts {
  readonly module: QuickJsModule;
  readonly wasm: WasmModule;
  readonly reader: ProgramReader;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Bounds of the machine that is kept ready; a run with others gets one of its own. */
const READY_BOUNDS = { memoryBytes: 64 * 1024 * 1024, stackDepth: 256 };

/** TypeScript and JavaScript on QuickJS in WebAssembly. */
export class QuickJsMachine implements Machine {
  readonly #parts: QuickJsMachineParts;
  #ready: QuickJsVm | undefined;
  #kept: { readonly id: string; readonly bounds: string; readonly vm: QuickJsVm } | undefined;
  #vm: QuickJsVm | undefined;
  #bounds = '';
  #run: MachineRun | undefined;
  #port: MachinePort | undefined;
  #sameplaces = true;
  #hasValue = false;
  #reason: StopReason | undefined;
  #cpuMs = 0;
  #enteredAt = 0;
  #instructions = 0;
  #memoryPeak = 0;
  #written = 0;
  #called = 0;
  #findings: Diagnostic[] = [];

  constructor(parts: QuickJsMachineParts) {
    this.#parts = parts;
  }

  async start(run: MachineRun, port: MachinePort): Promise<Turn> {
    this.#begin(run, port);
    const vm = await this.#open(run);
    const prepared = this.#prepared(run, vm);
    if (prepared.program === undefined) return this.#refused(prepared);
    const { program } = prepared;
    this.#sameplaces = prepared.sameplaces;
    this.#hasValue = program.hasValue;
    return this.#turn(() => {
      if (run.image === undefined) vm.call('seed', run.seed);
      const names = JSON.stringify(run.tools.map(({ name }) => name));
      vm.call('begin', names, run.inputsText, JSON.stringify(program.declared), run.keepResult);
      vm.evaluate(program.code);
    });
  }

  async attach(run: MachineRun, port: MachinePort): Promise<Turn> {
    this.#begin(run, port);
    const prepared = this.#prepared(run, await this.#open(run));
    this.#sameplaces = prepared.sameplaces;
    this.#hasValue = prepared.program?.hasValue ?? false;
    return { kind: 'blocked' };
  }

  settle(settlements: readonly MachineSettlement[]): Turn {
    return this.#turn((vm) => {
      for (const { id, ok, text } of settlements) vm.call('settle', id, ok, text);
    });
  }

  image(): Uint8Array {
    const vm = this.#live();
    const image = vm.image();
    this.#memoryPeak = Math.max(this.#memoryPeak, vm.reservedBytes);
    return image;
  }

  usage(): MachineUsage {
    return {
      cpuMs: this.#cpuMs,
      memoryPeakBytes: this.#memoryPeak,
      instructions: this.#instructions,
    };
  }

  diagnostics(): readonly Diagnostic[] {
    return this.#findings;
  }

  async validate(
    code: string,
    tools: readonly GuestTool[],
    run: Pick<MachineRun, 'image' | 'inputsText'>,
  ): Promise<readonly Diagnostic[]> {
    const vm =
      run.image === undefined
        ? await this.#fresh()
        : await QuickJsVm.restore(this.#parts.module, this.#parts.wasm, READY_BOUNDS, run.image);
    try {
      const known = knownNames(vm, tools, run.inputsText);
      return prepareProgram(code, known, 'full', this.#parts.reader).findings;
    } finally {
      vm.dispose();
    }
  }

  rest(imageId: string | undefined): void {
    this.#kept?.vm.dispose();
    const vm = this.#vm;
    this.#vm = undefined;
    this.#run = undefined;
    this.#port = undefined;
    this.#kept = undefined;
    if (vm === undefined) return;
    vm.hooks = undefined;
    if (imageId === undefined) vm.dispose();
    else this.#kept = { id: imageId, bounds: this.#bounds, vm };
  }

  async prepare(): Promise<void> {
    this.#ready ??= await QuickJsVm.create(this.#parts.module, this.#parts.wasm, READY_BOUNDS);
  }

  #begin(run: MachineRun, port: MachinePort): void {
    this.#vm?.dispose();
    this.#vm = undefined;
    this.#run = run;
    this.#port = port;
    this.#reason = undefined;
    this.#cpuMs = 0;
    this.#instructions = 0;
    this.#memoryPeak = 0;
    this.#written = 0;
    this.#called = 0;
    this.#findings = [];
  }

  async #open(run: MachineRun): Promise<QuickJsVm> {
    const { memoryBytes, stackDepth } = run.limits;
    const bounds = { memoryBytes, stackDepth };
    this.#bounds = `${memoryBytes}/${stackDepth}`;
    const kept = this.#kept;
    this.#kept = undefined;
    let vm: QuickJsVm | undefined;
    if (kept !== undefined && kept.id === run.imageId && kept.bounds === this.#bounds) vm = kept.vm;
    else kept?.vm.dispose();
    if (vm === undefined && run.image === undefined) {
      const usual =
        memoryBytes === READY_BOUNDS.memoryBytes && stackDepth === READY_BOUNDS.stackDepth;
      vm = usual
        ? await this.#fresh()
        : await QuickJsVm.create(this.#parts.module, this.#parts.wasm, bounds);
    }
    const { module, wasm } = this.#parts;
    vm ??= await QuickJsVm.restore(module, wasm, bounds, run.image as Uint8Array);
    vm.hooks = {
      interrupt: () => this.#interrupt(),
      send: (id, name, argsText) => this.#send(id, name, argsText),
      write: (stream, text) => this.#write(stream === 2 ? 'stderr' : 'stdout', text),
      now: () => BigInt(Math.floor((run.fixedNowMs ?? this.#parts.now()) * 1_000)) * 1_000n,
    };
    this.#vm = vm;
    return vm;
  }

  async #fresh(): Promise<QuickJsVm> {
    await this.prepare();
    const vm = this.#ready as QuickJsVm;
    this.#ready = undefined;
    return vm;
  }

  #prepared(run: MachineRun, vm: QuickJsVm): PreparedProgram {
    const known = knownNames(vm, run.tools, run.inputsText);
    return prepareProgram(run.code, known, run.checks, this.#parts.reader);
  }

  #refused({ findings }: PreparedProgram): Turn {
    this.#findings = [...findings];
    const [first] = findings;
    const error =
      first === undefined
        ? errorObject('SYNTAX_ERROR', 'the program cannot be read')
        : errorObject(first.code, first.message, first);
    return { kind: 'failed', error, keepState: true };
  }

  /** Lets the guest run until it is done, stopped, or waits. */
  #turn(act: (vm: QuickJsVm) => void): Turn {
    const vm = this.#live();
    this.#enteredAt = this.#parts.monotonic();
    let thrown: unknown;
    let text: string | number | undefined;
    let state: string | number | undefined = 0;
    try {
      act(vm);
      vm.drain();
      state = vm.call('state');
      if (state === 1) {
        text = vm.call('result', this.#hasValue);
        state = vm.call('state');
      }
      if (state === 2) text = vm.call('problem');
      if (state !== 0) this.#memoryPeak = Math.max(this.#memoryPeak, vm.memoryBytes());
    } catch (error) {
      thrown = error;
    }
    this.#cpuMs += this.#parts.monotonic() - this.#enteredAt;
    this.#checkStop();
    if (this.#reason !== undefined) return this.#stopped(this.#reason);
    if (thrown !== undefined) return engineProblem(thrown, this.#context(memoryOf(vm)));
    if (state === 2) return uncaughtProblem(String(text), this.#context(this.#memoryPeak));
    const open = vm.call('open');
    if (state === 1) {
      return { kind: 'done', resultText: String(text) };
    }
    if (open === 0) {
      const hint = 'It awaits a promise that nothing resolves.';
      const error = errorObject(
        'RUNTIME_ERROR',
        'the program waits for something that never happens',
        { hint },
      );
      return { kind: 'failed', error, keepState: false };
    }
    return { kind: 'blocked' };
  }

  #stopped(reason: StopReason): Turn {
    return { kind: 'failed', error: stopError(reason), keepState: false };
  }

  #context(memoryBytes: number): ProblemContext {
    const memoryLimit = this.#run?.limits.memoryBytes ?? 0;
    this.#memoryPeak = Math.max(this.#memoryPeak, Math.min(memoryBytes, memoryLimit));
    return { sameplaces: this.#sameplaces, memoryBytes, memoryLimit };
  }

  #interrupt(): boolean {
    this.#instructions += 10_000;
    this.#checkStop();
    if (this.#reason !== undefined) return true;
    const cpuMs = this.#cpuMs + this.#parts.monotonic() - this.#enteredAt;
    if (cpuMs > (this.#run?.limits.cpuMs ?? 0)) this.#reason = 'cpu';
    return this.#reason !== undefined;
  }

  #checkStop(): void {
    const code = this.#port?.stopCode() ?? STOP.no;
    if (code === STOP.cancelled) this.#reason = 'cancelled';
    else if (code === STOP.wall) this.#reason = this.#reason === 'cancelled' ? 'cancelled' : 'wall';
    else if (code === STOP.pause) this.#reason ??= 'pause';
  }

  #send(id: number, name: string, argsText: string): void {
    const limits = this.#run?.limits;
    const counted = this.#run?.tools.find((tool) => tool.name === name)?.stub !== '';
    if (counted) this.#called += 1;
    if (limits === undefined || this.#called > limits.mostCalls) {
      this.#reason ??= 'calls';
      return;
    }
    this.#port?.call({ id, name, argsText, kwargsText: '{}' });
  }

  #write(stream: 'stdout' | 'stderr', text: string): void {
    if (this.#reason === 'output') return;
    this.#written += text.length;
    if (this.#written > (this.#run?.limits.mostOutputBytes ?? 0)) this.#reason ??= 'output';
    this.#port?.output(stream, text);
  }

  #live(): QuickJsVm {
    if (this.#vm === undefined) throw new Error('the machine runs nothing');
    return this.#vm;
  }
}

function knownNames(
  vm: QuickJsVm,
  tools: readonly GuestTool[],
  inputsText: string,
): ReadonlySet<string> {
  const globals = String(vm.call('names')).split('\n');
  const inputs = parseJson(inputsText, { what: 'the inputs' });
  return new Set([...globals, ...tools.map(({ name }) => name), ...Object.keys(inputs as object)]);
}

/** An engine that cannot even count has run out of memory, or died of it. */
function memoryOf(vm: QuickJsVm): number {
  try {
    return vm.memoryBytes();
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
