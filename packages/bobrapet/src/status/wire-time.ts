/** RFC 3339 in whole seconds, UTC; fractions are cut off. Source: bobrapet-batch section 3.5. */
export function toWireSeconds(milliseconds: number): string {
  return `${new Date(Math.floor(milliseconds / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 in whole seconds, UTC, rounded up, so that no instant with a fraction lies after it. Source: bobrapet-batch section 7.4. */
export function toWireSecondsUp(milliseconds: number): string {
  return toWireSeconds(Math.ceil(milliseconds / 1_000) * 1_000);
}

/** A Kubernetes MicroTime: always six digits of fraction. Source: bobrapet-batch section 7.2. */
export function toMicroTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, -1)}000Z`;
}

const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d{2}:\d{2})$/u;

/** Nanoseconds since 1970-01-01T00:00:00Z of an RFC 3339 text; `undefined` when it is none. */
export function parseWireTime(text: string): bigint | undefined {
  const [matched, date, time, fraction = '', zone = 'Z'] = RFC3339.exec(text.trim()) ?? [];
  if (matched === undefined) return undefined;
  const milliseconds = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** Milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 text, fractions of them cut off; `undefined` when it is none. */
export function parseWireTimeMs(text: string): number | undefined {
  const nanoseconds = parseWireTime(text);
  return nanoseconds === undefined ? undefined : Number(nanoseconds / 1_000_000n);
}
