import { InvalidInputError, isStandardSchema } from '@engramkit/core';
import type { ComponentSpec } from './component.js';

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const VERSION =
  /^(?:0|[1-9]\d{0,9})\.(?:0|[1-9]\d{0,9})\.(?:0|[1-9]\d{0,9})(?:-[0-9A-Za-z.-]{1,128})?(?:\+[0-9A-Za-z.-]{1,128})?$/;
const SPEC_MEMBERS: readonly (keyof ComponentSpec)[] = [
  'name',
  'version',
  'description',
  'config',
  'inputs',
  'output',
  'secrets',
  'weakDecoding',
];
/** What people write instead. */
const MEANT: Readonly<Record<string, string>> = {
  input: 'inputs',
  outputs: 'output',
  secret: 'secrets',
  configuration: 'config',
  handler: 'process',
  execute: 'process',
};

/** Everything that is wrong with the descriptive members of a definition or a static `spec`; empty when nothing is. */
export function specProblems(spec: object): readonly string[] {
  const { name, version, description, config, inputs, output, secrets, weakDecoding } =
    spec as Readonly<Record<keyof ComponentSpec, unknown>>;
  const problems: string[] = [];
  if (name !== undefined && !(typeof name === 'string' && NAME.test(name))) {
    problems.push(
      'name must be lower-case letters, digits and inner dashes, at most 63 characters',
    );
  }
  if (version !== undefined && !(typeof version === 'string' && VERSION.test(version))) {
    problems.push('version must be a semantic version such as 1.2.3');
  }
  if (description !== undefined && typeof description !== 'string') {
    problems.push('description must be a text');
  }
  for (const [member, schema] of Object.entries({ config, inputs, output })) {
    if (schema !== undefined && !isStandardSchema(schema)) {
      problems.push(
        `${member} must be a Standard Schema, for example a zod, valibot or arktype schema`,
      );
    }
  }
  if (secrets !== undefined) problems.push(...secretProblems(secrets));
  if (weakDecoding !== undefined && typeof weakDecoding !== 'boolean') {
    problems.push('weakDecoding must be true or false');
  }
  return problems;
}

/**
 * Checks what a `define` function received and returns the descriptive part of it.
 *
 * Throws `INVALID_DEFINITION` with every problem at once.
 */
export function specOfDefinition(
  definer: string,
  definition: unknown,
  functions: { readonly required: readonly string[]; readonly optional: readonly string[] },
): ComponentSpec {
  if (typeof definition !== 'object' || definition === null) {
    throw invalid(definer, ['it takes one object']);
  }
  const members = definition as Readonly<Record<string, unknown>>;
  const problems = [...specProblems(definition)];
  for (const name of functions.required) {
    if (typeof members[name] !== 'function') problems.push(`${name} must be a function`);
  }
  for (const name of functions.optional) {
    if (members[name] !== undefined && typeof members[name] !== 'function') {
      problems.push(`${name} must be a function`);
    }
  }
  const known: readonly string[] = [...SPEC_MEMBERS, ...functions.required, ...functions.optional];
  for (const member of Object.keys(members)) {
    if (known.includes(member)) continue;
    const meant = Object.hasOwn(MEANT, member) ? MEANT[member] : undefined;
    problems.push(
      `unknown member ${JSON.stringify(member)}${
        meant !== undefined && known.includes(meant) ? `; did you mean ${meant}?` : ''
      }`,
    );
  }
  if (problems.length > 0) throw invalid(definer, problems);
  return pickSpec(definition);
}

/** The descriptive members that are set, frozen. */
export function pickSpec(from: object): ComponentSpec {
  const members = from as Readonly<Record<string, unknown>>;
  const spec: Record<string, unknown> = {};
  for (const member of SPEC_MEMBERS) {
    const value = members[member];
    if (value !== undefined) {
      spec[member] = member === 'secrets' ? Object.freeze([...(value as string[])]) : value;
    }
  }
  return Object.freeze(spec);
}

function secretProblems(secrets: unknown): readonly string[] {
  if (!Array.isArray(secrets)) return ['secrets must be a list of secret names'];
  if (!secrets.every((name) => typeof name === 'string' && name.trim() !== '')) {
    return ['every name in secrets must be a text that is not blank'];
  }
  return new Set(secrets).size === secrets.length ? [] : ['secrets must not name a secret twice'];
}

function invalid(definer: string, problems: readonly string[]): InvalidInputError {
  return new InvalidInputError(`${definer}: ${problems.join('; ')}`, {
    code: 'INVALID_DEFINITION',
    details: { problems },
    hint: `Correct the object that is passed to ${definer}.`,
  });
}
