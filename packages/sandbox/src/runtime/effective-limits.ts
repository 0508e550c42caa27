import type { RunRequest } from '../wire/run-types.js';
import type { SessionLimits } from '../wire/session-types.js';

const NAMES = [
  'memory_mb',
  'cpu_ms',
  'wall_ms',
  'max_stdout_bytes',
  'max_external_calls',
  'max_stack_depth',
] as const satisfies readonly (keyof SessionLimits)[];

/** The smaller of two limits, each by itself. */
export function lowerLimits(one: SessionLimits, other: SessionLimits): SessionLimits {
  const lower = { ...one };
  for (const name of NAMES) lower[name] = Math.min(one[name], other[name]);
  return lower;
}

/**
 * The limits of one run: those of the session, which a request may lower, and raise only where the host allows it; `timeout_ms` takes
 * the place of `wall_ms`. Source: sandbox sections 3 and 5.2-2.
 */
export function effectiveLimits(
  session: SessionLimits,
  request: Pick<RunRequest, 'limits' | 'timeout_ms'>,
  allowRaise: boolean,
): SessionLimits {
  const asked = request.limits ?? session;
  const wall = request.timeout_ms ?? asked.wall_ms;
  const wanted = { ...asked, wall_ms: wall };
  return allowRaise ? wanted : lowerLimits(session, wanted);
}
