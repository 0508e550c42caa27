/** A stream whose errors can be heard; the standard streams fit. */
export interface ErrorSource {
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** The part of Node's `process` that the runtime touches; handed in, so that tests stand in for it. */
export interface ProcessPort {
  exitCode?: number | string | null | undefined;
  readonly stdout?: ErrorSource | undefined;
  readonly stderr?: ErrorSource | undefined;
  on(event: string, listener: (...parameters: unknown[]) => void): unknown;
  off(event: string, listener: (...parameters: unknown[]) => void): unknown;
  /** Ends the process. */
  exit?(code: number): void;
}
