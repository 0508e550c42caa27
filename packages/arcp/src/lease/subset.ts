import { ArcpError } from '../error.js';
import { canonicalPattern } from './canonical-target.js';
import { compileGlob } from './glob.js';
import type { Lease } from './lease.js';

/**
 * Throws `LEASE_SUBSET_VIOLATION` unless every pattern of the child is provably covered by one of the parent's.
 *
 * Budgets are not looked at here: they are reserved. Source: arcp section 5.5, L-40 and L-41.
 */
export function assertLeaseSubset(parent: Lease, child: Lease): void {
  for (const [capability, patterns] of Object.entries(child)) {
    if (capability === 'cost.budget') continue;
    const grants = Object.hasOwn(parent, capability) ? parent[capability]! : [];
    for (const pattern of patterns) {
      if (!grants.some((grant) => patternCovers(capability, grant, pattern))) {
        throw new ArcpError(
          'LEASE_SUBSET_VIOLATION',
          `the parent's lease does not cover ${capability} "${pattern.slice(0, 200)}"`,
          { details: { capability, pattern: pattern.slice(0, 500) } },
        );
      }
    }
  }
}

/** Whether everything that `child` can match is provably matched by `parent`. */
export function patternCovers(capability: string, parent: string, child: string): boolean {
  const outer = canonicalPattern(capability, parent).split('/');
  const inner = canonicalPattern(capability, child).split('/');
  if (inner.some((segment) => segment === '.' || segment === '..')) return false;
  if (outer.length === inner.length && outer.every((segment, at) => segment === inner[at]))
    return true;
  return segmentsCover(outer, inner);
}

/** Dynamic programming over both lists: polynomial, however many stars there are. */
function segmentsCover(outer: readonly string[], inner: readonly string[]): boolean {
  // covered[j]: the outer segments so far cover the first j inner segments.
  let covered: boolean[] = [true, ...inner.map(() => false)];
  for (const [index, segment] of outer.entries()) {
    const next: boolean[] = [false, ...inner.map(() => false)];
    if (segment === '**') {
      // Two stars may stand for no segment, except at the very start: no slash is there to be shared.
      const least = index === 0 && outer.length > 1 ? 1 : 0;
      let open = false;
      for (let at = 0; at <= inner.length; at += 1) {
        open = open || (at >= least && covered[at - least]!);
        next[at] = open;
      }
    } else {
      for (let at = 0; at < inner.length; at += 1) {
        if (covered[at]! && segmentCovers(segment, inner[at]!)) next[at + 1] = true;
      }
    }
    covered = next;
  }
  return covered[inner.length]!;
}

function segmentCovers(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  if (!outer.includes('*') || outer.includes('**')) return false;
  if (outer === '*') return !inner.includes('**');
  return !inner.includes('*') && compileGlob(outer).matches(inner);
}
