/**
 * Times candidates in turns, so that a busy moment of the machine hits all of them alike.
 *
 * Returns nanoseconds per call for each, best round and median round. A candidate may return a promise: then `async` is needed.
 */
export function interleave(candidates, { rounds, secondsPerRound }) {
  const plans = candidates.map(([name, run]) => ({
    name,
    run,
    calls: callsFor(run, secondsPerRound),
    times: [],
  }));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < plans.length; turn++) {
      const plan = plans[(turn + round) % plans.length];
      plan.times.push(timed(plan.run, plan.calls));
    }
  }
  return summary(plans);
}

/** {@link interleave} for candidates that return promises; each call is awaited. */
export async function interleaveAsync(candidates, { rounds, calls }) {
  const plans = candidates.map(([name, run]) => ({ name, run, times: [] }));
  for (const plan of plans) for (let call = 0; call < calls; call++) await plan.run();
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < plans.length; turn++) {
      const plan = plans[(turn + round) % plans.length];
      const start = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) await plan.run();
      plan.times.push(Number(process.hrtime.bigint() - start) / calls);
    }
  }
  return summary(plans);
}

let sink;

function timed(run, calls) {
  const start = process.hrtime.bigint();
  for (let call = 0; call < calls; call++) sink = run();
  return Number(process.hrtime.bigint() - start) / calls;
}

/** Warms up and finds how many calls fill a round. */
function callsFor(run, seconds) {
  let calls = 1;
  for (;;) {
    const nanoseconds = timed(run, calls) * calls;
    if (nanoseconds > seconds * 5e8)
      return Math.max(1, Math.round((calls * seconds * 1e9) / nanoseconds));
    calls *= 2;
  }
}

function summary(plans) {
  return Object.fromEntries(
    plans.map(({ name, times }) => {
      const sorted = times.toSorted((left, right) => left - right);
      return [name, { best: sorted[0], median: sorted[sorted.length >> 1] }];
    }),
  );
}

/** Keeps results alive, so that no call is optimised away. */
export function lastResult() {
  return sink;
}
