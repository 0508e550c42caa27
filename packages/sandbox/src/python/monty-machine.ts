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
import { type Diagnostic, diagnostic, type ErrorObject } from '../wire/run-types.js';
import { type BuiltProgram, buildProgram } from './build-program.js';
import { exceptionOfCode, pythonProblem } from './python-problem.js';
import {
  montyToJson,
  packedJson,
  packedToJsonText,
  packInputs,
  unpackable,
} from './python-values.js';
import {
  imageJournal,
  journalImage,
  type PackedValue,
  type SessionJournal,
} from './session-journal.js';
import { pythonStaticChecks } from './static-checks.js';
import { validatePython } from './validate-python.js';

/** The engine package, as far as it is used. */
export type MontyModule = Pick<
  typeof import('@pydantic/monty'),
  'Monty' | 'MontySnapshot' | 'MontyNameLookup' | 'MontyComplete'
>;
type Pause = ReturnType<InstanceType<MontyModule['Monty']>['start']>;
type PausedCall = InstanceType<MontyModule['MontySnapshot']>;

/** Python on Monty. Calls are made one at a time; a program that fails leaves the session as it was. */
export class MontyMachine implements Machine {
  readonly #module: MontyModule;
  readonly #monotonic: () => number;
  #run: MachineRun | undefined;
  #port: MachinePort | undefined;
  #program: BuiltProgram | undefined;
  #journal: SessionJournal = imageJournal(undefined);
  #waiting: { readonly id: number; readonly at: PausedCall } | undefined;
  #kept: Record<string, PackedValue> = {};
  #dropped: string[] = [];
  #finished: PackedValue = null;
  #cpuMs = 0;
  #called = 0;
  #next = 1;
  #written = 0;
  #flooded = false;
  #findings: Diagnostic[] = [];

  constructor(module: MontyModule, monotonic: () => number) {
    this.#module = module;
    this.#monotonic = monotonic;
  }

