import type { AgentContext } from '@engramkit/agent';
import type { JsonObject } from 'engramkit';

/** What to call, and what each call costs. */
export interface Spending {
  readonly tool: string;
  readonly currency: string;
  readonly costs: readonly number[];
}

/** Calls the tool once per cost and once more: the refusal comes as an error that can be caught. */
export async function spendAll(
  { tool, currency, costs }: Spending,
  context: AgentContext,
): Promise<JsonObject> {
  let calls = 0;
  try {
    for (const cost of [...costs, undefined]) {
      const callId = await context.toolCall(tool, { call: calls + 1 });
      calls += 1;
      if (cost !== undefined) await report(cost, currency, context);
      await context.toolResult(callId, { result: { found: calls } });
    }
  } catch (error) {
    return { calls, refused: codeOf(error) };
  }
  return { calls };
}

/** A cost that makes no sense is refused, and nothing is subtracted. */
async function report(cost: number, currency: string, context: AgentContext): Promise<void> {
  try {
    await context.metric('cost.search', cost, { unit: currency });
  } catch (error) {
    await context.log('warn', `the cost ${cost} was refused: ${codeOf(error)}`);
  }
}

export const codeOf = (error: unknown): string =>
  String((error as { readonly code?: unknown }).code ?? 'UNKNOWN');
