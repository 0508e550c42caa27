import { EngramkitError } from '@engramkit/core';
import { compareKeys } from './key-order.js';
import type { Secrets } from './secrets.js';

/** What every rendering of a store shows. Source: bobrapet-batch section 5.4. */
const RENDERING = '[redacted secrets]';
/** What stands for a value. Source: bobrapet-batch section 5.4. */
export const REDACTED = '[REDACTED]';

/**
 * Secrets in memory: readable by key, printable by no path.
 *
 * Values live in a private field, so that inspection, JSON, string conversion, spreading, enumeration and structured cloning have
 * nothing to show.
 */
export class SecretStore<Name extends string = string> implements Secrets<Name> {
  readonly #values: ReadonlyMap<string, string>;
  readonly #declared: ReadonlySet<string> | undefined;

  /** `declared` limits the keys that may be asked for; without it any key may. */
  constructor(
    values: Iterable<readonly [key: string, value: string]>,
    options: { readonly declared?: readonly Name[] | undefined } = {},
  ) {
    this.#values = new Map(values);
    this.#declared = options.declared === undefined ? undefined : new Set(options.declared);
  }

  get(name: Name): string | undefined {
    this.#checkDeclared(name);
    return this.#values.get(name);
  }

  require(name: Name): string {
    const value = this.get(name);
    if (value === undefined) throw this.#notFound(name);
    if (value === '') {
      throw new EngramkitError(`the secret ${JSON.stringify(name)} is empty`, {
        code: 'SECRET_EMPTY',
        hint: 'Give it a value, or read it with get() if empty is fine.',
      });
    }
    return value;
  }

  has(name: Name): boolean {
    this.#checkDeclared(name);
    return this.#values.has(name);
  }

  names(): readonly string[] {
    const names = [...this.#values.keys()];
    const declared = this.#declared;
    return (declared === undefined ? names : names.filter((name) => declared.has(name))).sort(
      compareKeys,
    );
  }

  select<Chosen extends Name>(
    ...names: readonly Chosen[]
  ): Readonly<Partial<Record<Chosen, string>>> {
    const entries = names.flatMap((name) => {
      const value = this.get(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    // The keys are the chosen names, which `fromEntries` widens to any text.
    return Object.freeze(Object.fromEntries(entries)) as Readonly<Partial<Record<Chosen, string>>>;
  }

  getAll(): Readonly<Record<string, string>> {
    return Object.freeze(Object.fromEntries(this.names().map((name) => [name, REDACTED])));
  }

  /** The same secrets for a component that declared its names; asking for others throws `SECRET_NOT_DECLARED`. */
  declare<Declared extends string>(names: readonly Declared[]): SecretStore<Declared> {
    return new SecretStore<Declared>(this.#values, { declared: names });
  }

  toString(): string {
    return RENDERING;
  }

  toJSON(): string {
    return RENDERING;
  }

  [Symbol.toPrimitive](): string {
    return RENDERING;
  }

  /** What `util.inspect` and `console` show. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return RENDERING;
  }

  #checkDeclared(name: string): void {
    if (this.#declared === undefined || this.#declared.has(name)) return;
    throw new EngramkitError(`the secret ${JSON.stringify(name)} is not declared`, {
      code: 'SECRET_NOT_DECLARED',
      hint: 'Add it to the secrets of the component.',
      details: { name, declared: [...this.#declared].sort(compareKeys) },
    });
  }

  #notFound(name: string): EngramkitError {
    const names = this.names();
    const delivered = names.length === 0 ? 'none was' : `delivered are ${names.join(', ')}`;
    return new EngramkitError(
      `the secret ${JSON.stringify(name)} was not delivered (${delivered})`,
      {
        code: 'SECRET_NOT_FOUND',
        hint: `Locally, pass --secret ${name}=env:VARIABLE or --secret ${name}=file:PATH; in a cluster, bind it.`,
        details: { name, delivered: names },
      },
    );
  }
}

/** Secrets from values at hand, for tests and embedding. */
export function secretsFromValues<Name extends string>(
  values: Readonly<Partial<Record<Name, string>>>,
): SecretStore<Name> {
  const entries = Object.entries<string | undefined>(values);
  return new SecretStore<Name>(
    entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}

/** The plain values, for a redactor; the one place where all of them leave the store at once. */
export function secretValues<Name extends string>(secrets: Secrets<Name>): readonly string[] {
  const names = secrets.names() as readonly Name[]; // Whatever the declared type says, these are the keys that there are.
  return Object.values<string | undefined>(secrets.select(...names)).filter(
    (value) => value !== undefined,
  );
}
