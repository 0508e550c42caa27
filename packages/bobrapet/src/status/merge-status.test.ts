import type { JsonObject } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergePatched } from '../../test/memory-cluster.js';
import { mergePatchBetween } from './merge-patch.js';
import { mergeStatus, recordsOf, STATUS_RING_LENGTH, sequenceOf } from './merge-status.js';
import type { StatusChange } from './step-run-status.js';

const keys = fc.constantFrom('a', 'b', 'c', 'd');
const details = fc.option(fc.record({ n: fc.integer() }), { nil: undefined });
const numbered = (sequences: fc.Arbitrary<number>) =>
  fc.array(
    fc.tuple(sequences, keys, details).map(([seq, key, payload]) => ({
      seq,
      key,
      ...(payload === undefined ? {} : { payload }),
    })),
    { maxLength: 12 },
  );
const signals = fc.dictionary(keys, fc.option(fc.record({ n: fc.integer() }), { nil: null }));
const live = fc.record(
  {
    phase: fc.constantFrom('Running', 'Failed', ''),
    retries: fc.nat(3),
    exitCode: fc.nat(130),
    lastFailureMsg: fc.string(),
    output: fc.dictionary(keys, fc.integer()),
    signals: fc.dictionary(keys, fc.record({ n: fc.integer() })),
    signalEvents: fc.uniqueArray(fc.record({ seq: fc.integer({ min: 1, max: 40 }), key: keys }), {
      selector: ({ seq }) => seq,
    }),
    conditions: fc.constant([{ type: 'Ready', status: 'False' }]),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

describe('merging a change into a status', () => {
  test('a change without numbers to assign is idempotent', () => {
    fc.assert(
      fc.property(
        live,
        numbered(fc.integer({ min: 1, max: 60 })),
        signals,
        (status, events, map) => {
          const change: StatusChange = {
            exitCode: 1,
            lastFailureMsg: 'x',
            output: { z: 1 },
            signals: map,
            signalEvents: events,
          };
          const once = mergeStatus(status, change);
          expect(mergeStatus(once, change)).toEqual(once);
        },
      ),
    );
  });

  test('effects are idempotent by key, whatever was said about them later', () => {
    fc.assert(
      fc.property(live, fc.array(keys, { minLength: 1 }), (status, names) => {
        const effects = names.map((key, index) => ({ seq: 0, key, status: `s${index}` }));
        const once = mergeStatus(status, { effects });
        expect(mergeStatus(once, { effects: [...effects].reverse() })).toEqual(once);
        expect(recordsOf(once.effects)).toHaveLength(new Set(names).size);
      }),
    );
  });

  test('signals of different keys and events of different numbers commute', () => {
    fc.assert(
      fc.property(live, fc.integer(), fc.integer(), (status, left, right) => {
        const one: StatusChange = {
          signals: { left: { n: left } },
          signalEvents: [{ seq: 1_001, key: 'left' }],
        };
        const other: StatusChange = {
          signals: { right: { n: right } },
          signalEvents: [{ seq: 1_002, key: 'right' }],
        };
        const sorted = (merged: JsonObject) => ({
          ...merged,
          signalEvents: [...recordsOf(merged.signalEvents)].sort(
            (a, b) => sequenceOf(a) - sequenceOf(b),
          ),
        });
        expect(sorted(mergeStatus(mergeStatus(status, one), other))).toEqual(
          sorted(mergeStatus(mergeStatus(status, other), one)),
        );
      }),
    );
  });

  test('numbers that are assigned rise, and never meet one that is there', () => {
    fc.assert(
      fc.property(live, fc.array(keys, { minLength: 1, maxLength: 20 }), (status, names) => {
        const merged = mergeStatus(status, {
          signalEvents: names.map((key) => ({ seq: 0, key })),
        });
        const sequences = recordsOf(merged.signalEvents).map(sequenceOf);
        expect(new Set(sequences).size).toBe(sequences.length);
        const added = sequences.slice(-names.length);
        expect(added).toEqual([...added].sort((a, b) => a - b));
        expect(Math.min(...added)).toBeGreaterThan(
          Math.max(0, ...recordsOf(status.signalEvents).map(sequenceOf)),
        );
      }),
    );
  });

  test('the newest 256 events are kept', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ seq: 300 - index, key: 'k' }));
    const merged = recordsOf(mergeStatus({}, { signalEvents: many }).signalEvents);
    expect(merged).toHaveLength(STATUS_RING_LENGTH);
    expect(merged.map(sequenceOf)).toEqual(Array.from({ length: 256 }, (_, index) => index + 45));
  });

  test('retries are sent as 0 where the live status lacks them, and left alone elsewhere', () => {
    expect(mergeStatus({}, { exitClass: 'success' })).toEqual({ exitClass: 'success', retries: 0 });
    expect(mergeStatus({ retries: 2 }, { retries: 0 })).toEqual({ retries: 2 });
  });

  test('zero numbers, empty texts and absent documents change nothing; needs are cleared', () => {
    const status = {
      retries: 1,
      exitCode: 137,
      duration: '1s',
      error: { version: 'v1' },
      needs: ['a'],
    };
    expect(mergeStatus(status, { exitCode: 0, duration: '', needs: [] })).toEqual({
      ...status,
      needs: [],
    });
  });

  test('a success removes what a failed pod left', () => {
    const status = { phase: 'Failed', retries: 0, exitCode: 1, lastFailureMsg: 'x', error: {} };
    expect(mergeStatus(status, { phase: 'Succeeded', clearFailure: true })).toEqual({
      phase: 'Succeeded',
      retries: 0,
    });
  });

  test('what belongs to the operator is never touched', () => {
    const conditions = [{ type: 'Ready' }];
    expect(
      mergeStatus({ conditions, trace: { traceId: 't' } }, { phase: 'Running' }),
    ).toMatchObject({ conditions, trace: { traceId: 't' } });
  });
});

describe('the patch between two states', () => {
  const withoutNulls = fc.dictionary(
    keys,
    fc.oneof(
      fc.integer(),
      fc.string(),
      fc.array(fc.integer(), { maxLength: 3 }),
      fc.dictionary(keys, fc.oneof(fc.integer(), fc.dictionary(keys, fc.boolean()))),
    ),
  ) as fc.Arbitrary<JsonObject>;

  test('turns one into the other', () => {
    fc.assert(
      fc.property(withoutNulls, withoutNulls, (before, after) => {
        const patch = mergePatchBetween(before, after);
        expect(patch === undefined ? before : mergePatched(before, patch)).toEqual(after);
      }),
    );
  });

  test('there is none between equal states', () => {
    fc.assert(
      fc.property(withoutNulls, (state) => {
        expect(mergePatchBetween(state, structuredClone(state))).toBeUndefined();
      }),
    );
  });
});
