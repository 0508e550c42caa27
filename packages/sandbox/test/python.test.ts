import { afterAll, describe, expect, it } from 'vitest';
import {
  asyncTool,
  capability,
  type RunRequest,
  runRequest,
  SandboxRuntime,
  syncTool,
  ToolRegistry,
} from '../src/index.js';

const tools = new ToolRegistry([
  asyncTool(capability('fetch_price', 'Prices.', 'network'), ({ args }) => ({
    article: args[0] ?? null,
    price: 2.5,
  })),
  syncTool(
    capability('double', 'Doubles.', 'none', {
      input_schema: { type: 'array', items: { type: 'number' }, 'x-kwargs': { type: 'object' } },
    }),
    ({ args, kwargs }) => Number(args[0]) * 2 + Number(kwargs.plus ?? 0),
  ),
  syncTool(
    capability('pay', 'Pays.', 'external_system', { approval_policy: 'manual', idempotent: false }),
    ({ args }) => ({ paid: args[0] ?? null }),
  ),
]);
const sandbox = new SandboxRuntime({ tools });
afterAll(() => sandbox.close());
let sessions = 0;
const fresh = (): string => `p${sessions++}`;
const run = (code: string, options: Partial<RunRequest> = {}, session = fresh()) =>
  sandbox.run(runRequest(session, code, options));

describe('a Python program', () => {
  it.each([
    ['result = sum(range(10))', 45],
    ['x = 2\nx ** 10  # power', 1024],
    ['x = 1; x + 1', 2],
    ['x = 1', null],
    ['def a(n):\n    return b(n)\ndef b(n):\n    return n\na(1)', 1],
    ['f = lambda n: f(n - 1) if n else 5\nf(3)', 5],
    ['if True:\n    y = 3\ny', 3],
    ['def f(a, b=2):\n    return a + b\n\nf(1)', 3],
    ['"a;b" + \'#c\'', 'a;b#c'],
    ['[\n  1,\n  2\n]', [1, 2]],
    ['{"a": (1, 2.5, None), "b": [True]}', { a: [1, 2.5, null], b: [true] }],
    ['a, (b, c) = 1, (2, 3)\na == 1 and b + c', 5],
    ['def result_of():\n    return 1\nresult = result_of()', 1],
    ['"""doc"""\n7', 7],
  ])('%j gives %j', async (code, result) => {
    expect(await run(code)).toMatchObject({ status: 'ok', result, error: null });
  });

  it('keeps values and functions for the next run', async () => {
    const session = fresh();
    await run(
      'import json\ncache = {"n": 1, 2: (3.0, {4}, b"x")}\nbig = 10**30\nfor i in range(3):\n    last = i\ndef bump():\n    cache["n"] = cache["n"] + 1\n    return cache["n"]',
      {},
      session,
    );
    expect(await run('bump()', {}, session)).toMatchObject({ status: 'ok', result: 2 });
    expect(
      await run('[cache["n"], repr(cache[2]), big == 10**30, last, json.dumps([1])]', {}, session),
    ).toMatchObject({
      result: [2, "(3.0, {4}, b'x')", true, 2, '[1]'],
    });
  });

  it('that fails leaves the session as it was', async () => {
    const session = fresh();
    await run('n = [1]', {}, session);
    expect(await run('n.append(2)\n1 / 0', {}, session)).toMatchObject({
      status: 'runtime_error',
      error: {
        code: 'RUNTIME_ERROR',
        message: 'ZeroDivisionError: division by zero',
        span: { line: 2, column: 1 },
      },
    });
    expect(await run('n', {}, session)).toMatchObject({ result: [1] });
  });

  it('finds its inputs and prints', async () => {
    expect(
      await run('print(who["name"], 1.0)\nlen(who)', { inputs: { who: { name: 'Ada' } } }),
    ).toMatchObject({
      result: 1,
      stdout: 'Ada 1.0\n',
    });
  });

  it.each([
    ['x = = 2', 'SYNTAX_ERROR', 'validation_error', 1],
    ['\nclass A:\n    pass', 'UNSUPPORTED_FEATURE', 'validation_error', 2],
    ['1\nopen("/etc/passwd")', 'UNSUPPORTED_FEATURE', 'validation_error', 2],
    ['import subprocess', 'UNSUPPORTED_FEATURE', 'validation_error', 1],
    ['\nnope(1)', 'UNKNOWN_TOOL', 'validation_error', 2],
    ['def f():\n    return f()\nf()', 'STACK_OVERFLOW', 'resource_exhausted', 2],
    ['x = [0] * 10**9', 'MEMORY_EXCEEDED', 'resource_exhausted', 1],
    ['lambda: 1', 'RESULT_NOT_SERIALIZABLE', 'validation_error', undefined],
    ['{1, 2}', 'RESULT_NOT_SERIALIZABLE', 'validation_error', undefined],
    ['float("nan")', 'RESULT_NOT_SERIALIZABLE', 'validation_error', undefined],
  ])('%j fails with %s', async (code, error, status, line) => {
    const failed = await run(code);
    expect(failed).toMatchObject({ status, error: { code: error } });
    if (line !== undefined) expect(failed.error?.span).toMatchObject({ line });
  });

  it('is not refused for words inside of strings', async () => {
    expect(await run('"open(1) import socket eval("')).toMatchObject({ status: 'ok' });
  });

  it('is checked without running, with every finding', async () => {
    const checked = await run('import socket\nnope(1)\nx: int = "a"', { validate_only: true });
    expect(checked.status).toBe('validation_error');
    expect(checked.diagnostics.map(({ code, span }) => `${code} ${span?.line}`)).toEqual(
      expect.arrayContaining(['UNSUPPORTED_FEATURE 1', 'UNKNOWN_TOOL 2', 'TYPE_ERROR 3']),
    );
    expect(await run('await fetch_price("tea")', { validate_only: true })).toMatchObject({
      status: 'ok',
    });
  });

  it('calls capabilities, awaited or not, with named arguments', async () => {
    const done = await run(
      'import asyncio\na = double(2, plus=1)\nb = await asyncio.gather(fetch_price("x"), fetch_price("y"))\n[a, b[1]["price"], len(list_tools())]',
    );
    expect(done).toMatchObject({ status: 'ok', result: [5, 2.5, 6] });
    expect(done.external_calls.map(({ name }) => name)).toEqual([
      'double',
      'fetch_price',
      'fetch_price',
    ]);
    expect(
      await run('try:\n    double("x")\nexcept TypeError as e:\n    r = "caught"\nr'),
    ).toMatchObject({ result: 'caught' });
  });

  it('waits for approval and goes on, also from its snapshot', async () => {
    const session = fresh();
    const waiting = await run('before = 2\np = pay(5)\n[p["paid"], before]', {}, session);
    expect(waiting).toMatchObject({
      status: 'waiting_for_approval',
      pending_approvals: [{ args: [5] }],
    });
    const copy = await sandbox.restoreSession(await sandbox.snapshotSession(session), fresh());
    const id = waiting.pending_approvals?.[0]?.approval_id ?? '';
    for (const one of [session, copy]) {
      expect(await sandbox.resume(one, id, { decision: 'approve', by: 'ada' })).toMatchObject({
        status: 'ok',
        result: [5, 2],
      });
      expect(await run('before', {}, one)).toMatchObject({ result: 2 });
    }
  });

  it('is stopped when its time is over', async () => {
    const stopped = await run('print("begun")\nwhile True:\n    pass', { timeout_ms: 100 });
    expect(stopped).toMatchObject({ status: 'timeout', stdout: 'begun\n' });
  });
});
