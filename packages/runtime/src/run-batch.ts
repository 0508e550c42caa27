import {
  CancelledError,
  DeadlineError,
  EngramkitError,
  type JsonValue,
  sleep,
  toJsonValue,
} from '@engramkit/core';
import { type BatchComponent, isResult } from '@engramkit/engram';
import type { HostPorts, Invocation } from './invocation.js';
import { isAbandoned, runLifecycle } from './lifecycle.js';
import type { Outcome } from './outcome.js';
import type { Run } from './run.js';
import { decodersOf } from './schema-decoding.js';
import { prefixed } from './thrown.js';

/**
 * Runs a batch engram once: hydrate, resolve, decode, secrets, `init`, the same for inputs, `process`, validate, dehydrate,
 * `close`.
 *
 * Never rejects. `process` that goes on after deadline or cancellation gets the invocation's grace and is then left behind. A
 * deadline that has passed makes the outcome `timed-out`, even if `process` returned. Source: bobrapet-batch section 2.2.
 */
export function runBatch(
  component: BatchComponent,
  invocation: Invocation,
  ports: HostPorts,
): Promise<Outcome> {
  return runLifecycle(component, invocation, ports, async (engram, run) => {
    let inputs: unknown;
    try {
      inputs = await run.inputs();
    } catch (error) {
      // Steps 7a to 7e are patched under the deadline: when it has passed, the run timed out.
      run.control.checkDeadline();
      if (run.control.cause === 'deadline') run.timeOut();
      throw error;
    }
    let returned: unknown;
    try {
      returned = await run.stage('process', '', () =>
        run.author('Process', () => engram.process(inputs, run.context)),
      );
    } catch (error) {
      run.fail(processError(error, run));
    }
    run.control.checkDeadline();
    if (run.control.cause === 'deadline') {
      run.timeOut();
      run.fail(run.control.reason);
    } else if (run.control.cause === 'fault') run.fail(run.control.reason);
    await finishOutput(component, returned, run);
  });
}

function processError(error: unknown, run: Run): unknown {
  const { cause, reason } = run.control;
  if (cause === undefined || reason === undefined) return error;
  if (cause === 'fault' || error === reason) return reason;
  const thrown = isAbandoned(error) ? undefined : error;
  const options = {
    code: reason.code,
    ...(reason.hint === undefined ? {} : { hint: reason.hint }),
    ...(reason.details === undefined ? {} : { details: reason.details }),
    cause: thrown ?? reason.cause,
  };
  const message = isAbandoned(error)
    ? `${reason.message}; process went on after its signal aborted and was left behind`
    : `${reason.message}: ${EngramkitError.from(error).message}`;
  return cause === 'deadline'
    ? new DeadlineError(message, options)
    : new CancelledError(message, options);
}

/** Steps 10 to 12: what there is of an output is validated and dehydrated; after a failure it is kept beside it. */
async function finishOutput(component: BatchComponent, returned: unknown, run: Run): Promise<void> {
  const { guard, payloads } = run.ports;
  // Without a result there is only an output when nothing failed: the empty object of step 11.
  if (run.failed && (returned === undefined || returned === null)) return;
  const signal = run.finishSignal();
  try {
    const output = await run.finish('validate-output', async () => {
      const json = outputJson(returned);
      if (component.spec.output === undefined || run.failed) return json;
      try {
        return outputJson(await decodersOf(component.spec).output(json));
      } catch (error) {
        run.output = json;
        throw prefixed('output schema validation failed: ', error);
      }
    });
    run.output = output;
    if (payloads === undefined && guard === undefined) return;
    run.output = undefined; // What could not be offloaded must not travel inline.
    await run.finish('dehydrate-output', async () => {
      const dehydrated =
        payloads === undefined
          ? output
          : await dehydrate(run, () => payloads.dehydrate(output, { signal }));
      run.output = dehydrated;
      if (guard !== undefined && !run.failed) await guard.checkOutput(dehydrated, { signal });
    });
  } catch (error) {
    run.fail(error);
  }
}

function outputJson(returned: unknown): JsonValue {
  const data = isResult(returned) ? returned.data : returned;
  // No data is an empty object on the wire. Source: bobrapet-batch section 2.2 step 11.
  return data === undefined || data === null ? {} : toJsonValue(data, { what: 'the output' });
}

/** The pauses between the tries, in milliseconds. Source: bobrapet-batch section 2.7. */
const DEHYDRATION_PAUSES_MS = [1_000, 2_000] as const;

async function dehydrate(run: Run, store: () => Promise<JsonValue>): Promise<JsonValue> {
  const { clock, logger } = run.ports;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await store();
    } catch (thrown) {
      const error = EngramkitError.from(thrown);
      const pauseMs = DEHYDRATION_PAUSES_MS[attempt];
      const final = error === thrown && error.retry === 'never';
      if (final || pauseMs === undefined || run.control.cause !== undefined) {
        throw prefixed('failed to dehydrate output: ', thrown);
      }
      logger.warn('storing the output failed and is tried again', {
        attempt: attempt + 1,
        backoffMs: pauseMs,
        error: error.message,
      });
      await sleep(pauseMs, { clock, signal: run.finishSignal() });
    }
  }
}
