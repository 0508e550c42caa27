import type { JsonObject } from './json-types.js';

/** One reason why a value was refused, ready to show: the path is a JSON Pointer, the reason contains no value. */
export interface PathIssue {
  readonly path: string;
  readonly reason: string;
}

const ISSUES_SHOWN = 20;

/** The issues in one line, at most 20 of them and then how many more there are. */
export function describeIssues(issues: readonly PathIssue[]): string {
  const shown = issues
    .slice(0, ISSUES_SHOWN)
    .map(({ path, reason }) => (path === '' ? reason : `${path}: ${reason}`));
  const more = issues.length - shown.length;
  return more === 0 ? shown.join('; ') : `${shown.join('; ')}; and ${more} more`;
}

/** The issues as safe details of an error, at most 20 of them, and their count. */
export function issueDetails(issues: readonly PathIssue[]): JsonObject {
  return {
    count: issues.length,
    issues: issues.slice(0, ISSUES_SHOWN).map(({ path, reason }) => ({ path, reason })),
  };
}
