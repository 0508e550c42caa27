import type { Language } from '../wire/session-types.js';
import type { EngineEvent, EngineRequest } from './protocol.js';

/** One running interpreter, with at most one program at a time. */
export interface EngineConnection {
  post(request: EngineRequest): void;
  /** Asks the running program to stop; one of the stop codes. 0 takes that back. */
  stop(code: number): void;
  /** Ends the interpreter at once, whatever it does; resolves when it is gone, or when it cannot be. */
  kill(): Promise<void>;
  /** Where events go; replaced by every user of the connection. */
  onEvent: (event: EngineEvent) => void;
  /** Whether it can still be used. */
  readonly alive: boolean;
}

/**
 * Runs programs of one language.
 *
 * An engine keeps no sessions: their state comes with every run and leaves as an image, so that any interpreter can carry on.
 */
export interface LanguageEngine {
  readonly language: Language;
  /** Name and version stand in snapshots: an image is read only by what wrote it. */
  readonly name: string;
  readonly version: string;
  /** Starts an interpreter. Rejects with `UNSUPPORTED_FEATURE` when the engine's package is not installed. */
  connect(): Promise<EngineConnection>;
}
