import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalRunRecord, noopTracer, openLocalHost, silentLogger } from '../src/index.js';
import { bundleChild, type Child, startChild } from './child.js';

let host: string;
let folder: string;
const children: Child[] = [];
beforeAll(() => {
  host = bundleChild('host');
});
afterAll(() => rm(host, { force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-'));
});
afterEach(async () => {
  for (const { process } of children.splice(0)) process.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function start(
  source: string,
  options: object = {},
  env: NodeJS.ProcessEnv = {},
): Promise<Child> {
  const file = join(folder, 'engram.ts');
  await writeFile(file, source);
  const child = startChild(
    host,
    [JSON.stringify({ file, state: join(folder, '.engramkit'), ...options })],
    env,
  );
  children.push(child);
  return child;
}

const recordIn = (stdout: string): LocalRunRecord =>
  JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
const logsIn = (stderr: string): { msg: string; level: string; [field: string]: unknown }[] =>
  stderr
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const READY = `process.stderr.write(JSON.stringify({ level: 'INFO', msg: 'ready' }) + '\\n');`;

describe('signals', () => {
  it('abort the run; an engram that stops in time ends it with exit code 1 and a record', async () => {
    const child =
      await start(`export default { process: (_: unknown, { signal }: { signal: AbortSignal }) => new Promise((_resolve, reject) => {
      const keep = setInterval(() => {}, 1000);
      signal.addEventListener('abort', () => { clearInterval(keep); reject(new Error('stopped by ' + signal.reason.message)); });
      ${READY}
    }) };`);
    await child.line('stderr', 'ready');
    child.process.kill('SIGTERM');
    const { code, stdout, stderr } = await child.end();
    expect(code).toBe(1);
    expect(recordIn(stdout)).toMatchObject({
      status: 'cancelled',
      exitCode: 1,
      failure: { stage: 'process' },
    });
    expect(recordIn(stdout).failure?.error.message).toContain(
      'stopped by the process received SIGTERM',
    );
    expect(logsIn(stderr).map(({ msg }) => msg)).toContain('SIGTERM received: stopping');
  });

  it('let work that finishes in its grace succeed', async () => {
    const child = await start(
      `export default { process: (_: unknown, { signal }: { signal: AbortSignal }) => new Promise((resolve) => {
        const keep = setInterval(() => {}, 1000);
        signal.addEventListener('abort', () => setTimeout(() => { clearInterval(keep); resolve({ saved: true }); }, 20));
        ${READY}
      }) };`,
    );
    await child.line('stderr', 'ready');
    child.process.kill('SIGINT');
    const { code, stdout } = await child.end();
    expect(recordIn(stdout)).toMatchObject({ status: 'succeeded', output: { saved: true } });
    expect(code).toBe(0);
  });

  it('shorten the wait the second time, and the process ends although work was left behind', async () => {
    const child = await start(
      `export default { process: () => new Promise(() => { setInterval(() => {}, 1000); ${READY} }) };`,
      { graceMs: 60_000, shortGraceMs: 10 },
    );
    await child.line('stderr', 'ready');
    child.process.kill('SIGTERM');
    await child.line('stderr', 'SIGTERM received: stopping');
    child.process.kill('SIGTERM');
    const { code, stdout, stderr } = await child.end();
    expect(code).toBe(1);
    expect(recordIn(stdout)).toMatchObject({ status: 'cancelled' });
    expect(logsIn(stderr).map(({ msg }) => msg)).toContain(
      'SIGTERM received again: waiting no longer than 10 ms',
    );
  });
});

describe('a deadline', () => {
  it('ends a process that ignores its signal with 124', async () => {
    const child = await start(
      'export default { process: () => new Promise(() => { setInterval(() => {}, 1000); }) };',
      {
        timeoutMs: 30,
        graceMs: 30,
      },
    );
    const { code, stdout } = await child.end();
    expect(code).toBe(124);
    expect(recordIn(stdout)).toMatchObject({ status: 'timed-out', exitCode: 124 });
  });

  it('ends a busy loop with 124 through the watchdog, which leaves the record and the place', async () => {
    const child = await start(
      `export default { process() { ${READY}\n for (;;) { Math.sqrt(2); } } };`,
      { timeoutMs: 2_000, graceMs: 50, watchdogMs: 200, runId: 'busy' },
    );
    const { code, stderr } = await child.end();
    expect(code).toBe(124);
    const record: LocalRunRecord = JSON.parse(
      await readFile(join(folder, '.engramkit/runs/busy/run.json'), 'utf8'),
    );
    expect(record).toMatchObject({
      status: 'timed-out',
      exitCode: 124,
      failure: { error: { code: 'DEADLINE_EXCEEDED' } },
    });
    const lines = logsIn(stderr);
    expect(lines.find(({ msg }) => msg === 'the event loop is blocked')?.at).toContain('process');
    expect(lines.at(-1)).toMatchObject({ level: 'ERROR' });
    expect(lines.at(-1)?.msg).toContain(
      'run busy blocked the event loop past its limit of 2000 ms',
    );
  });

  it('is reported when a blockage ends by itself', async () => {
    const child = await start(
      `export default { async process() { const until = performance.now() + 1_500; while (performance.now() < until); await new Promise((resolve) => setTimeout(resolve, 300)); return {}; } };`,
      { watchdogMs: 100 },
    );
    const { code, stderr } = await child.end();
    expect(code).toBe(0);
    const blocked = logsIn(stderr).find(({ msg }) => msg === 'was blocked');
    expect(blocked?.blockedMs).toBeGreaterThanOrEqual(100);
    expect(JSON.stringify(blocked?.frames)).toContain('process');
  });
});

describe('errors that nobody caught', () => {
  it.each([
    ['a floating rejection', `void Promise.reject(new Error('floating'));`, 'UNHANDLED_REJECTION'],
    [
      'an exception in a timer',
      `setTimeout(() => { throw new Error('floating'); }, 1);`,
      'UNCAUGHT_EXCEPTION',
    ],
  ])('fail the open run they belong to: %s', async (_name, statement, code) => {
    const child = await start(
      `export default { async process() { ${statement}\n await new Promise((resolve) => setTimeout(resolve, 60_000)); } };`,
      { graceMs: 10 },
    );
    const { code: exitCode, stdout } = await child.end();
    expect(exitCode).toBe(1);
    expect(recordIn(stdout)).toMatchObject({ status: 'failed', failure: { error: { code } } });
    expect(recordIn(stdout).failure?.error.message).toContain('floating');
  });

  it('after the end of the run keep its record and make the exit code 1', async () => {
    const child = await start(
      `export default { async process() { setTimeout(() => { throw new Error('late'); }, 1); return { fine: true }; }, close: () => undefined };`,
      { runs: 40 },
    );
    const { code, stdout, stderr } = await child.end();
    expect(recordIn(stdout).status).toMatch(/succeeded|failed/);
    expect(code).toBe(1);
    expect(`${stdout}${stderr}`).toContain('late');
  });

  it('include a promise that can never settle', async () => {
    const child = await start('export default { process: () => new Promise(() => {}) };', {
      graceMs: 10,
    });
    const { code, stdout } = await child.end();
    expect(code).toBe(1);
    expect(recordIn(stdout)).toMatchObject({
      status: 'failed',
      failure: { error: { code: 'RUN_STALLED' } },
    });
  });
});

describe('the surroundings', () => {
  it('may close the pipes without ending the process', async () => {
    const done = join(folder, 'done');
    const child = await start(
      `import { writeFileSync } from 'node:fs';
      export default { async process(_: unknown, context: { logger: { info(text: string): void } }) {
        ${READY}
        for (let index = 0; index < 50; index += 1) { context.logger.info('x'.repeat(10_000)); await new Promise((resolve) => setTimeout(resolve, 1)); }
        writeFileSync(${JSON.stringify(done)}, 'yes');
        return {};
      } };`,
      { runId: 'piped' },
    );
    await child.line('stderr', 'ready');
    child.process.stderr?.destroy();
    child.process.stdout?.destroy();
    const { code, signal } = await child.end();
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(await readFile(done, 'utf8')).toBe('yes');
    const record: LocalRunRecord = JSON.parse(
      await readFile(join(folder, '.engramkit/runs/piped/run.json'), 'utf8'),
    );
    expect(record.status).toBe('succeeded');
  });

  it('never see a secret in logs, records or output', async () => {
    const secret = 'correct horse "battery" staple';
    const child = await start(
      `export default { async process(_: unknown, context: any) {
        const secret = process.env.THE_SECRET;
        context.logger.info('it is ' + secret, { secret, nested: { url: 'https://x/?q=' + encodeURIComponent(secret!) }, error: new Error(secret) });
        return { echo: secret, list: [Buffer.from(secret!).toString('base64')] };
      } };`,
      { secrets: { token: 'env:THE_SECRET' } },
      { THE_SECRET: secret },
    );
    const { code, stdout, stderr } = await child.end();
    expect(code).toBe(0);
    const all = `${stdout}${stderr}${await readFile(recordIn(stdout).files.record, 'utf8')}`;
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]) {
      expect(all).not.toContain(form);
    }
    expect(all).toContain('[REDACTED]');
  });

  it('see a module that cannot be loaded as exit code 1 and one log line', async () => {
    const child = await start('export default 7;');
    const { code, stderr } = await child.end();
    expect(code).toBe(1);
    expect(logsIn(stderr)).toEqual([
      expect.objectContaining({
        level: 'ERROR',
        error: expect.objectContaining({ code: 'EXPORT_NOT_FOUND' }),
      }),
    ]);
  });
});

describe('several processes on one state directory', () => {
  it('load, run and record side by side', async () => {
    const source = 'export default { process: (inputs: { n: number }) => inputs };';
    const all = await Promise.all(
      [1, 2, 3, 4].map((n) => start(source, { inputs: { n }, runs: 5 })),
    );
    const ends = await Promise.all(all.map((child) => child.end()));
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const directory = join(folder, '.engramkit');
    await using here = await openLocalHost({
      directory,
      env: {},
      logger: silentLogger,
      tracer: noopTracer,
    });
    const records = await here.runs.list({ limit: 100 });
    expect(records).toHaveLength(20);
    const outputs = records.map(({ output }) => (output as { readonly n: number }).n).sort();
    expect(outputs).toEqual([1, 2, 3, 4].flatMap((n) => [n, n, n, n, n]));
    const files = await readdir(directory, { recursive: true });
    expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('see a run whose process was killed as interrupted, and may try it again', async () => {
    const child = await start(
      `export default { process: () => new Promise(() => { setInterval(() => {}, 1000); ${READY} }) };`,
      { runId: 'killed' },
    );
    await child.line('stderr', 'ready');
    const directory = join(folder, '.engramkit');
    await using here = await openLocalHost({
      directory,
      env: {},
      logger: silentLogger,
      tracer: noopTracer,
    });
    expect((await here.runs.show('killed')).status).toBe('running');
    child.process.kill('SIGKILL');
    expect((await child.end()).signal).toBe('SIGKILL');
    expect((await here.runs.show('killed')).status).toBe('interrupted');
    const again = await start('export default { process: () => ({ done: true }) };', {
      runId: 'killed',
    });
    expect(recordIn((await again.end()).stdout)).toMatchObject({ status: 'succeeded', attempt: 2 });
  });
});
