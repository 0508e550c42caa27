import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manualClock } from '@engramkit/testing';
import { afterAll, describe, expect, it } from 'vitest';
import {
  asyncTool,
  capability,
  fileSnapshotStore,
  type RunRequest,
  runRequest,
  SandboxRuntime,
  ToolError,
  ToolRegistry,
} from '../src/index.js';

const add = asyncTool(
  capability('add', 'Adds.', 'none', {
    input_schema: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
    output_schema: { type: 'number' },
  }),
  ({ args }) => Number(args[0]) + Number(args[1]),
);
const pay = asyncTool(
  capability('pay', 'Pays.', 'external_system', { approval_policy: 'manual', idempotent: false }),
  ({ args }) => ({ paid: args[0] ?? null }),
);
const fail = asyncTool(capability('fail', 'Fails.'), () => {
  throw new ToolError('PERMISSION_DENIED', 'not you');
});
const lie = asyncTool(
  capability('lie', 'Lies.', 'read', { output_schema: { type: 'number' } }),
  () => 'one',
);
const slow = asyncTool(
  capability('slow', 'Never answers.', 'read', { limits: { timeout_ms: 30 } }),
  () => new Promise(() => undefined),
);
const rare = asyncTool(
  capability('rare', 'Seldom.', 'read', { limits: { rate_per_min: 2 } }),
  () => 1,
);
const small = asyncTool(
  capability('small', 'Little.', 'read', {
    limits: { max_request_bytes: 5, max_response_bytes: 4 },
  }),
  ({ args }) => 'x'.repeat(Number(args[0])),
);
const stuck = asyncTool(capability('stuck', 'Waits.'), () => new Promise(() => undefined));
const registry = (): ToolRegistry =>
  new ToolRegistry([stuck, add, pay, fail, lie, slow, rare, small]);

const sandbox = new SandboxRuntime({ tools: registry() });
afterAll(() => sandbox.close());
let sessions = 0;
const fresh = (): string => `s${sessions++}`;
const run = (code: string, options: Partial<RunRequest> = {}, session = fresh()) =>
  sandbox.run(runRequest(session, code, { language: 'type_script', ...options }));

