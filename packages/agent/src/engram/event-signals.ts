import {
  type Clock,
  InvalidInputError,
  type JsonObject,
  type JsonValue,
  trimSpace,
} from '@engramkit/core';
import type { SignalEvent, Signals } from '@engramkit/engram';
import type { AgentContext } from '../agent-definition.js';

/** The kind of the event for signals that are neither progress nor a metric. */
export const SIGNAL_EVENT_KIND = 'x-vendor.engramkit.signal';
const METRIC_PREFIX = 'metric.';

/**
 * Signals as events of the job.
 *
 * The key `progress` with `{ current, total?, units?, message? }` is a `progress` event; `metric.<name>` with a number or
 * `{ value, unit?, dimensions? }` is a `metric`; everything else is an event of the kind {@link SIGNAL_EVENT_KIND}.
 */
export function eventSignals(
  context: Pick<AgentContext, 'emit' | 'progress' | 'metric'>,
  clock: Pick<Clock, 'now'>,
  redact: <Value>(value: Value) => Value,
): Signals {
  const events: SignalEvent[] = [];
  return {
    async emit(rawKey, value) {
      const key = trimSpace(rawKey);
      if (key === '') {
        throw new InvalidInputError('a signal needs a key', {
          code: 'SIGNAL_KEY_REQUIRED',
          hint: "Write signals.emit('progress', { current: 1, total: 3 }).",
        });
      }
      const payload = redact(value);
      const place = { sequence: events.length + 1, key, emittedAtMs: clock.now() };
      events.push(payload === null ? place : { ...place, payload });
      await send(context, key, payload);
    },
    async *replay({ afterSequence = 0 } = {}) {
      for (const event of [...events]) if (event.sequence > afterSequence) yield event;
    },
  };
}

async function send(
  context: Pick<AgentContext, 'emit' | 'progress' | 'metric'>,
  key: string,
  value: JsonValue,
): Promise<void> {
  const members =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : {};
  if (key === 'progress' && typeof members.current === 'number' && members.current >= 0) {
    const { total, units, message } = members;
    await context.progress(members.current, {
      ...(typeof total === 'number' ? { total } : {}),
      ...(typeof units === 'string' ? { units } : {}),
      ...(typeof message === 'string' ? { message } : {}),
    });
    return;
  }
  const number = typeof value === 'number' ? value : members.value;
  if (
    key.startsWith(METRIC_PREFIX) &&
    key.length > METRIC_PREFIX.length &&
    typeof number === 'number'
  ) {
    const { unit, dimensions } = members;
    await context.metric(key.slice(METRIC_PREFIX.length), number, {
      ...(typeof unit === 'string' ? { unit } : {}),
      ...(isTexts(dimensions) ? { dimensions } : {}),
    });
    return;
  }
  await context.emit(SIGNAL_EVENT_KIND, { key, value });
}

function isTexts(value: JsonValue | undefined): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((member) => typeof member === 'string')
  );
}
