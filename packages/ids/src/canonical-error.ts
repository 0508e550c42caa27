import { type EngramkitErrorOptions, InvalidInputError } from '@engramkit/core';

/** One step into a value: a member name or an array index. */
export type PathSegment = string | number;

const SEGMENTS_SHOWN = 12;
const NAME_SHOWN = 60;

/** Writes a path such as `$.orders[3]["unit price"]`; long ones are shortened in the middle. */
export function pathText(path: readonly PathSegment[]): string {
  if (path.length <= SEGMENTS_SHOWN) return `$${path.map(segmentText).join('')}`;
  const start = path.slice(0, SEGMENTS_SHOWN / 2).map(segmentText);
  const end = path.slice(-SEGMENTS_SHOWN / 2).map(segmentText);
  return `$${start.join('')}…(${path.length - SEGMENTS_SHOWN} more)…${end.join('')}`;
}

function segmentText(segment: PathSegment): string {
  if (typeof segment === 'number') return `[${segment}]`;
  if (/^[A-Za-z_$][\w$]*$/.test(segment) && segment.length <= NAME_SHOWN) return `.${segment}`;
  const shown = segment.length <= NAME_SHOWN ? segment : `${segment.slice(0, NAME_SHOWN)}…`;
  return `[${JSON.stringify(shown)}]`;
}

/**
 * A value has no canonical form, so it gets no content identifier; `path` says where.
 *
 * Codes: `CANONICAL_CYCLE`, `CANONICAL_TOO_DEEP`, `CANONICAL_UNDEFINED`, `CANONICAL_UNSUPPORTED_TYPE`,
 * `CANONICAL_LONE_SURROGATE`, `CANONICAL_NON_FINITE`, `CANONICAL_INTEGER_RANGE`, `CANONICAL_KEY_TYPE`, `CANONICAL_RESERVED_FORM`.
 */
export class CanonicalizationError extends InvalidInputError {
  static override readonly brand: string = 'CanonicalizationError';
  /** The way from the root to the offending value. */
  readonly path: readonly PathSegment[];

  constructor(message: string, path: readonly PathSegment[], options: EngramkitErrorOptions) {
    const where = pathText(path);
    super(`${message} (at ${where})`, {
      ...options,
      details: { ...options.details, path: where },
    });
    this.path = path;
  }
}

/** What CPython raises as `TypeError`: keys that cannot be keys or cannot be compared. `pythonMessage` is its text. */
export class PyTypeError extends CanonicalizationError {
  static override readonly brand: string = 'PyTypeError';
  readonly pythonMessage: string;

  constructor(pythonMessage: string, path: readonly PathSegment[], options: EngramkitErrorOptions) {
    super(pythonMessage, path, options);
    this.pythonMessage = pythonMessage;
  }
}

/** What CPython raises as `ValueError`: cycles, integers with more than 4,300 digits. `pythonMessage` is its text. */
export class PyValueError extends CanonicalizationError {
  static override readonly brand: string = 'PyValueError';
  readonly pythonMessage: string;

  constructor(pythonMessage: string, path: readonly PathSegment[], options: EngramkitErrorOptions) {
    super(pythonMessage, path, options);
    this.pythonMessage = pythonMessage;
  }
}

/** What CPython raises as `RecursionError`: nesting that is too deep. `pythonMessage` is its text. */
export class PyRecursionError extends CanonicalizationError {
  static override readonly brand: string = 'PyRecursionError';
  readonly pythonMessage: string;

  constructor(pythonMessage: string, path: readonly PathSegment[], options: EngramkitErrorOptions) {
    super(pythonMessage, path, options);
    this.pythonMessage = pythonMessage;
  }
}
