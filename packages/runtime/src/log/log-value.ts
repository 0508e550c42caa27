const DEEPEST = 8;
const MOST_MEMBERS = 200;
const TEXT_SHOWN = 16_384;

/**
 * A value as plain JSON that any serializer can write; never throws.
 *
 * Errors keep name, message, code, hint, stack and causes. What JSON lacks is described: BigInt as digits, functions, symbols,
 * maps, sets and bytes by their kind. Depth, width and texts are bounded; cycles become `[Circular]`.
 */
export function logValue(value: unknown): unknown {
  return describe(value, []);
}

function describe(value: unknown, open: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
      return value.length <= TEXT_SHOWN ? value : `${value.slice(0, TEXT_SHOWN)}…`;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : describeObject(value, open);
    default:
      return `[${typeof value}]`;
  }
}

function describeObject(value: object, open: readonly object[]): unknown {
  if (open.includes(value)) return '[Circular]';
  if (open.length >= DEEPEST) return '[Too deep]';
  const inside = [...open, value];
  try {
    if (value instanceof Error) return describeError(value, inside);
    if (Array.isArray(value)) {
      const items = value
        .slice(0, MOST_MEMBERS)
        .map((item: unknown) => describe(item, inside) ?? null);
      return value.length <= MOST_MEMBERS
        ? items
        : [...items, `… ${value.length - MOST_MEMBERS} more`];
    }
    if (value instanceof Map) return `[Map of ${value.size}]`;
    if (value instanceof Set) return `[Set of ${value.size}]`;
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return `[${value.byteLength} bytes]`;
    }
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === 'function') return describe(toJSON.call(value, ''), inside);
    return describeMembers(value, inside);
  } catch {
    return '[Unreadable]'; // A getter or trap of somebody else's object threw; the line still goes out.
  }
}

function describeMembers(value: object, inside: readonly object[]): unknown {
  const members: [string, unknown][] = [];
  const names = Object.keys(value);
  for (const name of names.slice(0, MOST_MEMBERS)) {
    let member: unknown;
    try {
      member = describe((value as Readonly<Record<string, unknown>>)[name], inside);
    } catch {
      member = '[Unreadable]';
    }
    if (member !== undefined) members.push([name, member]);
  }
  if (names.length > MOST_MEMBERS) members.push(['…', `${names.length - MOST_MEMBERS} more`]);
  return Object.fromEntries(members);
}

function describeError(error: Error, inside: readonly object[]): unknown {
  const { name, message, stack, cause } = error;
  const { code, hint } = error as { readonly code?: unknown; readonly hint?: unknown };
  return {
    name,
    message,
    ...(code === undefined ? {} : { code: describe(code, inside) }),
    ...(hint === undefined ? {} : { hint: describe(hint, inside) }),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(cause === undefined ? {} : { cause: describe(cause, inside) }),
    ...(error instanceof AggregateError ? { errors: describe(error.errors, inside) } : {}),
  };
}
