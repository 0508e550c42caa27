import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../../test/raw-client.js';
import {
  type ArcpRuntime,
  type ArcpRuntimeOptions,
  createArcpRuntime,
  defineAgent,
  type EventLog,
  memoryEventLog,
  staticTokens,
} from '../index.js';
import { fileEventLog } from '../node.js';

let directory: string;
const owned: ArcpRuntime[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'event-log-'));
});
afterEach(async () => {
  for (const runtime of owned.splice(0)) await runtime.close({ drainMs: 0 });
  rmSync(directory, { recursive: true, force: true });
});

const agents = [
  defineAgent({ name: 'echo', handler: (input) => ({ echoed: input ?? null }) }),
  defineAgent({ name: 'stuck', handler: () => new Promise(() => undefined) }),
];

function host(eventLog: EventLog, options: Partial<ArcpRuntimeOptions> = {}): ArcpRuntime {
  const runtime = createArcpRuntime({
    agents,
    authenticate: staticTokens({ tok: 'alice', 'tok-bob': 'bob' }),
    eventLog,
    ...options,
  });
  owned.push(runtime);
  return runtime;
}

const logs: Readonly<Record<string, () => () => EventLog>> = {
  'in memory': () => {
    const log = memoryEventLog();
    return () => log;
  },
  // The same process takes its own lock over, as a process does whose predecessor was killed.
  'in a file': () => () => fileEventLog({ directory }),
};

describe.each(Object.keys(logs))('a runtime with a log %s that stopped without a word', (kind) => {
  it('gives a resumed session every frame that was not acknowledged, and ends what was running', async () => {
    const log = logs[kind]!();
    const first = new RawClient(host(log()));
    await first.hello();
    first.send('job.submit', { agent: 'echo', input: 1, idempotency_key: 'k' });
    const result = await first.next('job.result');
    first.send('session.ack', { last_processed_seq: 1 });
    first.send('job.submit', { agent: 'stuck' });
    const running = await first.next('job.event', ({ event_seq }) => event_seq === 3);

    const second = new RawClient(host(log()), 'b');
    const welcome = await second.hello({
      resume: { session_id: first.sessionId, resume_token: first.resumeToken, last_event_seq: 1 },
    });
    expect(welcome).toMatchObject({ type: 'session.welcome', session_id: first.sessionId });
    const replayed = [await second.next(), await second.next(), await second.next()];
    expect(replayed.slice(0, 2)).toEqual([result, running]);
    expect(replayed[2]).toMatchObject({
      type: 'job.error',
      event_seq: 4,
      job_id: running.job_id,
      payload: {
        code: 'INTERNAL_ERROR',
        retryable: true,
        details: { reason: 'runtime_restarted' },
      },
    });
    // What was acknowledged is gone, the key is known, and the numbers go on.
    second.send('job.submit', { agent: 'echo', input: 1, idempotency_key: 'k' });
    expect(await second.next('job.accepted')).toMatchObject({ job_id: result.job_id });
    expect(await second.next('job.result')).toMatchObject({ event_seq: 5, job_id: result.job_id });
    second.send('session.list_jobs', {});
    const { jobs } = (await second.next('session.jobs')).payload as { jobs: { status: string }[] };
    expect(jobs.map(({ status }) => status)).toEqual(['success', 'error']);
  });

  it('refuses tokens that are not valid any more, other principals and numbers that it never gave', async () => {
    const log = logs[kind]!();
    const first = new RawClient(host(log()));
    await first.hello();
    const { sessionId, resumeToken } = first;
    const runtime = host(log());
    for (const [token, resume] of [
      ['tok-bob', { resume_token: resumeToken, last_event_seq: 0 }],
      ['tok', { resume_token: 'rt_wrong', last_event_seq: 0 }],
      ['tok', { resume_token: resumeToken, last_event_seq: 7 }],
    ] as const) {
      const client = new RawClient(runtime, `${token}${resume.last_event_seq}`);
      const answer = await client.hello({ token, resume: { session_id: sessionId, ...resume } });
      expect(answer.payload.code).toBe('RESUME_WINDOW_EXPIRED');
    }
  });
});

describe('a log in a file', () => {
  it('loses only a line that was cut off, and says which line is damaged', async () => {
    const first = new RawClient(host(fileEventLog({ directory })));
    await first.hello();
    const file = join(directory, 'events.jsonl');
    appendFileSync(file, '{"record":"fra');
    const second = new RawClient(host(fileEventLog({ directory })), 'b');
    const resume = {
      session_id: first.sessionId,
      resume_token: first.resumeToken,
      last_event_seq: 0,
    };
    expect((await second.hello({ resume })).type).toBe('session.welcome');
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"broken\n{}\n`);
    const third = host(fileEventLog({ directory }));
    await expect(third.ready).rejects.toMatchObject({ code: 'EVENT_LOG_DAMAGED' });
    owned.splice(owned.indexOf(third), 1);
  });

  it('is rewritten when most of it is outdated, and stays readable by its user only', async () => {
    const client = new RawClient(
      host(fileEventLog({ directory, rewriteFromBytes: 20_000 }), {
        limits: { maxRetainedJobs: 5 },
      }),
    );
    await client.hello();
    for (let at = 0; at < 120; at += 1) {
      client.send('job.submit', { agent: 'echo', input: 'x'.repeat(100) });
      const end = await client.next('job.result');
      client.send('session.ack', { last_processed_seq: end.event_seq });
    }
    const { size, mode } = statSync(join(directory, 'events.jsonl'));
    expect(size).toBeLessThan(40_000);
    expect(mode & 0o077).toBe(0);
  });

  it('holds frames back while it cannot write, and closes connections instead', async () => {
    const log = memoryEventLog();
    let broken = false;
    const failures: unknown[] = [];
    const flaky: EventLog = {
      load: () => log.load(),
      append: (records) => {
        if (broken) throw new Error('no space left');
        return log.append(records);
      },
      get wantsReplacement() {
        return false;
      },
      replace: (records) => log.replace(records),
      close: () => log.close(),
    };
    const runtime = host(flaky, { onLogFailure: (error) => failures.push(error) });
    const client = new RawClient(runtime);
    await client.hello();
    broken = true;
    client.send('job.submit', { agent: 'echo', input: 1 });
    await client.closed;
    expect(client.received.map(({ type }) => type)).toEqual(['session.welcome']);
    expect(failures.length).toBeGreaterThan(0);
    broken = false;
    const again = new RawClient(runtime, 'b');
    const resume = {
      session_id: client.sessionId,
      resume_token: client.resumeToken,
      last_event_seq: 0,
    };
    await again.hello({ resume });
    expect(await again.next('job.result')).toMatchObject({ payload: { result: { echoed: 1 } } });
  });
});
