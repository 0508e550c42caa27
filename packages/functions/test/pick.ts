/** What stands at a path of a JSON value; `undefined` when there is nothing. */
export function pick(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (at as Readonly<Record<string | number, unknown>> | undefined | null)?.[step],
    value,
  );
}
