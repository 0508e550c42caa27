import type { FunctionContext } from './function-context.js';
import { type FunctionResult, succeeded } from './function-result.js';
import { type FunctionCall, FunctionPlugin } from './governed-function.js';

/** Answers with the event, for development and tests. Source: function-descriptor section 10. */
export class EchoFunction extends FunctionPlugin {
  override readonly function_id = 'echo';
  override readonly trigger_events: readonly string[] = ['ECHO'];
  override readonly gsap_required = false;
  override readonly display_name = 'Echo';
  override readonly description = 'Answers with the event that it got.';

  override handle(_event: unknown, context: FunctionContext, call: FunctionCall): FunctionResult {
    return succeeded({ echo: call.rawEvent, invocation_id: context.invocation_id });
  }

  override healthCheck(): boolean {
    return true;
  }
}