describe('a TypeScript program', () => {
  it('gives the value of its last expression, or what it sets result to', async () => {
    expect(await run('const x: number = 20\nx * 2 + 2')).toMatchObject({
      status: 'ok',
      result: 42,
    });
    expect(await run('let n = 0; for (const i of [1,2,3]) n += i; result = n')).toMatchObject({
      result: 6,
    });
    expect(await run('const x = 1;')).toMatchObject({ status: 'ok', result: null });
    expect(await run('enum A { B = 4 }\nA.B')).toMatchObject({ result: 4 });
    expect(await run('await Promise.resolve(3)')).toMatchObject({ result: 3 });
  });

  it('keeps its declarations for the next run, which may declare them again', async () => {
    const session = fresh();
    await run(
      'let a = 1, b; const { c, d: [e] } = { c: 2, d: [3] }; class F { v = 4 } function g() { return 5 } cache = 6',
      {},
      session,
    );
    expect(
      await run('[a, b === undefined, c, e, new F().v, g(), cache]', {}, session),
    ).toMatchObject({
      result: [1, true, 2, 3, 4, 5, 6],
    });
    expect(await run('const a = 7; a', {}, session)).toMatchObject({ result: 7 });
    expect(await run('1;', {}, session)).toMatchObject({ result: 1 });
  });

  it('finds its inputs as globals', async () => {
    expect(
      await run('who.name + list.length', { inputs: { who: { name: 'Ada' }, list: [1, 2] } }),
    ).toMatchObject({
      result: 'Ada2',
    });
    expect(await run('1', { inputs: { add: 1 } })).toMatchObject({
      status: 'validation_error',
      error: { code: 'INVALID_ARGUMENT' },
    });
  });

  it('writes to standard output and standard error, cut on a whole character', async () => {
    const done = await run('console.log("a", { b: [1] }); console.error("é".repeat(9))', {
      limits: {
        memory_mb: 64,
        cpu_ms: 2000,
        wall_ms: 5000,
        max_stdout_bytes: 9,
        max_external_calls: 1,
        max_stack_depth: 256,
      },
    });
    expect(done).toMatchObject({ status: 'ok', stdout: 'a {"b":[1', stderr: 'éééé' });
    expect(done.diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
      'warning STDOUT_EXCEEDED',
      'warning STDOUT_EXCEEDED',
    ]);
  });

  it.each([
    ['let = ;', 'SYNTAX_ERROR', 1],
    ['1\nimport x from "fs"', 'UNSUPPORTED_FEATURE', 2],
    ['await import("fs")', 'UNSUPPORTED_FEATURE', 1],
    ['\n\nprocess.exit()', 'UNSUPPORTED_FEATURE', 3],
    ['eval("1")', 'UNSUPPORTED_FEATURE', 1],
    ['missing(1)', 'UNKNOWN_TOOL', 1],
  ])('is refused before it runs: %j', async (code, error, line) => {
    for (const validate_only of [false, true]) {
      const refused = await run(code, { validate_only });
      expect(refused).toMatchObject({
        status: 'validation_error',
        error: { code: error, span: { line } },
      });
    }
  });

  it('is not refused for words inside of strings and comments', async () => {
    expect(await run('// eval("x") import\n"process.env fetch(require)"')).toMatchObject({
      status: 'ok',
    });
  });

  it.each([
    ['(() => 1)', 'function'],
    ['[1n]', 'bigint'],
    ['NaN', 'NaN'],
    ['new Map()', 'Map'],
    ['[undefined]', 'undefined'],
  ])('cannot give %s as a result', async (code, kind) => {
    const refused = await run(code);
    expect(refused).toMatchObject({
      status: 'validation_error',
      error: { code: 'RESULT_NOT_SERIALIZABLE' },
    });
    expect(refused.error?.hint).toContain(kind);
  });

  it('is told where it failed', async () => {
    expect(await run('const a = 1\n\n  null.x')).toMatchObject({
      status: 'runtime_error',
      error: { code: 'RUNTIME_ERROR', span: { line: 3 } },
    });
  });
});

describe('a capability call', () => {
  it('is recorded in the order of its start, with the digests of the contract', async () => {
    const done = await run('await Promise.all([add(1, 2), add(3, 4), add(5, 6)])');
    expect(done).toMatchObject({ result: [3, 7, 11], metrics: { external_calls_count: 3 } });
    expect(done.external_calls.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'add ok',
      'add ok',
      'add ok',
    ]);
    expect(done.external_calls[0]?.request_digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['await add("x", 1)', 'TYPE_ERROR', 'validation_error', 'error'],
    ['await fail()', 'PERMISSION_DENIED', 'permission_denied', 'denied'],
    ['await lie()', 'OUTPUT_SCHEMA_MISMATCH', 'runtime_error', 'error'],
    ['await slow()', 'TIMEOUT_TOOL', 'timeout', 'timeout'],
    ['await rare(); await rare(); await rare()', 'RATE_LIMITED', 'resource_exhausted', 'denied'],
    ['await small("1234")', 'REQUEST_TOO_LARGE', 'runtime_error', 'error'],
    ['await small(3)', 'RESPONSE_TOO_LARGE', 'runtime_error', 'error'],
  ])('%s fails with %s', async (code, error, status, recorded) => {
    const failed = await run(code);
    expect(failed).toMatchObject({ status, error: { code: error } });
    expect(failed.external_calls.at(-1)).toMatchObject({
      status: recorded,
      error: { code: error },
    });
  });

  it('within one byte of its limits succeeds', async () => {
    expect(await run('await small(2)')).toMatchObject({ status: 'ok', result: 'xx' });
  });

  it('that the program catches does not fail the run', async () => {
    const done = await run('let code; try { await fail() } catch (e) { code = e.code } code');
    expect(done).toMatchObject({ status: 'ok', result: 'PERMISSION_DENIED' });
    expect(done.external_calls[0]).toMatchObject({ status: 'denied' });
  });

  it('beyond the limit fails the run and reaches no handler', async () => {
    let handled = 0;
    const counted = asyncTool(capability('count', 'Counts.'), () => (handled += 1));
    await using small = new SandboxRuntime({
      tools: new ToolRegistry([counted]),
      limits: { max_external_calls: 2 },
    });
    const code = 'for (let i = 0; i < 9; i++) try { await count() } catch {}';
    const stopped = await small.run(runRequest('s', code, { language: 'type_script' }));
    expect(stopped).toMatchObject({
      status: 'resource_exhausted',
      error: { code: 'EXTERNAL_CALLS_EXCEEDED' },
    });
    expect(handled).toBe(2);
  });

  it('to a discovery tool is neither counted nor recorded', async () => {
    const done = await run(
      '[(await list_tools()).map((t) => t.name), (await describe_tool("add")).side_effect, (await current_policy()).subprocess]',
    );
    expect(done.result).toEqual([
      [
        'add',
        'current_policy',
        'describe_tool',
        'fail',
        'lie',
        'list_tools',
        'pay',
        'rare',
        'slow',
        'small',
        'stuck',
      ],
      'none',
      'denied',
    ]);
    expect(done.external_calls).toEqual([]);
  });
});

