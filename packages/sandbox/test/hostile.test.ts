import { afterAll, describe, expect, it } from 'vitest';
import {
  capability,
  type Language,
  runRequest,
  SandboxRuntime,
  syncTool,
  ToolRegistry,
} from '../src/index.js';
import { hostilePython } from './hostile/python-programs.js';
import { type HostileProgram, hostileTypeScript } from './hostile/typescript-programs.js';

const echo = syncTool(capability('echo', 'Says it again.'), ({ args }) => args[0] ?? null);
const sandboxWith = (cpu_ms: number, wall_ms: number): SandboxRuntime =>
  new SandboxRuntime({
    tools: new ToolRegistry([echo]),
    checks: 'syntax',
    limits: { cpu_ms, wall_ms, max_external_calls: 5, max_stdout_bytes: 2_000 },
  });
/** Little time for what attacks the time, and enough for the rest, that another limit is met first on a busy machine, too. */
const hasty = sandboxWith(150, 500);
const patient = sandboxWith(2_500, 5_000);
const ABOUT_TIME = new Set(['loops', 'natives', 'promises', 'output']);
afterAll(() => Promise.all([hasty.close(), patient.close()]));

const tables: readonly (readonly [
  Language,
  Readonly<Record<string, readonly HostileProgram[]>>,
])[] = [
  ['type_script', hostileTypeScript],
  ['python', hostilePython],
];

describe.each(tables)('%s programs that mean harm', (language, table) => {
  it('are at least sixty', () => {
    expect(Object.values(table).flat().length).toBeGreaterThanOrEqual(60);
  });

  it.each(Object.entries(table))(
    'by %s get what they may, and the next program runs as ever',
    async (attack, programs) => {
      const sandbox = ABOUT_TIME.has(attack) ? hasty : patient;
      const outcomes = await Promise.all(
        programs.map(async ([code, wanted], index) => {
          const id = `${attack}-${language}-${index}`;
          const result = await sandbox.run(runRequest(id, code, { language }));
          const got =
            result.status === 'ok'
              ? `ok ${JSON.stringify(result.result)}`
              : (result.error?.code ?? '');
          const fine = wanted
            .split('|')
            .some((one) => one === got || (one === 'ok' && got.startsWith('ok ')));
          const late = sandbox === hasty && result.metrics.duration_ms > 500 + 15 + 400;
          const after = await sandbox.run(runRequest(id, '1 + 1', { language }));
          const alive = after.status === 'ok' && after.result === 2;
          return fine && alive && !late
            ? ''
            : `${code.slice(0, 80)} -> ${got.slice(0, 80)} (wanted ${wanted}); ${result.error?.message}; after: ${after.error?.message ?? after.status}; ${result.metrics.duration_ms} ms`;
        }),
      );
      expect(outcomes.filter((problem) => problem !== '')).toEqual([]);
    },
  );
});
