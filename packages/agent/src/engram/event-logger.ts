import { type JsonObject, toJsonValue } from '@engramkit/core';
import type { LogFields, Logger } from '@engramkit/engram';
import type { AgentContext } from '../agent-definition.js';

/** Fields in the form of the wire; what is no JSON is described. */
function attributesOf(fields: LogFields): JsonObject {
  const attributes: Record<string, JsonObject[string]> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    try {
      attributes[name] =
        value instanceof Error ? value.message : toJsonValue(value, { what: name });
    } catch {
      attributes[name] = String(value);
    }
  }
  return attributes;
}

/** A logger whose lines are `log` events of a job. */
export function eventLogger(
  context: Pick<AgentContext, 'log'>,
  redact: <Value>(value: Value) => Value,
  own: LogFields = {},
): Logger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void => {
      const attributes = redact(attributesOf({ ...own, ...fields }));
      // A log line waits for nobody; back-pressure is felt where the author awaits.
      context
        .log(level, redact(message), Object.keys(attributes).length === 0 ? undefined : attributes)
        .catch(() => undefined);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => eventLogger(context, redact, { ...own, ...fields }),
  };
}
