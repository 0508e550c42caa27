import type { JsonObject, JsonValue } from '@engramkit/core';
import { asObject } from './error.js';
import { readText, readTexts } from './read.js';

/** What stands in the place of a credential's value wherever it is shown. Source: arcp section 7.1, C-4. */
export const REDACTED = '[REDACTED]';

/** What a credential is limited to upstream. */
export interface CredentialConstraints {
  readonly budget?: readonly string[];
  readonly models?: readonly string[];
  readonly expiresAt?: string;
}

/** The parts of a {@link Credential}. */
export interface CredentialFields {
  readonly id: string;
  readonly scheme: string;
  readonly value: string;
  /** The base URL; the value is never presented elsewhere. */
  readonly endpoint: string;
  readonly profile?: string;
  readonly constraints?: CredentialConstraints;
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A secret that a runtime issued for one job.
 *
 * Every rendering hides the value; {@link Credential.reveal} gives it, until {@link Credential.drop} was called.
 * Source: arcp section 7.1.
 */
export class Credential {
  readonly id: string;
  readonly scheme: string;
  readonly endpoint: string;
  readonly profile: string | undefined;
  readonly constraints: CredentialConstraints | undefined;
  #value: string | undefined;

  constructor(fields: CredentialFields) {
    this.id = fields.id;
    this.scheme = fields.scheme;
    this.endpoint = fields.endpoint;
    this.profile = fields.profile;
    this.constraints = fields.constraints;
    this.#value = fields.value;
  }

  /** The value, or nothing after the job ended. */
  reveal(): string | undefined {
    return this.#value;
  }

  /** Replaces the value after a rotation. */
  rotate(value: string): void {
    this.#value = value;
  }

  /** Forgets the value. Source: arcp section 7.1, C-8. */
  drop(): void {
    this.#value = undefined;
  }

  /** The form for logs: without the value. */
  toJSON(): JsonObject {
    return { ...this.#shape(), value: REDACTED };
  }

  /** The form for the wire, with the value; only for the submitter. */
  toWire(): JsonObject {
    return { ...this.#shape(), value: this.#value ?? REDACTED };
  }

  toString(): string {
    return `Credential(${this.id}, ${REDACTED})`;
  }

  [INSPECT](): string {
    return this.toString();
  }

  #shape(): JsonObject {
    const { budget, models, expiresAt } = this.constraints ?? {};
    return {
      id: this.id,
      scheme: this.scheme,
      endpoint: this.endpoint,
      ...(this.profile === undefined ? {} : { profile: this.profile }),
      ...(this.constraints === undefined
        ? {}
        : {
            constraints: {
              ...(budget === undefined ? {} : { 'cost.budget': budget }),
              ...(models === undefined ? {} : { 'model.use': models }),
              ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
            },
          }),
    };
  }
}

/** The credentials of an acceptance; those of unknown schemes and broken ones are left out, the frame stays. */
export function readCredentials(value: JsonValue | undefined): readonly Credential[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) => {
    const from = asObject(entry);
    const id = from && readText(from, 'id');
    const secret = from && readText(from, 'value');
    const endpoint = from && readText(from, 'endpoint');
    if (from === undefined || id === undefined || secret === undefined || endpoint === undefined)
      return [];
    if (from.scheme !== 'bearer') return [];
    const profile = readText(from, 'profile');
    const constraints = readConstraints(asObject(from.constraints));
    return [
      new Credential({
        id,
        scheme: 'bearer',
        value: secret,
        endpoint,
        ...(profile === undefined ? {} : { profile }),
        ...(constraints === undefined ? {} : { constraints }),
      }),
    ];
  });
}

/** Reads the draft's keys and those of the TypeScript SDK. Source: arcp section 7.1. */
function readConstraints(from: JsonObject | undefined): CredentialConstraints | undefined {
  if (from === undefined) return undefined;
  const spend = asObject(from.max_spend);
  const budget =
    readTexts(from, 'cost.budget') ??
    (typeof spend?.currency === 'string' && spend.amount !== undefined
      ? [`${spend.currency}:${String(spend.amount)}`]
      : undefined);
  const models = readTexts(from, 'model.use') ?? readTexts(from, 'allowed_models');
  const expiresAt = readText(from, 'expires_at');
  return {
    ...(budget === undefined ? {} : { budget }),
    ...(models === undefined ? {} : { models }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
