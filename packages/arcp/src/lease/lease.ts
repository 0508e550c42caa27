import type { JsonObject, JsonValue } from '@engramkit/core';
import { ArcpError, asObject } from '../error.js';
import { type Amount, parseAmount } from './amount.js';
import { canonicalPattern, canonicalTarget, canonicalUrl } from './canonical-target.js';
import { compileGlob } from './glob.js';

/** Capability to patterns; a capability with an empty list grants nothing. Source: arcp section 5.1. */
export type Lease = Readonly<Record<string, readonly string[]>>;

/** What limits a lease beside its patterns. */
export interface LeaseConstraints {
  /** RFC 3339 UTC with `Z`. */
  readonly expires_at?: string;
}

/** The capabilities with a meaning of their own. Source: arcp section 5.1. */
export const reservedCapabilities = [
  'fs.read',
  'fs.write',
  'net.fetch',
  'tool.call',
  'agent.delegate',
  'cost.budget',
  'model.use',
] as const;

const RESERVED: ReadonlySet<string> = new Set(reservedCapabilities);
const VENDOR_CAPABILITY = /^x-vendor(\.[a-z0-9_-]+){2,}$/;
const EXPIRES_AT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d+)?Z$/;

/** Parses the `lease_request` of a submit or delegation; throws `INVALID_REQUEST` that names the capability. */
export function parseLease(value: JsonValue | undefined): Lease {
  if (value === undefined || value === null) return Object.freeze(Object.create(null));
  const map = asObject(value);
  if (map === undefined) throw invalid('lease_request must be an object', 'lease_request');
  const lease: Record<string, readonly string[]> = Object.create(null);
  for (const [capability, patterns] of Object.entries(map)) {
    const field = `lease_request.${capability}`;
    if (!RESERVED.has(capability) && !VENDOR_CAPABILITY.test(capability)) {
      throw invalid(`unknown capability "${capability.slice(0, 100)}"`, field);
    }
    if (!Array.isArray(patterns)) throw invalid(`${capability} must be a list of patterns`, field);
    for (const pattern of patterns) {
      if (typeof pattern !== 'string' || pattern === '') {
        throw invalid(`${capability} must hold non-empty texts only`, field);
      }
      if (capability === 'cost.budget') parseAmount(pattern);
    }
    lease[capability] = Object.freeze([...(patterns as readonly string[])]);
  }
  return Object.freeze(lease);
}

/** The budget amounts of a lease. */
export function leaseAmounts(lease: Lease): readonly Amount[] {
  return (lease['cost.budget'] ?? []).map(parseAmount);
}

/**
 * The instant a submit's `expires_at` means, in milliseconds; throws `INVALID_REQUEST` when it is malformed, no real date or not
 * in the future. Source: arcp section 5.6, L-30.
 */
export function parseExpiry(value: unknown, nowMs: number): number {
  const at = typeof value === 'string' ? expiryInstant(value) : undefined;
  if (at === undefined) {
    throw invalid(
      'expires_at must be an RFC 3339 UTC time that ends in Z',
      'lease_constraints.expires_at',
    );
  }
  if (at <= nowMs)
    throw invalid('expires_at must lie in the future', 'lease_constraints.expires_at');
  return at;
}

/** The instant of a well-formed expiry text, or nothing. */
export function expiryInstant(text: string): number | undefined {
  const match = EXPIRES_AT.exec(text);
  if (match === null) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  // The platform rolls the 31st of February over into March; a real date comes back as it was written.
  const back = new Date(at);
  return back.getUTCDate() === Number(match[3]) && back.getUTCHours() === Number(match[4])
    ? at
    : undefined;
}

/** Where a target stands under a lease. */
export interface LeaseDecision {
  readonly allowed: boolean;
  readonly canonical: string;
}

/**
 * Whether the lease covers the target of a capability.
 *
 * Throws `PERMISSION_DENIED` for targets without a canonical form. Source: arcp sections 5.2 and 5.3.
 */
export function leaseCovers(lease: Lease, capability: string, target: string): LeaseDecision {
  const canonical = canonicalTarget(capability, target);
  const patterns = Object.hasOwn(lease, capability) ? lease[capability]! : [];
  const withoutQuery = capability === 'net.fetch' ? canonicalUrl(target).withoutQuery : canonical;
  const allowed = patterns.some((pattern) =>
    compileGlob(canonicalPattern(capability, pattern)).matches(
      pattern.includes('?') ? canonical : withoutQuery,
    ),
  );
  return { allowed, canonical };
}

/** Reads the lease of an acceptance, in the draft's shape or the seed's; tolerant. Source: arcp section 8.1. */
export function readLease(value: JsonValue | undefined): {
  readonly lease: Lease;
  readonly expiresAt?: string;
} {
  const map = asObject(value) ?? {};
  const lease: Record<string, readonly string[]> = Object.create(null);
  const names = map.capabilities;
  if (Array.isArray(names)) {
    for (const name of names) if (typeof name === 'string') lease[name] = ['**'];
  }
  for (const [capability, patterns] of Object.entries(map)) {
    if (capability === 'capabilities' || !Array.isArray(patterns)) continue;
    lease[capability] = patterns.filter(
      (pattern): pattern is string => typeof pattern === 'string',
    );
  }
  const expiresAt = map.expires_at;
  return {
    lease: Object.freeze(lease),
    ...(typeof expiresAt === 'string' ? { expiresAt } : {}),
  };
}

/** A lease as a plain wire object. */
export function leaseToJson(lease: Lease): JsonObject {
  return Object.fromEntries(Object.entries(lease).map(([name, patterns]) => [name, [...patterns]]));
}

function invalid(message: string, field: string): ArcpError {
  return new ArcpError('INVALID_REQUEST', message, { details: { field } });
}