describe('an approval', () => {
  const code = 'const before = 2; const paid = await pay(5); result = [paid.paid, before]';

  it('stops the run until it is given', async () => {
    const session = fresh();
    const waiting = await run(code, {}, session);
    expect(waiting).toMatchObject({
      status: 'waiting_for_approval',
      error: { code: 'WAITING_FOR_APPROVAL' },
      pending_approvals: [{ name: 'pay', args: [5], call_index: 0 }],
    });
    expect(waiting.snapshot_id).toMatch(/^snap_[0-9a-f]{64}$/);
    const id = waiting.pending_approvals?.[0]?.approval_id ?? '';
    expect(await run('1', {}, session)).toMatchObject({ error: { code: 'SESSION_BUSY' } });
    const done = await sandbox.resume(session, id, { decision: 'approve', by: 'ada' });
    expect(done).toMatchObject({ status: 'ok', result: [5, 2] });
    expect(done.external_calls).toMatchObject([{ name: 'pay', status: 'ok' }]);
    expect(await sandbox.resume(session, id, { decision: 'approve', by: 'ada' })).toMatchObject({
      error: { code: 'APPROVAL_NOT_FOUND' },
    });
  });

  it('that is refused reaches the program as an error', async () => {
    const session = fresh();
    const waiting = await run(code, {}, session);
    const id = waiting.pending_approvals?.[0]?.approval_id ?? '';
    const denied = await sandbox.resume(session, id, {
      decision: 'deny',
      by: 'ada',
      reason: 'too dear',
    });
    expect(denied).toMatchObject({
      status: 'permission_denied',
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(denied.external_calls).toMatchObject([
      { status: 'denied', error: { code: 'APPROVAL_DENIED' } },
    ]);
  });

  it('may change the arguments', async () => {
    const session = fresh();
    const waiting = await run(code, {}, session);
    const id = waiting.pending_approvals?.[0]?.approval_id ?? '';
    const done = await sandbox.resume(session, id, { decision: 'approve', by: 'ada', args: [3] });
    expect(done).toMatchObject({ result: [3, 2] });
    expect(done.external_calls[0]?.request_digest).not.toBe(
      waiting.external_calls[0]?.request_digest,
    );
  });

  it('is needed for each of two calls at once', async () => {
    const session = fresh();
    const waiting = await run(
      '(await Promise.all([pay(1), pay(2)])).map((p) => p.paid)',
      {},
      session,
    );
    expect(waiting.pending_approvals).toHaveLength(2);
    const [one, two] = waiting.pending_approvals ?? [];
    const half = await sandbox.resume(session, two?.approval_id ?? '', {
      decision: 'approve',
      by: 'ada',
    });
    expect(half).toMatchObject({
      status: 'waiting_for_approval',
      pending_approvals: [{ args: [1] }],
    });
    expect(
      await sandbox.resume(session, one?.approval_id ?? '', { decision: 'approve', by: 'ada' }),
    ).toMatchObject({
      status: 'ok',
      result: [1, 2],
    });
  });

  it('outlives the runtime that asked for it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const parts = () => ({
      tools: registry(),
      store: fileSnapshotStore(directory),
      snapshotKey: 'shared',
    });
    let id = '';
    {
      await using first = new SandboxRuntime(parts());
      const waiting = await first.run(runRequest('s', code, { language: 'type_script' }));
      id = waiting.pending_approvals?.[0]?.approval_id ?? '';
    }
    await using second = new SandboxRuntime(parts());
    const done = await second.resume('s', id, { decision: 'approve', by: 'ada' });
    expect(done).toMatchObject({ status: 'ok', result: [5, 2] });
    rmSync(directory, { recursive: true });
  });

  it('expires', async () => {
    const clock = manualClock({ nowMs: 1_000 });
    const real = performance;
    const mixed = {
      ...clock,
      now: () => clock.now(),
      monotonic: () => real.now(),
      setTimer: clock.setTimer,
    };
    await using short = new SandboxRuntime({ tools: registry(), approvalTtlMs: 10, clock: mixed });
    const waiting = await short.run(runRequest('s', code, { language: 'type_script' }));
    await clock.advance(11);
    const id = waiting.pending_approvals?.[0]?.approval_id ?? '';
    expect(await short.resume('s', id, { decision: 'approve', by: 'ada' })).toMatchObject({
      status: 'permission_denied',
    });
  });
});

