import type { AgentContext, DelegatedJob } from '@engramkit/agent';
import type { JsonObject, JsonValue } from 'engramkit';
import { objectOf, textOf } from './input.js';
import { codeOf } from './spend.js';

const STANDARD: readonly JsonObject[] = [
  { agent: 'slow', lease: { 'fs.read': ['/ws/src/**'], 'cost.budget': ['USD:4.00'] } },
  { agent: 'slow', lease: { 'cost.budget': ['USD:2.00'] } },
  { agent: 'slow', lease: { 'fs.read': ['/etc/**'] } },
  { agent: 'logger' },
];

/** Delegates one after the other without waiting, then waits for those that were accepted. */
export async function delegateAll(
  delegations: JsonValue | undefined,
  context: AgentContext,
): Promise<JsonObject> {
  const wanted = Array.isArray(delegations) ? delegations : STANDARD;
  const outcomes: JsonObject[] = [];
  const children: DelegatedJob[] = [];
  for (const delegation of wanted) {
    const { agent, lease, input } = objectOf(delegation);
    const name = textOf(agent, 'echo');
    try {
      const child = await context.delegate(name, input, { lease: leaseOf(lease) });
      children.push(child);
      outcomes.push({ agent: name, jobId: child.jobId });
    } catch (error) {
      outcomes.push({ agent: name, refused: codeOf(error) });
    }
  }
  await Promise.allSettled(children.map((child) => child.result()));
  return { delegations: outcomes };
}

function leaseOf(value: unknown): Readonly<Record<string, readonly string[]>> {
  const lease: Record<string, readonly string[]> = {};
  for (const [capability, patterns] of Object.entries(objectOf(value))) {
    if (Array.isArray(patterns))
      lease[capability] = patterns.filter((pattern) => typeof pattern === 'string');
  }
  return lease;
}
