import { InvalidInputError } from '@engramkit/core';
import { contentId } from '@engramkit/ids';
import {
  FUNCTION_DEFAULTS,
  type FunctionAttributes,
  type FunctionAttributesOptions,
  functionAttributes,
} from './function-attributes.js';

/** Address of the JSON-LD context of descriptors; never fetched. Source: function-descriptor section 2. */
export const FUNCTION_CONTEXT_URL = 'https://schema.gsap.dev/function/v1';
/** Type of descriptors. Source: function-descriptor section 2. */
export const FUNCTION_DESCRIPTOR_TYPE = 'FunctionDescriptor';
/** Media type of descriptors. Source: function-descriptor section 2. */
export const FUNCTION_DESCRIPTOR_MEDIA_TYPE = 'application/ld+json';

/** A function in JSON-LD: 13 members, in this order. Source: function-descriptor section 2. */
export interface FunctionDescriptor extends FunctionAttributes {
  readonly '@context': typeof FUNCTION_CONTEXT_URL;
  readonly '@type': typeof FUNCTION_DESCRIPTOR_TYPE;
}

/** The descriptor of a function: a copy, with the attributes as they are. Source: function-descriptor section 2. */
export function functionDescriptor(attributes: FunctionAttributes): FunctionDescriptor {
  return {
    '@context': FUNCTION_CONTEXT_URL,
    '@type': FUNCTION_DESCRIPTOR_TYPE,
    function_id: attributes.function_id,
    corpus_entry_cid: attributes.corpus_entry_cid,
    capability_mask: attributes.capability_mask,
    trigger_events: [...attributes.trigger_events],
    accord_template: attributes.accord_template,
    gsap_required: attributes.gsap_required,
    chronicle_enabled: attributes.chronicle_enabled,
    max_duration_seconds: attributes.max_duration_seconds,
    display_name: attributes.display_name,
    description: attributes.description,
    version: attributes.version,
  };
}

/**
 * Reads a descriptor from outside.
 *
 * All 13 members must be there and no others. Throws `FUNCTION_DESCRIPTOR_INVALID` for another shape and `FUNCTION_INVALID` for
 * values that `functionAttributes` refuses.
 */
export function parseFunctionDescriptor(
  value: unknown,
  options: FunctionAttributesOptions = {},
): FunctionDescriptor {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(['it is not an object']);
  }
  const members = value as Readonly<Record<string, unknown>>;
  const known = ['@context', '@type', ...Object.keys(FUNCTION_DEFAULTS)];
  const problems = [
    ...known.filter((name) => !Object.hasOwn(members, name)).map((name) => `${name} is missing`),
    ...Object.keys(members)
      .filter((name) => !known.includes(name))
      .map((name) => `${JSON.stringify(name.slice(0, 80))} is no member of a descriptor`),
  ];
  if (Object.hasOwn(members, '@context') && members['@context'] !== FUNCTION_CONTEXT_URL) {
    problems.push(`@context must be ${FUNCTION_CONTEXT_URL}`);
  }
  if (Object.hasOwn(members, '@type') && members['@type'] !== FUNCTION_DESCRIPTOR_TYPE) {
    problems.push(`@type must be ${FUNCTION_DESCRIPTOR_TYPE}`);
  }
  if (problems.length > 0) throw invalid(problems);
  // `functionAttributes` checks the type of each member.
  return functionDescriptor(functionAttributes(members as Partial<FunctionAttributes>, options));
}

/** The content id of a descriptor: its version in registries and its ETag. Source: function-descriptor section 2. */
export function descriptorId(descriptor: FunctionDescriptor): string {
  return contentId(descriptor);
}

function invalid(problems: readonly string[]): InvalidInputError {
  return new InvalidInputError(`the function descriptor is not valid: ${problems.join('; ')}`, {
    code: 'FUNCTION_DESCRIPTOR_INVALID',
    details: { problems },
    hint: 'A descriptor has @context, @type and the 11 attributes of a function, and nothing else.',
  });
}
