// What a sandbox costs: node benchmarks/sandbox.mjs (after a build). Every number is of one process, measured once warm.
import {
  asyncTool,
  capability,
  quickJsEngine,
  runRequest,
  SandboxRuntime,
  ToolRegistry,
} from '../packages/sandbox/dist/index.js';

const median = (values) => values.sort((one, other) => one - other)[values.length >> 1];
const timed = async (act) => {
  const from = performance.now();
  const result = await act();
  return [performance.now() - from, result];
};
const typeScript = { language: 'type_script' };
const tools = () =>
  new ToolRegistry([
    asyncTool(capability('echo', 'Says it again.'), ({ args }) => args[0] ?? null),
  ]);
const limits = { max_external_calls: 1_000_000, cpu_ms: 60_000, wall_ms: 60_000 };
const report = (name, value, unit, goal) =>
  console.log(`${name.padEnd(52)} ${value.toFixed(2).padStart(10)} ${unit.padEnd(8)} ${goal}`);

const sandbox = new SandboxRuntime({ tools: tools(), limits });
const [cold] = await timed(() => sandbox.run(runRequest('cold', '1 + 1', typeScript)));
report('new session to 1 + 1, cold', cold, 'ms', 'goal 80');
await sandbox.warm('type_script');
const fresh = [];
for (let index = 0; index < 60; index++) {
  fresh.push((await timed(() => sandbox.run(runRequest(`warm${index}`, '1 + 1', typeScript))))[0]);
}
report('new session to 1 + 1, warm pool (median of 60)', median(fresh), 'ms', 'goal 3');

const calls = `const n = 4000; for (let i = 0; i < n; i += 100) await Promise.all(Array.from({ length: 100 }, () => echo(i))); n`;
for (const [name, runtime] of [
  ['through a worker', sandbox],
  [
    'in process',
    new SandboxRuntime({ tools: tools(), limits, engines: [quickJsEngine({ isolation: 'none' })] }),
  ],
]) {
  await runtime.run(runRequest('calls', calls, typeScript));
  const [ms, done] = await timed(() => runtime.run(runRequest('calls', calls, typeScript)));
  if (done.result !== 4000) throw new Error(JSON.stringify(done.error));
  report(
    `capability calls, 100 at once, ${name}`,
    (4000 / ms) * 1000,
    'per s',
    name === 'in process' ? '' : 'goal 15000',
  );
  if (runtime !== sandbox) await runtime.close();
}

await sandbox.run(
  runRequest(
    'heap',
    'const text = []; for (let i = 0; i < 1024; i++) text.push(String(Math.random()).repeat(57)); 1',
    typeScript,
  ),
);
const round = [];
for (let index = 0; index < 9; index++) {
  const [ms] = await timed(async () =>
    sandbox.restoreSession(await sandbox.snapshotSession('heap'), 'heap2'),
  );
  round.push(ms);
}
report('snapshot and restore of a heap of 1 MB (median of 9)', median(round), 'ms', 'goal 60');

const overrun = [];
for (let index = 0; index < 5; index++) {
  const [ms] = await timed(() =>
    sandbox.run(runRequest('kill', 'Array(1e8).join("x")', { ...typeScript, timeout_ms: 200 })),
  );
  overrun.push(ms - 200);
}
report('hard kill after the wall limit (median of 5)', median(overrun), 'ms', 'goal 20');

for (let index = 0; index < 500; index++)
  await sandbox.run(runRequest(`many${index}`, 'let n = 1', typeScript));
report(
  'resident memory with 500 sessions more',
  process.memoryUsage().rss / 2 ** 20,
  'MiB',
  'goal 1024',
);
await sandbox.close();
