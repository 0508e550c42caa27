import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type IdempotencyRecord,
  type IdempotencyStore,
  memoryIdempotencyStore,
  type OnceOptions,
  once,
  resolveUnknown,
} from '../src/index.js';
import { HandTime, settled } from './hand-clock.js';

const LEASE_MS = 30_000;
const SKEW_MS = 2_000;

/** When an owner's process dies: at one of its calls of the store, before or after that call had its effect. */
interface Crash {
  readonly call: number;
  readonly after: boolean;
}

interface Plan {
  readonly owners: readonly {
    readonly skewMs: number;
    readonly effectMs: number;
    readonly crash: Crash | null;
  }[];
  /** Which call of the store is answered next, or by how much time moves. */
  readonly choices: readonly number[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  owners: fc.array(
    fc.record({
      skewMs: fc.integer({ min: -SKEW_MS / 2, max: SKEW_MS / 2 }),
      effectMs: fc.constantFrom(0, 0, 10, 20_000, 100_000),
      crash: fc.option(fc.record({ call: fc.integer({ min: 1, max: 8 }), after: fc.boolean() })),
    }),
    { minLength: 2, maxLength: 4 },
  ),
  choices: fc.oneof(
    fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 60 }),
    fc.array(
      fc.nat({ max: 200_000 }).map((choice) => choice * 5 + 1),
      { maxLength: 60 },
    ),
  ),
});

interface Outcome {
  readonly value?: number;
  readonly code?: string;
}

/** Plays a plan: owners race for one key, and every answer of the store comes when the plan says. */
async function play(plan: Plan, more: Partial<OnceOptions>) {
  const time = new HandTime();
  const inner = memoryIdempotencyStore();
  const waiting: (() => void)[] = [];
  const history: IdempotencyRecord[] = [];
  const effects: number[] = [];
  const outcomes: (Outcome | undefined)[] = plan.owners.map(() => undefined);
  const dead = new Set<number>();

  const storeOf = (owner: number): IdempotencyStore => {
    let calls = 0;
    const call = <Value>(act: () => Value): Promise<Value> => {
      const { crash } = plan.owners[owner]!;
      calls += 1;
      const dies = crash !== null && calls === crash.call;
      return new Promise((resolve) => {
        if (dead.has(owner)) return; // The dead never hear an answer.
        waiting.push(() => {
          if (dead.has(owner)) return;
          if (dies) dead.add(owner);
          if (!dies || crash.after) {
            const value = act();
            if (!dies) resolve(value);
          }
        });
      });
    };
    return {
      get: (key) => call(() => inner.get(key)),
      put: (key, record, expected) =>
        call(() => {
          const revision = inner.put(key, record, expected);
          if (revision !== undefined) history.push(record);
          return revision;
        }),
    };
  };

  plan.owners.forEach(({ skewMs, effectMs }, owner) => {
    const clock = time.clock(skewMs);
    once(
      'k',
      async ({ begin }) => {
        await begin();
        if (dead.has(owner)) return new Promise<number>(() => {});
        effects.push(owner);
        if (effectMs > 0)
          await new Promise<void>((resolve) => void clock.setTimer(resolve, effectMs));
        if (dead.has(owner)) return new Promise<number>(() => {});
        return owner;
      },
      {
        store: storeOf(owner),
        clock,
        leaseMs: LEASE_MS,
        clockSkewMs: SKEW_MS,
        pollMs: 3_000,
        ...more,
      },
    ).then(
      (value) => {
        outcomes[owner] = { value };
      },
      (error: { readonly code: string }) => {
        outcomes[owner] = { code: error.code };
      },
    );
  });

  for (const choice of plan.choices) {
    await settled();
    if (choice % 5 === 0) await time.advance(choice % 40_000);
    else waiting.splice(Math.floor(choice / 5) % Math.max(1, waiting.length), 1)[0]?.();
  }
  for (
    let round = 0;
    round < 300 && outcomes.some((outcome, owner) => outcome === undefined && !dead.has(owner));
    round++
  ) {
    while (waiting.length > 0) {
      waiting.shift()!();
      await settled();
    }
    await time.advance(3_000);
  }
  return { time, inner, history, effects, outcomes, dead };
}

/** Larger fencing tokens never come before smaller ones. */
function expectOrder(history: readonly IdempotencyRecord[]): void {
  const tokens = history.map((record) => record.fencingToken);
  expect(tokens).toEqual(tokens.toSorted((left, right) => left - right));
}

describe('whatever the order of answers, the crashes and the clocks', () => {
  it.each(['claim', 'manual'] as const)(
    'an effect happens at most once (start: %s)',
    async (start) => {
      const refusals =
        start === 'manual' ? ['EFFECT_UNKNOWN', 'EFFECT_LEASE_LOST'] : ['EFFECT_UNKNOWN'];
      await fc.assert(
        fc.asyncProperty(plans, async (plan) => {
          const { time, inner, history, effects, outcomes, dead } = await play(plan, { start });
          const [actor] = effects;
          expect(effects.length).toBeLessThanOrEqual(1);
          expectOrder(history);
          // Everybody alive hears something: the one result, that nobody knows, or that another was faster before it began.
          for (const outcome of outcomes.filter((_, owner) => !dead.has(owner))) {
            expect(outcome).toBeDefined();
            if (outcome?.value === undefined) expect(refusals).toContain(outcome?.code);
            else expect(outcome.value).toBe(actor);
          }
          if (actor !== undefined && !dead.has(actor)) {
            expect(outcomes[actor]).toEqual({ value: actor });
          }
          // Where nobody dies and the store answers in time, everybody gets the result.
          if (dead.size === 0 && plan.choices.every((choice) => choice % 5 !== 0)) {
            expect(effects).toHaveLength(1);
            expect(outcomes.every((outcome) => outcome?.value === actor)).toBe(true);
          }
          // Doubt can be ended, and then the key works again.
          const clock = time.clock();
          await time.advance(LEASE_MS * 2);
          const status = inner.get('k')?.record.status;
          if (status === 'unknown' || status === 'started') {
            const resolution =
              actor === undefined
                ? ({ happened: false } as const)
                : ({ happened: true, result: actor } as const);
            await resolveUnknown(inner, 'k', resolution, { clock });
          }
          expect(await once('k', () => -1, { store: inner, clock })).toBe(actor ?? -1);
        }),
        { numRuns: 600 },
      );
    },
  );

  it('with repetition allowed, all who get a result get the same, and late writers are refused', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { history, outcomes } = await play(plan, { unknown: 'repeat' });
        const completions = history.filter((record) => record.status === 'completed');
        expect(new Set(completions.map((record) => record.fencingToken)).size).toBeLessThanOrEqual(
          1,
        );
        expect(
          new Set(outcomes.flatMap((outcome) => outcome?.value ?? [])).size,
        ).toBeLessThanOrEqual(1);
        for (const outcome of outcomes) {
          if (outcome?.code !== undefined) expect(outcome.code).toBe('EFFECT_LEASE_LOST');
        }
        expectOrder(history);
      }),
      { numRuns: 600 },
    );
  });
});
