import { InvalidInputError } from '@engramkit/core';
import { isCidV1 } from './cid-text.js';

/**
 * What a governed function says about itself: the members of its descriptor, without the JSON-LD keywords.
 *
 * The names are those of the wire. Source: function-descriptor section 1.1.
 */
export interface FunctionAttributes {
  /** A DNS-1035 label: object name in Kubernetes and segment of a URL. */
  readonly function_id: string;
  /** Content id of the code that runs; empty when unknown. */
  readonly corpus_entry_cid: string;
  /** Bits whose meaning only the surrounding system knows. */
  readonly capability_mask: number;
  /** The kinds of event that call the function. */
  readonly trigger_events: readonly string[];
  /** Name of a policy template. */
  readonly accord_template: string;
  /** Whether a call needs an authorization context. */
  readonly gsap_required: boolean;
  /** Whether calls are recorded. */
  readonly chronicle_enabled: boolean;
  /** Seconds, 1 to 3600. */
  readonly max_duration_seconds: number;
  readonly display_name: string;
  readonly description: string;
  /** Semantic version 2. */
  readonly version: string;
}

/** The value of every attribute that is not given. Source: function-descriptor section 1.1. */
export const FUNCTION_DEFAULTS: FunctionAttributes = Object.freeze({
  function_id: '',
  corpus_entry_cid: '',
  capability_mask: 0,
  trigger_events: Object.freeze([]),
  accord_template: '',
  gsap_required: true,
  chronicle_enabled: true,
  max_duration_seconds: 30,
  display_name: '',
  description: '',
  version: '0.1.0',
});

/** Options of {@link functionAttributes}. */
export interface FunctionAttributesOptions {
  /** Whether values must make sense, beside having the right type; default `true`. */
  readonly strict?: boolean;
}

const LONGEST_DURATION_SECONDS = 3600;
/** A label of DNS-1035, at most 63 characters. Source: function-descriptor section 1.1. */
const FUNCTION_ID = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** The pattern that semver.org publishes. */
const SEMANTIC_VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

/**
 * Completes and checks attributes; the result is frozen and shares nothing with what was given.
 *
 * Throws `FUNCTION_INVALID` with every problem at once. `strict: false` checks the types only and takes any value, as the first
 * implementation of the protocol does. Source: function-descriptor section 1.1.
 */
export function functionAttributes(
  given: Partial<FunctionAttributes>,
  options: FunctionAttributesOptions = {},
): FunctionAttributes {
  const members = Object.keys(FUNCTION_DEFAULTS) as (keyof FunctionAttributes)[];
  const merged: Record<string, unknown> = {};
  for (const member of members) merged[member] = given[member] ?? FUNCTION_DEFAULTS[member];
  const problems = typeProblems(merged);
  if (problems.length === 0) {
    merged.trigger_events = Object.freeze([...(merged.trigger_events as string[])]);
    // The types were checked just now.
    const attributes = merged as unknown as FunctionAttributes;
    if (options.strict !== false) problems.push(...valueProblems(attributes));
    if (problems.length === 0) return Object.freeze(attributes);
  }
  const { function_id: id } = given;
  const name = typeof id === 'string' && id !== '' ? ` ${JSON.stringify(id.slice(0, 80))}` : '';
  throw new InvalidInputError(`the function${name} is not valid: ${problems.join('; ')}`, {
    code: 'FUNCTION_INVALID',
    details: { problems },
    hint: 'Correct the attributes, or pass strict: false to take them as they are.',
  });
}

function typeProblems(merged: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  for (const [member, fallback] of Object.entries(FUNCTION_DEFAULTS)) {
    const value = merged[member];
    if (member === 'trigger_events') {
      const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
      if (!isList) problems.push('trigger_events must be a list of strings');
    } else if (typeof value !== typeof fallback) {
      problems.push(`${member} must be a ${typeof fallback}`);
    }
  }
  return problems;
}

function valueProblems(attributes: FunctionAttributes): string[] {
  const problems: string[] = [];
  const refuse = (wrong: boolean, problem: string): void => {
    if (wrong) problems.push(problem);
  };
  const { capability_mask: mask, max_duration_seconds: seconds } = attributes;
  const { corpus_entry_cid: cid, trigger_events: events } = attributes;
  refuse(
    !FUNCTION_ID.test(attributes.function_id),
    'function_id must be 1 to 63 lower-case letters, digits and dashes, begin with a letter and end with a letter or digit',
  );
  refuse(
    !SEMANTIC_VERSION.test(attributes.version),
    'version must be a semantic version, such as 1.0.0',
  );
  refuse(
    !Number.isSafeInteger(mask) || mask < 0,
    'capability_mask must be a whole number from 0 to 2^53 - 1',
  );
  refuse(
    !Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_DURATION_SECONDS,
    `max_duration_seconds must be a whole number from 1 to ${LONGEST_DURATION_SECONDS}`,
  );
  refuse(events.includes(''), 'trigger_events must not have an empty text');
  refuse(new Set(events).size < events.length, 'trigger_events must not name an event twice');
  refuse(
    cid !== '' && !/^sha256:[0-9a-f]{64}$/.test(cid) && !isCidV1(cid),
    'corpus_entry_cid must be empty, sha256: with 64 lower-case hexadecimal digits, or a CIDv1',
  );
  return problems;
}
