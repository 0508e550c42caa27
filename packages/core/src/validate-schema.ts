import { EngramkitError, InvalidInputError } from './error.js';
import { describeIssues, issueDetails, type PathIssue } from './issue-list.js';
import { detailPath, jsonPointer } from './json-pointer.js';
import type {
  InferOutput,
  StandardSchemaIssue,
  StandardSchemaResult,
  StandardSchemaV1,
} from './standard-schema.js';

/** Options of {@link validateSchema}. */
export interface ValidateSchemaOptions {
  /** How errors call the value, such as `the inputs`. */
  readonly what: string;
  /** JSON Pointers of places whose reasons are replaced by `is invalid`, because libraries may quote what stands there. */
  readonly redactPaths?: readonly string[];
}

/**
 * Checks a value by a schema of any library and returns what the schema makes of it.
 *
 * Throws an `InvalidInputError` with code `SCHEMA_MISMATCH` that lists the issues (at most 20, then their number) with JSON
 * Pointers; values are taken out of the library's messages. A schema that itself throws ends in code `SCHEMA_FAILED`.
 */
export async function validateSchema<Schema extends StandardSchemaV1>(
  schema: Schema,
  value: unknown,
  options: ValidateSchemaOptions,
): Promise<InferOutput<Schema>> {
  const { what, redactPaths = [] } = options;
  let result: StandardSchemaResult<unknown>;
  try {
    const pending = schema['~standard'].validate(value);
    result = pending instanceof Promise ? await pending : pending;
  } catch (thrown) {
    throw new EngramkitError(`the schema of ${what} threw instead of answering`, {
      code: 'SCHEMA_FAILED',
      cause: thrown,
      hint: 'Look at the refinements and transformations of the schema: they must report issues, not throw.',
    });
  }
  // The schema decided that the value has its output type; the library's types say no more than this.
  if (result.issues === undefined) return result.value as InferOutput<Schema>;
  const issues = result.issues.map((issue) => safeIssue(issue, value, redactPaths));
  const verb = what.endsWith('s') ? 'do' : 'does'; // "the inputs", "the config"
  throw new InvalidInputError(`${what} ${verb} not match the schema: ${describeIssues(issues)}`, {
    code: 'SCHEMA_MISMATCH',
    details: issueDetails(issues),
  });
}

const REASON_SHOWN = 300;

function safeIssue(
  issue: StandardSchemaIssue,
  value: unknown,
  redactPaths: readonly string[],
): PathIssue {
  const steps = (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step));
  const path = jsonPointer(steps);
  if (redactPaths.some((redacted) => path === redacted || path.startsWith(`${redacted}/`))) {
    return { path: detailPath(steps), reason: 'is invalid' };
  }
  let reason = String(issue.message);
  for (const quoted of valuesAt(value, steps)) reason = reason.replaceAll(quoted, '…');
  return {
    path: detailPath(steps),
    reason: reason.length <= REASON_SHOWN ? reason : `${reason.slice(0, REASON_SHOWN)}…`,
  };
}

/** Shorter texts occur in any sentence; taking them out would only garble it. */
const SHORTEST_VALUE = 3;
const MOST_VALUES = 1_000;

/** The scalars at and below a place, longest first, as a message might quote them. */
function valuesAt(root: unknown, steps: readonly PropertyKey[]): readonly string[] {
  let at = root;
  for (const step of steps) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return [];
    at = (at as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  const found = new Set<string>();
  const waiting: unknown[] = [at];
  for (let looked = 0; waiting.length > 0 && looked < MOST_VALUES; looked++) {
    const value = waiting.pop();
    if (typeof value === 'object' && value !== null) waiting.push(...Object.values(value));
    else addTexts(value, found);
  }
  return [...found].sort((left, right) => right.length - left.length);
}

function addTexts(value: unknown, found: Set<string>): void {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return;
  const text = String(value);
  for (const form of [text, JSON.stringify(text).slice(1, -1)]) {
    if (form.length >= SHORTEST_VALUE) found.add(form);
  }
}