describe('a session', () => {
  it('goes on from a snapshot, also under another id, and notices when it was changed', async () => {
    const session = fresh();
    await run('let n = 1; const next = () => ++n', {}, session);
    const bytes = await sandbox.snapshotSession(session);
    await run('next()', {}, session);
    const copy = await sandbox.restoreSession(bytes, fresh());
    expect(await run('next()', {}, copy)).toMatchObject({ result: 2 });
    for (const at of [20, Math.floor(bytes.length / 2), bytes.length - 40]) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(sandbox.restoreSession(changed, fresh())).rejects.toMatchObject({
        code: expect.stringMatching(/^(SNAPSHOT_|INVALID_)/),
      });
    }
    await using stranger = new SandboxRuntime({ tools: registry() });
    await expect(stranger.restoreSession(bytes)).rejects.toMatchObject({
      code: 'SNAPSHOT_CORRUPT',
    });
  });

  it('is used by one run at a time, in the order they came', async () => {
    const session = fresh();
    await run('let n = 0', {}, session);
    const results = await Promise.all(
      Array.from({ length: 5 }, () => run('n = n + await add(0, 1)', {}, session)),
    );
    expect(results.map(({ result }) => result)).toEqual([1, 2, 3, 4, 5]);
  });

  it('can be cancelled while it runs and while it waits for a capability, and is then what it was', async () => {
    const session = fresh();
    await run('let n = 1', {}, session);
    for (const code of ['n = 2; while (true) {}', 'n = 3; await stuck()']) {
      const pending = run(code, { timeout_ms: 4_000 }, session);
      await expect.poll(() => sandbox.cancel(session)).toBe(true);
      expect(await pending).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } });
    }
    expect(await run('n', {}, session)).toMatchObject({ result: 1 });
  });

  it('may lower its limits for a run, not raise them', async () => {
    const stopped = await run('while (true) {}', { timeout_ms: 60 });
    expect(stopped).toMatchObject({ status: 'timeout', error: { code: 'TIMEOUT_WALL' } });
    expect(stopped.metrics.duration_ms).toBeLessThan(1_000);
  });

  it('runs deterministically when the host says so', async () => {
    const once = async (): Promise<unknown> => {
      await using fixed = new SandboxRuntime({ deterministic: { seed: 7, nowMs: 1_000 } });
      return (
        await fixed.run(runRequest('s', '[Math.random(), Date.now()]', { language: 'type_script' }))
      ).result;
    };
    expect(await once()).toEqual(await once());
  });
});
