import type { Diagnostic, ErrorObject } from '../wire/run-types.js';

/** Why a machine has to stop; 0 means that it does not. */
export const STOP = { no: 0, cancelled: 1, wall: 2, pause: 3 } as const;

/** How a capability looks to a program. */
export interface GuestTool {
  readonly name: string;
  /** Python only: whether the program awaits it. */
  readonly awaited: boolean;
  /** Named after what it takes and gives, for static checks. */
  readonly stub: string;
}

/** Bounds that the machine itself keeps. */
export interface MachineLimits {
  readonly memoryBytes: number;
  readonly stackDepth: number;
  /** Milliseconds that are left inside of the guest. */
  readonly cpuMs: number;
  /** After this many bytes of output the program is stopped. */
  readonly mostOutputBytes: number;
  /** Calls that may still be started. */
  readonly mostCalls: number;
}

/** One program to run on the state of a session. */
export interface MachineRun {
  readonly code: string;
  /** JSON text of an object. */
  readonly inputsText: string;
  readonly tools: readonly GuestTool[];
  /** The state of the session; absent for a new one. */
  readonly image: Uint8Array | undefined;
  /** Names the image, so that a machine may keep its state alive between runs. */
  readonly imageId: string | undefined;
  readonly seed: number;
  /** A clock that stands still for the guest, milliseconds since 1970; absent for the real one. */
  readonly fixedNowMs: number | undefined;
  readonly limits: MachineLimits;
  readonly keepResult: boolean;
  /** `full` refuses what can be seen to be wrong before anything runs; `syntax` only what cannot be parsed. */
  readonly checks: 'full' | 'syntax';
}

/** A call on its way out of the machine; everything crosses as JSON text. */
export interface MachineCall {
  readonly id: number;
  readonly name: string;
  readonly argsText: string;
  readonly kwargsText: string;
}

/** An answer on its way into the machine. */
export interface MachineSettlement {
  readonly id: number;
  readonly ok: boolean;
  /** JSON text: the value, or an error object. */
  readonly text: string;
}

/** Where a machine stands when nothing of it runs. */
export type Turn =
  | { readonly kind: 'blocked' }
  | { readonly kind: 'done'; readonly resultText: string }
  | { readonly kind: 'failed'; readonly error: ErrorObject; readonly keepState: boolean };

/** What a machine used so far in this run. */
export interface MachineUsage {
  readonly cpuMs: number;
  readonly memoryPeakBytes: number;
  readonly instructions: number;
}

/** What a machine needs from around it. */
export interface MachinePort {
  call(call: MachineCall): void;
  output(stream: 'stdout' | 'stderr', text: string): void;
  /** One of {@link STOP}. */
  stopCode(): number;
}

/** An interpreter with at most one program at a time; never throws for reasons of the guest. */
export interface Machine {
  start(run: MachineRun, port: MachinePort): Promise<Turn>;
  /** Takes up a run that stands still, from its image, without running anything. */
  attach(run: MachineRun, port: MachinePort): Promise<Turn>;
  settle(settlements: readonly MachineSettlement[]): Turn;
  /** The whole state, also of a run that stands still. */
  image(): Uint8Array;
  usage(): MachineUsage;
  /** Findings beside the error. */
  diagnostics(): readonly Diagnostic[];
  /** Everything that can be found without running. */
  validate(
    code: string,
    tools: readonly GuestTool[],
    run: Pick<MachineRun, 'image' | 'inputsText'>,
  ): Promise<readonly Diagnostic[]>;
  /** Keeps the state of the finished run for the next one of that image id; without id it is dropped. */
  rest(imageId: string | undefined): void;
  /** Prepares for the next session while nothing is asked. */
  prepare(): Promise<void>;
}

/** What a host sends to an engine. The epoch names the run: what belongs to a run that has ended is ignored by both sides. */
export type EngineRequest =
  | { readonly type: 'start' | 'attach'; readonly epoch: number; readonly run: MachineRun }
  | {
      readonly type: 'settle';
      readonly epoch: number;
      readonly settlements: readonly MachineSettlement[];
    }
  | { readonly type: 'image'; readonly epoch: number }
  | { readonly type: 'rest'; readonly imageId: string | undefined }
  | {
      readonly type: 'validate';
      readonly code: string;
      readonly tools: readonly GuestTool[];
      readonly image: Uint8Array | undefined;
      readonly inputsText: string;
    };

/** What an engine sends to its host. */
export type EngineEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'broken'; readonly error: ErrorObject }
  | { readonly type: 'call'; readonly epoch: number; readonly call: MachineCall }
  | {
      readonly type: 'output';
      readonly epoch: number;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  | {
      readonly type: 'turn';
      readonly epoch: number;
      readonly turn: Turn;
      /** How many settlements the machine has seen in this run. */
      readonly settled: number;
      readonly usage: MachineUsage;
      readonly diagnostics: readonly Diagnostic[];
      /** The state after a run that ended and keeps it. */
      readonly image: Uint8Array | undefined;
    }
  | { readonly type: 'image'; readonly epoch: number; readonly image: Uint8Array }
  | { readonly type: 'findings'; readonly diagnostics: readonly Diagnostic[] };
