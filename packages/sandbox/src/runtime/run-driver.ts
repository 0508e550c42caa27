import {
  type Clock,
  type JsonObject,
  type JsonValue,
  parseJson,
  type Timer,
  utf8Length,
} from '@engramkit/core';
import type { EngineConnection } from '../engine/engine.js';
import { stopError } from '../engine/guest-failure.js';
import {
  type EngineEvent,
  type EngineRequest,
  type MachineCall,
  type MachineRun,
  type MachineUsage,
  STOP,
  type Turn,
} from '../engine/protocol.js';
import type { CapabilityCalls } from '../tools/capability-calls.js';
import type { Settlement } from '../tools/guest-call.js';
import type { ToolRegistry } from '../tools/tool-registry.js';
import { type Diagnostic, type ErrorObject, errorObject } from '../wire/run-types.js';
import { discover } from './discovery.js';
import type { OutputBuffer } from './output-buffer.js';

let epochs = 0;

/** How driving a run ended. */
export type DriveEnd =
  | { readonly kind: 'done'; readonly resultText: string; readonly image: Uint8Array }
  | { readonly kind: 'failed'; readonly error: ErrorObject; readonly image: Uint8Array | undefined }
  | { readonly kind: 'paused'; readonly image: Uint8Array };

/** What a run is driven with. */
export interface RunDriverOptions {
  readonly connection: EngineConnection;
  readonly calls: CapabilityCalls;
  readonly registry: ToolRegistry;
  readonly stdout: OutputBuffer;
  readonly stderr: OutputBuffer;
  /** Milliseconds that are left. */
  readonly wallMs: number;
  readonly cpuMs: number;
  /** How long a program may go on after it was told to stop. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** Aborting it cancels the run. */
  readonly cancelled: AbortSignal;
  /** Aborts the handlers. */
  readonly handlers: AbortController;
}

const NO_USAGE: MachineUsage = { cpuMs: 0, memoryPeakBytes: 0, instructions: 0 };

/** Carries one run between its interpreter and its capabilities until it ends or waits for people. */
export class RunDriver {
  readonly #options: RunDriverOptions;
  /** Names this run to the interpreter, which may still have something to say about the one before. */
  readonly #epoch = ++epochs;
  readonly #timers = new Set<Timer>();
  #cpuTimer: Timer | undefined;
  #finish: (end: DriveEnd) => void = () => undefined;
  #ended = false;
  #blocked = false;
  #sent = 0;
  #inFlight = 0;
  #stopping: ErrorObject | undefined;
  usage: MachineUsage = NO_USAGE;
  diagnostics: readonly Diagnostic[] = [];
  /** Whether the interpreter had to be ended. */
  killed = false;

  constructor(options: RunDriverOptions) {
    this.#options = options;
  }

