import { isDeepStrictEqual } from 'node:util';
import {
  type Clock,
  EngramkitError,
  InvalidInputError,
  type JsonObject,
  type JsonValue,
  toJsonValue,
  trimSpace,
} from '@engramkit/core';
import type { SignalEvent, Signals } from '@engramkit/engram';
import { isJsonObject, objectAt, textAt } from '../status/json-object.js';
import { highestSequence, recordsOf, sequenceOf } from '../status/merge-status.js';
import type { StatusWriter } from '../status/status-writer.js';
import type { StepRunResource } from '../status/step-run-resource.js';
import type { LiveStatus, SignalEventRecord, StatusChange } from '../status/step-run-status.js';
import { parseWireTimeMs, toWireSeconds } from '../status/wire-time.js';
import { goJson, goJsonSize } from '../storage/go-json.js';
import { isSignalEnvelope } from './signal-envelope.js';
import { summaryOf } from './value-summary.js';

/** Options of {@link stepSignals}. */
export interface StepSignalsOptions {
  readonly writer: StatusWriter;
  readonly resource: StepRunResource;
  readonly clock: Clock;
  /** The most bytes that one signal may take in the status; default 8,192. Source: bobrapet-batch section 1.5. */
  readonly maxPayloadBytes?: number | undefined;
}

const MAX_PAYLOAD_BYTES = 8_192;
/** How long one call may take, in milliseconds. Source: bobrapet-batch section 8.1. */
const CALL_MS = 3_000;

/**
 * The signals of one StepRun.
 *
 * A value is described by size, hash and kind; only envelopes ({@link signalEnvelope}) are kept as they are. Numbers follow the
 * highest one in the live status, so that events of a pod that took over are not mistaken for earlier ones. Replay yields what
 * the status holds: at most the newest 256 events, descriptions instead of values. Source: bobrapet-batch section 8.
 */
export function stepSignals(options: StepSignalsOptions): Signals {
  const { writer, resource, clock, maxPayloadBytes = MAX_PAYLOAD_BYTES } = options;
  return {
    async emit(given, value) {
      const key = trimSpace(given);
      if (key === '') throw emptyKey();
      const { shown, payload } = signalForms(key, value, maxPayloadBytes);
      const event: SignalEventRecord = {
        seq: 0,
        key,
        emittedAt: toWireSeconds(clock.now()),
        ...(payload === undefined ? {} : { payload }),
      };
      await writer.update(appendOnce(key, shown, event), { budgetMs: CALL_MS });
    },
    async *replay({ afterSequence = 0 } = {}) {
      const controller = new AbortController();
      using _timer = clock.setTimer(() => controller.abort(late()), CALL_MS);
      const object = await resource.read({ signal: controller.signal });
      const events = recordsOf(objectAt(object, 'status').signalEvents);
      yield* events
        .filter((event) => sequenceOf(event) > afterSequence)
        .sort((left, right) => sequenceOf(left) - sequenceOf(right))
        .map(signalEvent);
    },
  };
}

/** The signals of a process that has no StepRun: every call says so. Source: bobrapet-batch section 8.1. */
export function unavailableSignals(): Signals {
  return {
    emit: () => Promise.reject(unavailable()),
    // biome-ignore lint/correctness/useYield: there is nothing to yield, only to refuse.
    async *replay(): AsyncIterable<SignalEvent> {
      throw unavailable();
    },
  };
}

/** What goes into `status.signals` and into the event; nothing for `null`, which removes the key. */
export function signalForms(
  key: string,
  given: JsonValue,
  maxBytes: number,
): { readonly shown: JsonObject | null; readonly payload?: JsonObject } {
  const value = toJsonValue(given, { what: `the signal ${JSON.stringify(key)}` });
  if (value === null) return { shown: null };
  const payload = summaryOf(goJson(value), value);
  const isKept =
    isSignalEnvelope(given) && isJsonObject(value) && goJsonSize(value, maxBytes) <= maxBytes;
  const shown = isKept ? value : { ...payload, redacted: true };
  const bytes = goJsonSize(shown);
  if (bytes <= maxBytes) return { shown, payload };
  throw new InvalidInputError(
    `the signal ${JSON.stringify(key)} takes ${bytes} bytes in the status; the limit is ${maxBytes}`,
    {
      code: 'SIGNAL_TOO_LARGE',
      details: { key, bytes, limit: maxBytes },
      hint: 'Raise BUBU_SIGNAL_MAX_PAYLOAD_BYTES.',
    },
  );
}

/** An update that appends the event once, also when the first try was applied without an answer. */
function appendOnce(
  key: string,
  shown: JsonObject | null,
  event: SignalEventRecord,
): (live: LiveStatus) => StatusChange {
  let tried = 0;
  return (live) => {
    const events = recordsOf(live.signalEvents);
    const isThere =
      tried > 0 && events.some((found) => isDeepStrictEqual(found, { ...event, seq: tried }));
    if (isThere) return {};
    tried = highestSequence(events) + 1;
    return { signals: { [key]: shown }, signalEvents: [{ ...event, seq: tried }] };
  };
}

function signalEvent(event: JsonObject): SignalEvent {
  const { payload } = event;
  return {
    sequence: sequenceOf(event),
    key: textAt(event, 'key'),
    emittedAtMs: parseWireTimeMs(textAt(event, 'emittedAt')) ?? 0,
    ...(payload === undefined ? {} : { payload }),
  };
}

function emptyKey(): InvalidInputError {
  return new InvalidInputError('the signal key is empty', {
    code: 'INVALID_SIGNAL_KEY',
    hint: 'Name the signal, such as "progress".',
  });
}

function late(): EngramkitError {
  return new EngramkitError(`the signals could not be read within ${CALL_MS} ms`, {
    code: 'SIGNALS_UNREADABLE',
    retry: 'safe',
    hint: 'Look at the API server.',
  });
}

function unavailable(): EngramkitError {
  return new EngramkitError('signals are unavailable: this process has no StepRun', {
    code: 'SIGNALS_UNAVAILABLE',
    hint: 'Signals need BUBU_STEPRUN_NAME, which the operator sets in the pods of a step.',
  });
}
