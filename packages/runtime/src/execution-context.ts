import type { JsonObject } from '@engramkit/core';
import type { ExecutionContext } from '@engramkit/engram';
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
    effects: ports.effects,
    signals: ports.signals,
  };
}
