import type { JsonObject } from '@engramkit/core';
import type { Effects, ExecutionContext } from '@engramkit/engram';
import { idempotencyKey } from '@engramkit/ids';
import type { HostPorts, Invocation } from './invocation.js';
import type { RunControl } from './run-control.js';

/** What author code of one run sees of the place where it runs. */
export function executionContext(
  invocation: Invocation,
  ports: HostPorts,
  control: RunControl,
): ExecutionContext {
  const { story, templateContext } = invocation;
  return {
    logger: ports.logger,
    tracer: ports.tracer,
    signal: control.signal,
    ...(control.deadlineMs === undefined ? {} : { deadlineMs: control.deadlineMs }),
    story,
    idempotencyKey: () => idempotencyKey(story),
    templateContext: (): JsonObject => structuredClone(templateContext ?? {}),
    effects: underRun(ports.effects, control),
    signals: ports.signals,
  };
}

/** Effects hear of the end of the run, unless the author passes a signal. */
function underRun(effects: Effects, control: RunControl): Effects {
  return {
    once: (key, effect, options) =>
      effects.once(key, effect, { ...options, signal: options?.signal ?? control.signal }),
    has: (key) => effects.has(key),
    record: (key, record) => effects.record(key, record),
  };
}
