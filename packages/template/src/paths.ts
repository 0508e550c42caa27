import { EvaluationBlockedError, TemplateError } from './errors.js';
import { unquoteBody } from './go/quote.js';
import { isMap, ownValue, typeName } from './go/values.js';
import { BARE_ROOTS } from './normalize.js';
import { STORAGE_PATH_KEY, STORAGE_REF_KEY, storageReference } from './storage-reference.js';

/** A path into the variables: a root and keys (texts) or indexes (numbers). */
export interface ValuePath {
  readonly root: string;
  readonly segments: ReadonlyArray<string | number>;
}

const SIMPLE_PART =
  /\.([A-Za-z0-9_]+)|\[\s*(-?\d{1,15})\s*\]|\[\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\]/y;
const SUFFIX_PART = /\.([A-Za-z0-9_-]+)|\[(\d{1,15})\]|\[("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\]/y;
const INDEX_CALL = /^index[ \t]+\.?([A-Za-z]+)[ \t]+("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*$/;
/** A longer expression is not a path that somebody wrote. */
const LONGEST = 10_000;

/**
 * Reads an expression that is only a path: `.root.key[0]`, `index .root "key"`, `(index .root "key").rest`.
 *
 * Source: template section 4, bobrapet-batch section 2.4.
 */
export function parsePath(expression: string): ValuePath | undefined {
  if (expression.length > LONGEST) return undefined;
  return simplePath(expression) ?? indexPath(expression);
}

function simplePath(expression: string): ValuePath | undefined {
  const root = /^\.([A-Za-z0-9_]+)/.exec(expression)?.[1];
  if (root === undefined) return undefined;
  const segments = readParts(expression, root.length + 1, SIMPLE_PART);
  return segments === undefined ? undefined : { root, segments };
}

function indexPath(expression: string): ValuePath | undefined {
  let inner = expression;
  let suffix = '';
  if (expression.startsWith('(')) {
    const call = /^\(\s*(index(?:[^"'()]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*)\)\s*/.exec(
      expression,
    );
    if (call === null) return undefined;
    inner = (call[1] ?? '').trim();
    suffix = expression.slice(call[0].length).trim();
  }
  const match = INDEX_CALL.exec(inner);
  const root = match?.[1] ?? '';
  if (match === null || !BARE_ROOTS.has(root)) return undefined;
  const key = unquoted(match[2] ?? '');
  const segments = readParts(suffix, 0, SUFFIX_PART);
  return key === undefined || segments === undefined
    ? undefined
    : { root, segments: [key, ...segments] };
}

function readParts(
  text: string,
  from: number,
  pattern: RegExp,
): Array<string | number> | undefined {
  const segments: Array<string | number> = [];
  let at = from;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    if (match[1] !== undefined) segments.push(match[1]);
    else if (match[2] !== undefined) segments.push(Number(match[2]));
    else {
      const key = unquoted(match[3] ?? '');
      if (key === undefined) return undefined;
      segments.push(key);
    }
    at = pattern.lastIndex;
  }
  return segments;
}

function unquoted(literal: string): string | undefined {
  return unquoteBody(literal.slice(1, -1), literal.slice(0, 1));
}

/** A key that is not there. */
class MissingKey extends Error {}

/** The raw value at a path, or a storage selector when it lies inside of an offloaded output. */
export function readPath(path: ValuePath, scope: Readonly<Record<string, unknown>>): unknown {
  const selector = path.root === 'steps' ? storageSelector(path, scope) : undefined;
  if (selector !== undefined) return selector;
  try {
    return walk(path.root, path.segments, scope);
  } catch (thrown) {
    if (!(thrown instanceof MissingKey)) throw thrown;
    if (path.root === 'steps') throw EvaluationBlockedError.because(thrown.message);
    throw new TemplateError(thrown.message, {
      code: 'TEMPLATE_MISSING_KEY',
      hint: `Provide the value, or write {{ default "…" .${path.root}… }} to allow its absence.`,
    });
  }
}

function walk(
  root: string,
  segments: ReadonlyArray<string | number>,
  scope: Readonly<Record<string, unknown>>,
): unknown {
  let current: unknown = ownValue(scope, root);
  if (current === undefined) throw new MissingKey(`missing key at ${root}`);
  let at = root;
  for (const segment of segments) {
    if (typeof segment === 'number') {
      if (!Array.isArray(current))
        throw wrongContainer(`cannot index into ${typeName(current)} at ${at}`);
      if (segment < 0 || segment >= current.length) throw new MissingKey(`missing key at ${at}`);
      current = current[segment] ?? null;
      at = `${at}[${segment}]`;
    } else {
      if (!isMap(current))
        throw wrongContainer(
          `cannot access key ${JSON.stringify(segment)} on ${typeName(current)} at ${at}`,
        );
      at = `${at}.${segment}`;
      const next: unknown = ownValue(current, segment);
      if (next === undefined) throw new MissingKey(`missing key at ${at}`);
      current = next;
    }
  }
  return current;
}

function wrongContainer(message: string): TemplateError {
  return new TemplateError(message, {
    code: 'TEMPLATE_EXECUTION',
    hint: 'Keys go into objects, indexes into arrays; check the shape of the value.',
  });
}

/** `{"$bubuStorageRef": ref, "$bubuStoragePath": rest}` for a path that leads into an offloaded output. */
function storageSelector(path: ValuePath, scope: Readonly<Record<string, unknown>>): unknown {
  const output = path.segments.findIndex(
    (segment) => segment === 'output' || segment === 'outputs',
  );
  const rest = path.segments.slice(output + 1);
  if (output < 0 || rest.length === 0) return undefined;
  let value: unknown;
  try {
    value = walk(path.root, path.segments.slice(0, output + 1), scope);
  } catch {
    return undefined; // What is missing or of another shape is reported by reading the whole path.
  }
  const reference = storageReference(value);
  if (reference === undefined) return undefined;
  let inside = '';
  for (const segment of rest)
    inside +=
      typeof segment === 'number' ? `[${segment}]` : `${inside === '' ? '' : '.'}${segment}`;
  return { [STORAGE_REF_KEY]: reference.ref, [STORAGE_PATH_KEY]: inside };
}