  async start(run: MachineRun, port: MachinePort): Promise<Turn> {
    this.#begin(run, port);
    const [first, ...others] = run.checks === 'full' ? pythonStaticChecks(run.code, run.tools) : [];
    if (first !== undefined) {
      this.#findings = [first, ...others];
      return { kind: 'failed', error: errorOf(first), keepState: true };
    }
    const inputs = packInputs(run.inputsText);
    const program = buildProgram(run.code, this.#journal, run.tools, Object.keys(inputs));
    try {
      // What the author wrote is read by itself first, so that no trick with indentation or brackets reaches what stands around it.
      new this.#module.Monty(run.code, { scriptName: 'main.py' });
    } catch (thrown) {
      const problem = pythonProblem(thrown, undefined, false);
      return problem.kind === 'failed' ? { ...problem, keepState: true } : problem;
    }
    this.#program = program;
    return this.#turn(() => {
      const monty = new this.#module.Monty(program.code, {
        scriptName: 'main.py',
        inputs: ['__s', '__i'],
      });
      return monty.start({
        inputs: { __s: this.#journal.values, __i: inputs },
        limits: {
          maxDurationSecs: Math.max(0.001, run.limits.cpuMs / 1_000),
          maxMemory: run.limits.memoryBytes,
          maxRecursionDepth: run.limits.stackDepth,
        },
        printCallback: (_stream: string, text: string) => this.#print(text),
      });
    });
  }

  async attach(run: MachineRun, port: MachinePort): Promise<Turn> {
    this.#begin(run, port);
    const { paused } = this.#journal;
    if (paused === undefined) throw new Error('the image is not that of a waiting run');
    this.#program = buildProgram(
      run.code,
      this.#journal,
      run.tools,
      Object.keys(packInputs(run.inputsText)),
    );
    this.#kept = { ...paused.kept };
    this.#dropped = [...paused.dropped];
    const at = this.#module.MontySnapshot.load(Buffer.from(paused.dump, 'base64'), {
      printCallback: (_stream: string, text: string) => this.#print(text),
    });
    this.#waiting = { id: paused.callId, at };
    this.#next = paused.callId + 1;
    return { kind: 'blocked' };
  }

  settle(settlements: readonly MachineSettlement[]): Turn {
    const waiting = this.#waiting;
    const settlement = settlements.find(({ id }) => id === waiting?.id);
    if (waiting === undefined || settlement === undefined) return { kind: 'blocked' };
    this.#waiting = undefined;
    const content = parseJson(settlement.text, {
      what: 'the answer',
      prototypeKeys: 'keep',
      maxDepth: 300,
    });
    return this.#turn(() => {
      if (settlement.ok) return waiting.at.resume({ returnValue: content });
      const { code, message } = content as unknown as ErrorObject;
      return waiting.at.resume({
        exception: { type: exceptionOfCode(code), message: `${code}: ${message}` },
      });
    });
  }

  image(): Uint8Array {
    if (this.#waiting === undefined) return journalImage(this.#journal);
    const { id, at } = this.#waiting;
    const dump = Buffer.from(at.dump()).toString('base64');
    const paused = { dump, callId: id, kept: this.#kept, dropped: this.#dropped };
    return journalImage({ ...this.#journal, paused });
  }

  usage(): MachineUsage {
    return { cpuMs: this.#cpuMs, memoryPeakBytes: 0, instructions: 0 };
  }

  diagnostics(): readonly Diagnostic[] {
    return this.#findings;
  }

  async validate(
    code: string,
    tools: readonly GuestTool[],
    run: Pick<MachineRun, 'image' | 'inputsText'>,
  ): Promise<readonly Diagnostic[]> {
    return validatePython(this.#module.Monty, { code, tools, ...run });
  }

  rest(): void {
    this.#run = undefined;
    this.#port = undefined;
    this.#waiting = undefined;
  }

  async prepare(): Promise<void> {
    // Nothing to keep warm: a machine takes microseconds to make.
  }

  #begin(run: MachineRun, port: MachinePort): void {
    this.#run = run;
    this.#port = port;
    this.#journal = imageJournal(run.image);
    this.#waiting = undefined;
    this.#kept = {};
    this.#dropped = [];
    this.#finished = null;
    this.#cpuMs = 0;
    this.#called = 0;
    this.#next = 1;
    this.#written = 0;
    this.#flooded = false;
    this.#findings = [];
  }

  /** Lets the guest run until it is done, fails, or calls a capability. */
  #turn(act: () => Pause): Turn {
    const enteredAt = this.#monotonic();
    try {
      return this.#follow(act());
    } catch (thrown) {
      const stop = this.#stopReason();
      if (stop !== undefined) return { kind: 'failed', error: stopError(stop), keepState: false };
      const spentMs = this.#cpuMs + this.#monotonic() - enteredAt;
      return pythonProblem(thrown, this.#program, spentMs >= (this.#run?.limits.cpuMs ?? 0));
    } finally {
      this.#cpuMs += this.#monotonic() - enteredAt;
    }
  }

  #follow(first: Pause): Turn {
    let at = first;
    for (;;) {
      const stop = this.#stopReason();
      if (stop !== undefined) return { kind: 'failed', error: stopError(stop), keepState: false };
      if (at instanceof this.#module.MontyComplete) return this.#done();
      if (at instanceof this.#module.MontyNameLookup) at = at.resume({});
      else {
        const answer = this.#answer(at);
        if (answer === 'blocked') return { kind: 'blocked' };
        if (answer === 'calls')
          return { kind: 'failed', error: stopError('calls'), keepState: false };
        at = at.resume(answer);
      }
    }
  }

  /** What a function of the host answers at once; `blocked` when it has to be asked. */
  #answer(at: PausedCall): Parameters<PausedCall['resume']>[0] | 'blocked' | 'calls' {
    const { functionName, args } = at;
    if (functionName === '__finish') {
      this.#finished = packedJson(args[0]);
      return { returnValue: null };
    }
    if (functionName === '__keep') {
      const packed = packedJson(args[1]);
      if (unpackable(packed) === undefined) this.#kept[String(args[0])] = packed;
      else this.#dropped.push(String(args[0]));
      return { returnValue: null };
    }
    const name = String(args[0]);
    const tool =
      functionName === '__call' ? this.#run?.tools.find((one) => one.name === name) : undefined;
    if (tool === undefined) {
      const unknown = functionName === '__call' ? name : functionName;
      return { exception: { type: 'NameError', message: `name '${unknown}' is not defined` } };
    }
    if (tool.stub !== '') this.#called += 1;
    if (this.#called > (this.#run?.limits.mostCalls ?? 0)) return 'calls';
    try {
      const argsText = JSON.stringify(montyToJson(args[1]));
      const kwargsText = JSON.stringify(montyToJson(args[2]));
      const id = this.#next++;
      this.#waiting = { id, at };
      this.#port?.call({ id, name, argsText, kwargsText });
      return 'blocked';
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : 'the arguments are no JSON';
      return { exception: { type: 'TypeError', message: `TYPE_ERROR: ${message}` } };
    }
  }

  #done(): Turn {
    const text = packedToJsonText(this.#finished);
    const { imports = [], functions = [] } = this.#program ?? {};
    this.#journal = { values: this.#kept, imports, functions };
    for (const name of this.#dropped) {
      const hint =
        'Only values that JSON can say and top-level functions are kept for the next run.';
      this.#findings.push(
        diagnostic('warning', 'UNSUPPORTED_FEATURE', `'${name}' is not kept`, { hint }),
      );
    }
    if (typeof text === 'string') return { kind: 'done', resultText: text };
    return { kind: 'failed', error: text.error, keepState: true };
  }

  #print(text: string): undefined {
    const most = this.#run?.limits.mostOutputBytes ?? 0;
    if (this.#flooded) return undefined;
    this.#written += text.length;
    if (this.#written > most) this.#flooded = true;
    this.#port?.output('stdout', text);
    return undefined;
  }

  #stopReason(): StopReason | undefined {
    const code = this.#port?.stopCode() ?? STOP.no;
    if (code === STOP.cancelled) return 'cancelled';
    if (code === STOP.wall) return 'wall';
    return this.#flooded ? 'output' : undefined;
  }
}

function errorOf({ code, message, hint, span }: Diagnostic): ErrorObject {
  return { code, message, hint, span };
}
