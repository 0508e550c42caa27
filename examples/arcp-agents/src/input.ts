import type { JsonValue } from 'engramkit';

/** The members of an input that is an object; of any other input none. */
export function objectOf(input: unknown): Readonly<Record<string, JsonValue | undefined>> {
  return typeof input === 'object' && input !== null && !Array.isArray(input)
    ? (input as Readonly<Record<string, JsonValue | undefined>>) // JSON: every member is a JSON value.
    : {};
}

export const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise;

export const textOf = (value: unknown, otherwise: string): string =>
  typeof value === 'string' ? value : otherwise;

/** Waits; rejects with the reason of the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
