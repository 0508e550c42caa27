/**
 * The moment as `YYYY-MM-DDTHH:MM:SS.ffffffZ`: UTC, six digits.
 *
 * `ms` is milliseconds since 1970-01-01T00:00:00Z; fractions become microseconds, and a whole number gets `000`.
 * Source: provenance section 2.3.
 */
export function formatMicroseconds(ms: number): string {
  const whole = Math.floor(ms);
  const micros = Math.min(999, Math.floor((ms - whole) * 1_000));
  return `${new Date(whole).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
}

/** Milliseconds since 1970-01-01T00:00:00Z, with fractions, of a text that {@link formatMicroseconds} wrote; else undefined. */
export function parseMicroseconds(text: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|\+00:00)$/.exec(text);
  if (match === null) return undefined;
  const base = Date.parse(`${match[1]}Z`);
  if (Number.isNaN(base)) return undefined;
  return base + Number(`0.${match[2] ?? '0'}`) * 1_000;
}

/** `HH:MM:SS.mmm` in UTC; microseconds are cut, not rounded. Source: provenance section 3.6. */
export function formatClockTime(ms: number): string {
  return new Date(Math.floor(ms)).toISOString().slice(11, 23);
}