  /** Starts or takes up a run; `decided` is what people decided meanwhile. Never rejects. */
  async drive(
    request: { readonly type: 'start' | 'attach'; readonly run: MachineRun },
    decided: readonly Promise<Settlement>[] = [],
  ): Promise<DriveEnd> {
    const { connection, wallMs, cancelled, handlers } = this.#options;
    const onCancel = (): void => this.#stop(STOP.cancelled, stopError('cancelled'));
    const end = new Promise<DriveEnd>((resolve) => {
      this.#finish = resolve;
    });
    connection.onEvent = (event) => this.#event(event);
    this.#timer(() => this.#stop(STOP.wall, stopError('wall')), wallMs);
    if (cancelled.aborted) onCancel();
    else cancelled.addEventListener('abort', onCancel, { once: true });
    this.#inFlight += decided.length;
    this.#post({ ...request, epoch: this.#epoch });
    for (const settlement of decided) void this.#settleLater(settlement);
    try {
      return await end;
    } finally {
      this.#ended = true;
      cancelled.removeEventListener('abort', onCancel);
      for (const timer of this.#timers) timer.cancel();
      this.#cpuTimer?.cancel();
      handlers.abort(this.#stopping);
    }
  }

  #event(event: EngineEvent): void {
    if (this.#ended || ('epoch' in event && event.epoch !== this.#epoch)) return;
    const { stdout, stderr } = this.#options;
    switch (event.type) {
      case 'call':
        this.#call(event.call);
        break;
      case 'output':
        (event.stream === 'stderr' ? stderr : stdout).write(event.text);
        break;
      case 'turn':
        this.#cpuTimer?.cancel();
        this.usage = event.usage;
        this.diagnostics = event.diagnostics;
        this.#turn(event.turn, event.settled, event.image);
        break;
      case 'image':
        this.#finish({ kind: 'paused', image: event.image });
        break;
      case 'broken':
        this.killed = true;
        this.#finish({ kind: 'failed', error: this.#stopping ?? event.error, image: undefined });
        break;
      default:
        break;
    }
  }

  #turn(turn: Turn, settled: number, image: Uint8Array | undefined): void {
    if (turn.kind === 'blocked') {
      this.#blocked = settled === this.#sent;
      if (this.#stopping !== undefined) this.#fail(this.#stopping);
      else this.#considerPause();
      return;
    }
    if (turn.kind === 'failed') {
      // A program that was told to stop may fail of something else meanwhile: what it was told counts.
      this.#finish({ kind: 'failed', error: this.#stopping ?? turn.error, image });
      return;
    }
    if (this.#stopping !== undefined) this.#fail(this.#stopping);
    else this.#finish({ kind: 'done', resultText: turn.resultText, image: image as Uint8Array });
  }

  #fail(error: ErrorObject): void {
    this.#finish({ kind: 'failed', error, image: undefined });
  }

  /** When everything waits for people, so does the run. */
  #considerPause(): void {
    const { calls, connection } = this.#options;
    if (!this.#blocked || this.#inFlight > 0 || calls.waiting.length === 0) return;
    connection.post({ type: 'image', epoch: this.#epoch });
  }

  #call(call: MachineCall): void {
    const { registry, calls } = this.#options;
    let args: readonly JsonValue[];
    let kwargs: JsonObject;
    try {
      const options = { what: 'the arguments', maxDepth: 130, prototypeKeys: 'keep' } as const;
      args = parseJson(call.argsText, options) as readonly JsonValue[];
      kwargs = parseJson(call.kwargsText, options) as JsonObject;
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : 'the arguments are no JSON';
      this.#settle({ id: call.id, error: errorObject('TYPE_ERROR', message) });
      return;
    }
    const known = discover({ id: call.id, name: call.name, args }, registry);
    if (known !== undefined) {
      this.#settle(known);
      return;
    }
    const bytes =
      utf8Length(call.argsText) + (call.kwargsText === '{}' ? 0 : utf8Length(call.kwargsText));
    this.#inFlight += 1;
    void this.#settleLater(calls.answer({ id: call.id, name: call.name, args, kwargs, bytes }));
  }

  async #settleLater(settlement: Promise<Settlement | undefined>): Promise<void> {
    const settled = await settlement;
    this.#inFlight -= 1;
    if (settled === undefined) this.#considerPause();
    else this.#settle(settled);
  }

  #settle(settlement: Settlement): void {
    if (this.#ended || this.#stopping !== undefined) return;
    const { id } = settlement;
    const ok = 'value' in settlement;
    const text = JSON.stringify(ok ? settlement.value : settlement.error);
    this.#sent += 1;
    this.#post({ type: 'settle', epoch: this.#epoch, settlements: [{ id, ok, text }] });
  }

  #post(request: EngineRequest): void {
    const { connection, cpuMs, graceMs } = this.#options;
    this.#blocked = false;
    this.#cpuTimer?.cancel();
    // The engine looks at the time itself, except inside of one long native operation.
    const leftMs = Math.max(0, cpuMs - this.usage.cpuMs) + graceMs;
    this.#cpuTimer = this.#options.clock.setTimer(() => {
      this.#stopping ??= stopError('cpu');
      this.#kill();
    }, leftMs + CPU_SLACK_MS);
    connection.post(request);
  }

  #stop(code: number, error: ErrorObject): void {
    if (this.#ended || this.#stopping !== undefined) return;
    const { connection, handlers, graceMs } = this.#options;
    this.#stopping = error;
    connection.stop(code);
    handlers.abort(error);
    if (this.#blocked) this.#fail(error);
    else this.#timer(() => this.#kill(), graceMs);
  }

  #kill(): void {
    if (this.#ended) return;
    this.killed = true;
    void this.#options.connection.kill();
    this.#fail(this.#stopping ?? stopError('wall'));
  }

  #timer(act: () => void, delayMs: number): void {
    this.#timers.add(this.#options.clock.setTimer(act, delayMs));
  }
}

/** Loading the type stripper and reading a program happen before the engine counts. */
const CPU_SLACK_MS = 150;
