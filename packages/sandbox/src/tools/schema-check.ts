import { createRequire } from 'node:module';
import type { JsonValue } from '@engramkit/core';
import type { ErrorObject as SchemaProblem } from 'ajv';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { SandboxError } from '../wire/sandbox-error.js';

/** What is wrong with a value, with the JSON Pointer of the place; `undefined` when nothing is. */
export type SchemaCheck = (value: unknown) => string | undefined;

let validator: Ajv2020 | undefined;

/** Loaded with the first schema that says anything: most starts of a program never need it. */
function loadValidator(): Ajv2020 {
  if (validator !== undefined) return validator;
  const require = createRequire(import.meta.url);
  const { Ajv2020: Validator } = require('ajv/dist/2020') as typeof import('ajv/dist/2020.js');
  const regExp = Object.assign(linearPattern, { code: 'new RegExp' });
  validator = new Validator({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    allErrors: false,
    // Schemas live as long as their registry; ids would collide between registries.
    addUsedSchema: false,
    validateFormats: false,
    logger: false,
    keywords: ['x-kwargs'],
    code: { regExp },
  });
  return validator;
}

/** A repeated group with a repetition inside: what makes a regular expression take exponential time. */
const NESTED_QUANTIFIER =
  /\((?:[^()\\]|\\.)*(?:[+*]|\{\d*,\d*\})(?:[^()\\]|\\.)*\)(?:[+*]|\{\d*,\d*\})/;

function linearPattern(pattern: string, flags: string): RegExp {
  if (NESTED_QUANTIFIER.test(pattern)) {
    throw new Error(
      `the pattern ${JSON.stringify(pattern)} repeats a repetition, which can take forever`,
    );
  }
  return new RegExp(pattern, flags);
}

/** Compiles a JSON Schema 2020-12; throws `INVALID_ARGUMENT` for one that cannot be used. Source: sandbox section 6.3. */
export function compileSchema(schema: JsonValue, what: string): SchemaCheck {
  if (isEmptySchema(schema)) return () => undefined;
  if ((typeof schema !== 'object' && typeof schema !== 'boolean') || Array.isArray(schema)) {
    throw new SandboxError('INVALID_ARGUMENT', `${what} is not a JSON Schema`, {
      hint: 'A JSON Schema is an object or a boolean.',
    });
  }
  const loaded = loadValidator();
  try {
    const validate = loaded.compile(schema as object | boolean);
    return (value) => (validate(value) ? undefined : problemText(validate.errors));
  } catch (cause) {
    throw new SandboxError(
      'INVALID_ARGUMENT',
      `${what} cannot be used: ${cause instanceof Error ? cause.message : 'unknown reason'}`,
      { cause, hint: 'Write it as JSON Schema 2020-12, without references to other documents.' },
    );
  }
}

function isEmptySchema(schema: JsonValue): boolean {
  return (
    schema === true ||
    (typeof schema === 'object' && schema !== null && Object.keys(schema).length === 0)
  );
}

function problemText(problems: readonly SchemaProblem[] | null | undefined): string {
  const first = problems?.[0];
  if (first === undefined) return 'does not match the schema';
  return `${first.instancePath === '' ? 'the value' : first.instancePath} ${first.message ?? 'is wrong'}`;
}
