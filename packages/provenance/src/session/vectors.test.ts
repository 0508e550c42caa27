import { readFileSync } from 'node:fs';
import { parsePythonJson } from '@engramkit/ids';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryFiles } from '../../test/support/memory-files.js';
import { kernelShortName } from '../urn.js';
import { summarizeDiff } from './diff.js';
import { formatLiveLine } from './live-line.js';
import { openProvSession } from './open-session.js';
import type { RecordedMap } from './recorded-value.js';
import { withoutNulls } from './recorded-value.js';
import { countOutcomes, deriveSessionOutcome } from './session-record.js';
import { getSession } from './session-store.js';
import { verifiedAction } from './verified-action.js';

interface Vectors {
  readonly diff_summary: readonly {
    id: string;
    before: RecordedMap;
    after: RecordedMap;
    diff: string;
    recorded_as: string | null;
  }[];
  readonly live_line: readonly {
    id: string;
    args: {
      time: string;
      kernel_urn: string;
      action_type: string;
      outcome: string;
      diff_summary?: string | null;
      note?: string;
      attempt?: number;
    };
    line: string;
  }[];
  readonly derive_outcome: readonly { actions: readonly string[]; session_outcome: string }[];
  readonly name_from_urn: readonly { urn: string; name: string }[];
  readonly strip_none: readonly { in: RecordedMap; out: RecordedMap }[];
  readonly verified_action: readonly Scripted[];
}
type Step = unknown;
interface Scripted {
  readonly id: string;
  readonly script: {
    action: readonly Step[];
    verify: readonly Step[];
    capture?: readonly Step[];
    max_attempts: number;
    settle_delay: number;
  };
  readonly returns: boolean;
  readonly sleeps: readonly number[];
  readonly records: readonly object[];
  readonly session_outcome_if_closed: string;
}

const file = new URL('../../test/vectors/provenance.json', import.meta.url);
// Lossless: the vectors tell 1 and 1.0 apart.
const vectors = parsePythonJson(readFileSync(file, 'utf8')) as Vectors;

function secondsOf(number: unknown): number {
  return Number(number);
}

describe('the vectors of the contract', () => {
  it.each(vectors.diff_summary)('diff $id', async ({ before, after, diff, recorded_as }) => {
    expect(summarizeDiff(before, after)).toBe(diff);
    await using session = await openProvSession({
      storageDirectory: '/s',
      label: 'l',
      kernel: 'A',
      files: new MemoryFiles(),
      clock: new ManualClock(),
    });
    const record = await session.record({
      actionType: 'x',
      outcome: 'verified',
      beforeState: before,
      afterState: after,
    });
    expect(record.diff_summary).toBe(recorded_as);
  });

  it.each(vectors.live_line)('live line $id', ({ args, line }) => {
    expect(
      formatLiveLine({
        timeMs: Date.parse(`2026-03-14T${args.time}Z`),
        kernel: args.kernel_urn,
        actionType: args.action_type,
        outcome: args.outcome,
        ...(args.diff_summary === undefined ? {} : { diffSummary: args.diff_summary }),
        ...(args.note === undefined ? {} : { note: args.note }),
        ...(args.attempt === undefined ? {} : { attempt: args.attempt }),
      }),
    ).toBe(line);
  });

  it.each(vectors.derive_outcome)('outcome of $actions', ({ actions, session_outcome }) => {
    expect(deriveSessionOutcome(countOutcomes(actions))).toBe(session_outcome);
  });

  it.each(vectors.name_from_urn)('name of "$urn"', ({ urn, name }) => {
    expect(kernelShortName(urn)).toBe(name);
  });

  it.each(vectors.strip_none.map((item, index) => ({ index, ...item })))(
    'nulls left out, $index',
    (item) => {
      expect(withoutNulls(item.in)).toEqual(item.out);
    },
  );

  it.each(vectors.verified_action)('verified action $id', async (vector) => {
    const clock = new ManualClock(Date.UTC(2026, 2, 14, 20), true);
    const files = new MemoryFiles();
    const session = await openProvSession({
      storageDirectory: '/s',
      label: 'l',
      kernel: 'A',
      files,
      clock,
    });
    const play = (steps: readonly Step[]) => {
      let at = 0;
      return (): unknown => {
        const step = steps[at];
        at += 1;
        if (Array.isArray(step) && step[0] === 'raise') {
          throw Object.assign(new Error(String(step[2])), { name: String(step[1]) });
        }
        return step;
      };
    };
    const { script } = vector;
    clock.delays.length = 0;
    const verified = await verifiedAction({
      session,
      actionType: 'x',
      action: play(script.action),
      verify: play(script.verify),
      ...(script.capture === undefined ? {} : { captureState: play(script.capture) }),
      maxAttempts: script.max_attempts,
      settleDelayMs: secondsOf(script.settle_delay) * 1_000,
      clock,
    });
    expect(verified).toBe(vector.returns);
    expect(clock.delays).toEqual(vector.sleeps.map((seconds) => secondsOf(seconds) * 1_000));
    const closed = await session.close();
    expect(closed.outcome).toBe(vector.session_outcome_if_closed);
    const stored = await getSession({ storageDirectory: '/s', files, id: session.id });
    const seen = stored?.actions.map((action) => {
      const { outcome, evidence, before_state, after_state, attempt, diff_summary, note } = action;
      const members = { outcome, evidence, before_state, after_state, attempt, diff_summary, note };
      return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
    });
    expect(seen).toEqual(vector.records);
  });
});
