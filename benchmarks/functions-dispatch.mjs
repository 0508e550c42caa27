// Dispatch to one function among 10 and among 10,000: the registry must not matter.
// node benchmarks/functions-dispatch.mjs
import { defineFunction, FunctionRegistry, FunctionRuntime } from '@engramkit/functions';
import { interleaveAsync } from './measure/interleave.mjs';

function among(count) {
  const registry = new FunctionRegistry();
  for (let index = 0; index < count; index++) {
    const definition = {
      function_id: `f${index}`,
      trigger_events: [`E${index}`],
      gsap_required: false,
    };
    registry.register(defineFunction(definition, () => index));
  }
  const runtime = new FunctionRuntime(registry);
  return () => runtime.dispatch(`E${count >> 1}`, { n: 1 });
}

const times = await interleaveAsync(
  [
    ['1 of 10', among(10)],
    ['1 of 10,000', among(10_000)],
  ],
  { rounds: 9, calls: 5_000 },
);
for (const [name, { best, median }] of Object.entries(times)) {
  console.log(
    `${name}: ${(best / 1000).toFixed(2)} µs best, ${(median / 1000).toFixed(2)} µs median`,
  );
}
