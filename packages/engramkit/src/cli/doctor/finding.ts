/** What one look at the machine found. */
export interface Finding {
  /** What was looked at, in one or two words. */
  readonly check: string;
  readonly verdict: 'fine' | 'notice' | 'broken';
  /** What is the case. */
  readonly text: string;
  /** What to do about it; absent when there is nothing to do. */
  readonly fix?: string;
}

/** What the checks look at; handed in, so that tests can show them a broken machine. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nodeVersion: string;
  /** The directory of the project that is looked at. */
  readonly directory: string;
  /** Where runs are kept. */
  readonly stateDirectory: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: () => number;
}
