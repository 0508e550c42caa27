import type { JsonObject, JsonValue } from '@engramkit/core';
import { digestJson } from '@engramkit/ids';
import { type ErrorObject, errorObject } from '../wire/run-types.js';
import type { GuestCall } from './guest-call.js';
import type { CheckedTool } from './tool-registry.js';

/** The digest of a request. Source: sandbox section 4. */
export function requestDigest(args: readonly JsonValue[], kwargs: JsonObject): string {
  return digestJson({ args, kwargs });
}

/** What is wrong with a call before anybody is asked; `undefined` when nothing is. Source: sandbox sections 5.4-3 and 5.4-4. */
export function checkRequest(tool: CheckedTool, call: GuestCall): ErrorObject | undefined {
  const { capability } = tool;
  const most = capability.limits.max_request_bytes;
  if (call.bytes > most) {
    const message = `the arguments of '${call.name}' have ${call.bytes} bytes, but at most ${most} are taken`;
    return errorObject('REQUEST_TOO_LARGE', message);
  }
  const problem = tool.checkArgs(call.args);
  if (problem !== undefined) {
    return errorObject('TYPE_ERROR', `the arguments of '${call.name}' are wrong: ${problem}`);
  }
  if (tool.checkKwargs !== undefined) {
    const named = tool.checkKwargs(call.kwargs);
    if (named === undefined) return undefined;
    return errorObject('TYPE_ERROR', `the named arguments of '${call.name}' are wrong: ${named}`);
  }
  if (Object.keys(call.kwargs).length === 0) return undefined;
  return errorObject('TYPE_ERROR', `'${call.name}' takes no named arguments`);
}
