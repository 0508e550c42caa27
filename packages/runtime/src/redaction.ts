import { createRedactor, type Redactor } from '@engramkit/secrets';

/** The secret values that are known so far; log lines, spans and records pass through it. */
export interface Redaction {
  /** Replaces every known secret value in texts, JSON and errors. */
  readonly redact: Redactor;
  /** Whether any value is known. */
  readonly active: boolean;
  /** Adds values. */
  add(values: readonly string[]): void;
}

/** A redaction without values. */
export function createRedaction(): Redaction {
  const known = new Set<string>();
  let redactor: Redactor | undefined;
  const redact = (value: unknown): unknown => (redactor === undefined ? value : redactor(value));
  return {
    redact: redact as Redactor, // One implementation for the overloads: a text stays a text.
    get active() {
      return redactor !== undefined;
    },
    add(values) {
      const before = known.size;
      for (const value of values) known.add(value);
      if (known.size > before) redactor = createRedactor([...known]);
    },
  };
}
