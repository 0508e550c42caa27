/** The part of Node's `process` that the runtime touches; handed in, so that tests stand in for it. */
export interface ProcessPort {
  readonly pid: number;
  exitCode?: number | string | null | undefined;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}
