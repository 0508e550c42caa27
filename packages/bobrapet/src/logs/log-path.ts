import type { Identity } from '../env/identity.js';

/**
 * Where the log of a step is stored: `<namespace>/logs/<storyRun>/<step>/<stepRun>/<nanoseconds>.log`.
 *
 * Absent when the namespace is unknown. `now` is in milliseconds since 1970. Source: bobrapet-batch section 10.1.
 */
export function logPath(identity: Identity, now: number): string | undefined {
  const namespace = segment(identity.clientNamespace);
  if (namespace === '') return undefined;
  const { stepName, stepRunName, storyRunName } = identity;
  const segments = [namespace, 'logs', ...[storyRunName, stepName, stepRunName].map(segment)];
  const nanoseconds = BigInt(Math.round(now * 1_000)) * 1_000n;
  return `${segments.filter((part) => part !== '').join('/')}/${nanoseconds}.log`;
}

function segment(text: string): string {
  const kept = text.replace(/[^A-Za-z0-9._-]+/g, '-');
  let begin = 0;
  let end = kept.length;
  while (begin < end && '-_.'.includes(kept.charAt(begin))) begin++;
  while (end > begin && '-_.'.includes(kept.charAt(end - 1))) end--;
  return kept.slice(begin, end);
}
