import { GoObject } from './values.js';

const LARGEST = (1n << 64n) - 1n;
const TAIL =
  '(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?';
const VERSION = new RegExp(`^v?([0-9]+)(?:\\.([0-9]+))?(?:\\.([0-9]+))?${TAIL}$`);

/** Why a text is not a version. */
export class VersionError extends Error {}

/** A semantic version, read leniently: `v` and missing parts are accepted. */
export class SemanticVersion extends GoObject {
  readonly typeName = '*semver.Version';
  readonly kindName = 'ptr';

  constructor(
    readonly major: bigint,
    readonly minor: bigint,
    readonly patch: bigint,
    readonly prerelease: string,
    readonly metadata: string,
    readonly original: string,
  ) {
    super();
  }

  static parse(text: string): SemanticVersion {
    const match = VERSION.exec(text);
    if (match === null) throw new VersionError('Invalid Semantic Version');
    const part = (digits: string | undefined): bigint => {
      const value = (digits ?? '').length > 30 ? LARGEST + 1n : BigInt(digits ?? '0');
      if (value > LARGEST) {
        throw new VersionError(
          `Error parsing version segment: strconv.ParseUint: parsing "${digits}": value out of range`,
        );
      }
      return value;
    };
    const [major, minor, patch] = [part(match[1]), part(match[2]), part(match[3])];
    const prerelease = match[4] ?? '';
    if (prerelease.split('.').some((piece) => /^0\d+$/.test(piece)))
      throw new VersionError('Version segment starts with 0');
    return new SemanticVersion(major, minor, patch, prerelease, match[5] ?? '', text);
  }

  compare(other: SemanticVersion): number {
    for (const [a, b] of [
      [this.major, other.major],
      [this.minor, other.minor],
      [this.patch, other.patch],
    ] as const) {
      if (a !== b) return a < b ? -1 : 1;
    }
    return comparePrerelease(this.prerelease, other.prerelease);
  }

  override toString(): string {
    const tail = `${this.prerelease === '' ? '' : `-${this.prerelease}`}${this.metadata === '' ? '' : `+${this.metadata}`}`;
    return `${this.major}.${this.minor}.${this.patch}${tail}`;
  }

  override toJsonText(): string {
    return this.toString();
  }

  override equals(other: GoObject): boolean {
    return other instanceof SemanticVersion && other.original === this.original;
  }
}

/** Precedence of prerelease texts; none at all is the highest. */
export function comparePrerelease(left: string, right: string): number {
  if (left === right) return 0;
  if (left === '') return 1;
  if (right === '') return -1;
  const a = left.split('.');
  const b = right.split('.');
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const order = comparePiece(a[at] ?? '', b[at] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function comparePiece(left: string, right: string): number {
  if (left === right) return 0;
  if (left === '') return -1;
  if (right === '') return 1;
  const leftNumber = /^\d+$/.test(left);
  const rightNumber = /^\d+$/.test(right);
  if (leftNumber !== rightNumber) return leftNumber ? -1 : 1;
  if (leftNumber) return BigInt(left) > BigInt(right) ? 1 : -1;
  return left > right ? 1 : -1;
}
