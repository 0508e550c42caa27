import { comparePrerelease, SemanticVersion, VersionError } from './version.js';

const PART = '[0-9|x|X|*]+';
const TAIL =
  '(?:-(?:[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+(?:[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?';
const SHAPE = `v?${PART}(?:\\.${PART})?(?:\\.${PART})?${TAIL}`;
const OPERATORS = '!=|>=|=>|<=|=<|~>|=|>|<|~|\\^|';
const ONE = new RegExp(
  `^\\s*(${OPERATORS})\\s*(v?(${PART})(\\.${PART})?(\\.${PART})?(-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?)\\s*$`,
);
const EACH = new RegExp(`(?:${OPERATORS})\\s*(?:${SHAPE})`, 'g');
const ALL = new RegExp(
  `^(?:\\s*(?:${OPERATORS})\\s*(?:${SHAPE})\\s*)(?:(?:\\s+|,\\s*)(?:${OPERATORS})\\s*(?:${SHAPE})\\s*)*$`,
);
const SPAN = new RegExp(`\\s*(${SHAPE})\\s+-\\s+(${SHAPE})\\s*`, 'g');

interface Constraint {
  readonly operator: string;
  readonly version: SemanticVersion;
  readonly anyMinor: boolean;
  readonly anyPatch: boolean;
  readonly loose: boolean;
}

/**
 * Whether the version satisfies the constraint text.
 *
 * Throws {@link VersionError} with the library's message when one of them cannot be read.
 */
export function satisfies(constraint: string, version: string): boolean {
  const alternatives = parseConstraints(constraint);
  const parsed = SemanticVersion.parse(version);
  return alternatives.some((all) => all.every((one) => check(one, parsed)));
}

function parseConstraints(text: string): ReadonlyArray<readonly Constraint[]> {
  const spelled = text.replace(SPAN, (_whole, from: string, to: string) => `>= ${from}, <= ${to} `);
  return spelled.split('||').map((segment) => {
    // A long run of blanks makes the pattern below slow; no real constraint has one.
    if (segment.length > 1_000 || !ALL.test(segment))
      throw new VersionError(`improper constraint: ${segment}`);
    return (segment.match(EACH) ?? [segment]).map(parseConstraint);
  });
}

function isAny(part: string): boolean {
  return part === 'x' || part === 'X' || part === '*';
}

function parseConstraint(text: string): Constraint {
  const match = ONE.exec(text);
  if (match === null) throw new VersionError(`improper constraint: ${text}`);
  const [, operator = '', , major = '', minorPart = '', patchPart = '', prerelease = ''] = match;
  const minor = minorPart.replace('.', '');
  const patch = patchPart.replace('.', '');
  let shown = match[2] ?? '';
  const anyMajor = isAny(major);
  const anyMinor = !anyMajor && (minor === '' || isAny(minor));
  const anyPatch = !anyMajor && !anyMinor && (patch === '' || isAny(patch));
  if (anyMajor) shown = `0.0.0${prerelease}`;
  else if (anyMinor) shown = `${major}.0.0${prerelease}`;
  else if (anyPatch) shown = `${major}.${minor}.0${prerelease}`;
  try {
    const version = SemanticVersion.parse(shown);
    return { operator, version, anyMinor, anyPatch, loose: anyMajor || anyMinor || anyPatch };
  } catch {
    throw new VersionError('constraint Parser Error');
  }
}

function check(constraint: Constraint, version: SemanticVersion): boolean {
  const wanted = constraint.version;
  const hidden = version.prerelease !== '' && wanted.prerelease === '';
  const order = version.compare(wanted);
  switch (constraint.operator) {
    case '!=':
      return constraint.loose ? !hidden && differsLoosely(constraint, version) : order !== 0;
    case '>':
      return !hidden && isAbove(constraint, version);
    case '<':
      return !hidden && order < 0;
    case '>=':
    case '=>':
      return !hidden && order >= 0;
    case '<=':
    case '=<':
      if (hidden) return false;
      if (!constraint.loose) return order <= 0;
      if (version.major > wanted.major) return false;
      return !(
        version.major === wanted.major &&
        version.minor > wanted.minor &&
        !constraint.anyMinor
      );
    case '~':
    case '~>':
      return !hidden && isTilde(constraint, version);
    case '^':
      return !hidden && isCaret(constraint, version);
    default:
      return !hidden && (constraint.loose ? isTilde(constraint, version) : order === 0);
  }
}

function differsLoosely(constraint: Constraint, version: SemanticVersion): boolean {
  const wanted = constraint.version;
  if (wanted.major !== version.major) return true;
  if (wanted.minor !== version.minor && !constraint.anyMinor) return true;
  if (constraint.anyMinor) return false;
  if (wanted.patch !== version.patch && !constraint.anyPatch) return true;
  if (constraint.anyPatch) {
    const tagged = version.prerelease !== '' || wanted.prerelease !== '';
    return tagged && comparePrerelease(version.prerelease, wanted.prerelease) !== 0;
  }
  return version.compare(wanted) !== 0;
}

function isAbove(constraint: Constraint, version: SemanticVersion): boolean {
  const wanted = constraint.version;
  if (!constraint.loose) return version.compare(wanted) > 0;
  if (version.major !== wanted.major) return version.major > wanted.major;
  if (constraint.anyMinor) return false;
  if (constraint.anyPatch) return version.minor > wanted.minor;
  return version.compare(wanted) > 0;
}

function isTilde(constraint: Constraint, version: SemanticVersion): boolean {
  const wanted = constraint.version;
  if (version.compare(wanted) < 0) return false;
  const zero = wanted.major === 0n && wanted.minor === 0n && wanted.patch === 0n;
  if (zero && !constraint.anyMinor && !constraint.anyPatch) return true;
  if (version.major !== wanted.major) return false;
  return version.minor === wanted.minor || constraint.anyMinor;
}

function isCaret(constraint: Constraint, version: SemanticVersion): boolean {
  const wanted = constraint.version;
  if (version.compare(wanted) < 0) return false;
  if (wanted.major > 0n || constraint.anyMinor) return version.major === wanted.major;
  if (version.major > 0n) return false;
  if (wanted.minor > 0n || constraint.anyPatch) return version.minor === wanted.minor;
  if (version.minor > 0n) return false;
  return wanted.patch === version.patch;
}
