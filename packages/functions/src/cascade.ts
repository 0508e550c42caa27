import { contentId } from '@engramkit/ids';

/** Where a call stands among the events that led to it. */
export interface Cascade {
  /** How many events follow from each other up to here. */
  readonly depth: number;
  /** Which functions were called for which events on the way. */
  readonly visited: ReadonlySet<string>;
}

/** The beginning: nothing led here. */
export const NO_CASCADE: Cascade = Object.freeze({ depth: 0, visited: new Set<string>() });

/** The content id of an event together with its kind. Source: function-descriptor section 7.3. */
export function eventCid(eventKind: string, event: unknown): string {
  return contentId({ kind: eventKind, event });
}

/**
 * The cascade below a call, or `undefined` when the call would close a cycle.
 *
 * A function that sees the same event again is in a cycle, whatever caused the event; content tells, because every completion has
 * another id. Source: function-descriptor section 7.3.
 */
export function enter(
  cascade: Cascade,
  functionId: string,
  eventIds: readonly string[],
): Cascade | undefined {
  const keys = eventIds.map((id) => `${functionId} ${id}`);
  if (keys.some((key) => cascade.visited.has(key))) return undefined;
  return { depth: cascade.depth + 1, visited: new Set([...cascade.visited, ...keys]) };
}
