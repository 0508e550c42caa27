import type { Ended } from './call-once.js';
import type { FunctionContext } from './function-context.js';
import type { RegisteredFunction } from './function-registry.js';
import { failed } from './function-result.js';
import type { CapabilityPolicy, InvokeOptions } from './runtime-options.js';

/** Why a call is not carried out, if it is not; refusals leave no event. Source: function-descriptor section 7.1, step 2. */
export async function refusalOf(
  { attributes }: RegisteredFunction,
  context: FunctionContext,
  { principal }: InvokeOptions,
  policy: CapabilityPolicy | undefined,
): Promise<Ended | undefined> {
  if (attributes.gsap_required && context.gsap_context_id === '') {
    const error = 'GSAP context required but not provided';
    return { result: failed(error), code: 'GSAP_CONTEXT_REQUIRED' };
  }
  if (policy === undefined) return undefined;
  const decision = await policy(attributes.capability_mask, {
    functionId: attributes.function_id,
    context,
    ...(principal === undefined ? {} : { principal }),
  });
  if (decision.allow) return undefined;
  return { result: failed(`Capability denied: ${decision.reason}`), code: 'CAPABILITY_DENIED' };
}
