import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Call, engramkit, fixtures, start, temporaryFolder } from './cli-process.js';

const agents = fileURLToPath(new URL('../../../examples/arcp-agents', import.meta.url));
const folder = temporaryFolder();
let server: Call;
let env: Record<string, string>;

beforeAll(async () => {
  const tokens = join(folder.path, 'tokens');
  writeFileSync(tokens, '# who may connect\ntok=alice\n');
  server = start(
    [
      'agent',
      'serve',
      agents,
      join(fixtures, 'greet.ts'),
      '--port',
      '0',
      '--token-file',
      tokens,
      '--directory',
      folder.path,
    ],
    { limitMs: 60_000 },
  );
  let line = '';
  server.child.stdout?.on('data', (text: string) => {
    line += text;
  });
  await server.shows('\n');
  const { url } = JSON.parse(line) as { readonly url: string };
  env = { ARCP_URL: url, ARCP_TOKEN: 'tok' };
});
afterAll(async () => {
  server?.child.kill('SIGTERM');
  expect((await server?.ended)?.code).toBe(0);
});

describe('the arcp commands against a served folder of agents', () => {
  it('run a job to its end, for people and for programs', async () => {
    const shown = await engramkit(['arcp', 'submit', 'logger', '-i', '2'], { env });
    expect(shown).toMatchObject({ code: 0, stdout: 'lines: 2\n' });
    expect(shown.stderr).toContain('line 2 of 2');
    const machine = await engramkit(['arcp', 'submit', 'ver@1.0.0', '--json'], { env });
    expect(JSON.parse(machine.stdout)).toMatchObject({
      status: 'success',
      exitCode: 0,
      agent: 'ver@1.0.0',
      result: { version: '1.0.0' },
      events: [{ kind: 'status', body: { phase: 'running' } }],
    });
    const streamed = await engramkit(['arcp', 'submit', 'chunks'], { env });
    expect(streamed.stdout).toBe('naïve 🚀\n');
  });

  it('serve engrams of TypeScript modules beside agents', async () => {
    const listed = await engramkit(['arcp', 'agents', '--json'], { env });
    const names = (JSON.parse(listed.stdout) as { agents: { name: string }[] }).agents.map(
      ({ name }) => name,
    );
    expect(names).toEqual(expect.arrayContaining(['echo', 'parent', 'greet']));
    const { stdout } = await engramkit(
      ['arcp', 'submit', 'greet', '-i', '{"who":"Ada"}', '--json'],
      { env },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'success',
      agent: expect.stringMatching(/^greet/),
    });
  });

  it('start, watch and list jobs, and look after the runtime', async () => {
    const started = await engramkit(
      ['arcp', 'submit', 'slow', '-i', '{"ms":200,"steps":2}', '--detach'],
      { env },
    );
    const jobId = started.stdout.trim();
    const watched = await engramkit(['arcp', 'watch', jobId, '--json'], { env });
    expect(JSON.parse(watched.stdout)).toMatchObject({
      status: 'success',
      jobId,
      result: { steps: 2 },
    });
    const listed = await engramkit(
      ['arcp', 'jobs', '--agent', 'slow', '--status', 'success', '--json'],
      { env },
    );
    expect(JSON.parse(listed.stdout)).toContainEqual(expect.objectContaining({ jobId }));
    const doctor = await engramkit(['arcp', 'doctor'], { env });
    expect(doctor.code).toBe(0);
    expect(doctor.stdout).toContain('speaks ARCP 1.1');
  });

  it('say what is wrong and what to do, and never show a token', async () => {
    const unknown = await engramkit(['arcp', 'submit', 'nope'], { env });
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('AGENT_NOT_AVAILABLE'),
    });
    const refused = await engramkit(['arcp', 'jobs'], {
      env: { ...env, ARCP_TOKEN: 'sk-wrong-token' },
    });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('UNAUTHENTICATED') });
    expect(refused.stderr).not.toContain('sk-wrong');
    const verb = await engramkit(['arcp', 'submitt', 'echo'], { env });
    expect(verb).toMatchObject({ code: 2, stderr: expect.stringContaining('arcp submit') });
    const bare = await engramkit(['arcp', 'jobs'], { env: { ARCP_URL: env.ARCP_URL } });
    expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining('ARCP_TOKEN') });
    const open = await engramkit(['agent', 'serve', agents, '--port', '0']);
    expect(open).toMatchObject({ code: 2, stderr: expect.stringContaining('--token-file') });
    const broken = await engramkit(['agent', 'serve', agents, '--tokens', 'sk-secret-1']);
    expect(broken.code).toBe(2);
    expect(broken.stderr).not.toContain('sk-secret');
  });

  it('find their session again when the runtime was killed and started anew', async () => {
    const args = ['agent', 'serve', agents, '--tokens', 'tok=alice', '--directory', folder.path];
    const serve = async (port: string) => {
      const call = start([...args, '--port', port], { limitMs: 60_000 });
      let line = '';
      call.child.stdout?.on('data', (text: string) => {
        line += text;
      });
      await call.shows('\n');
      return { call, address: JSON.parse(line) as { readonly url: string; readonly port: number } };
    };
    const probe = await serve('0');
    probe.call.child.kill('SIGTERM');
    await probe.call.ended;
    const port = String(probe.address.port);
    const first = await serve(port);
    const { connect } = await import('@engramkit/client');
    const client = await connect({
      url: first.address.url,
      token: 'tok',
      reconnect: { baseMs: 20, capMs: 100 },
    });
    const resumed = new Promise((resolve) => {
      client.on('connected', ({ resumed: same }) => resolve(same));
    });
    const session = client.session.id;
    const job = await client.submit('slow', { ms: 60_000, steps: 0 });
    first.call.child.kill('SIGKILL');
    await first.call.ended;
    const second = await serve(port);
    expect(await resumed).toBe(true);
    expect(client.session.id).toBe(session);
    expect(await job.outcome).toMatchObject({
      status: 'error',
      error: { code: 'INTERNAL_ERROR', details: { reason: 'runtime_restarted' } },
    });
    expect(await client.run('echo', 1)).toEqual({ echoed: 1 });
    await client.close();
    second.call.child.kill('SIGTERM');
    expect((await second.call.ended).code).toBe(0);
  });

  it('talk over standard input and output with nothing else in between', async () => {
    const hello = {
      arcp: '1.1',
      id: 'm1',
      type: 'session.hello',
      payload: {
        client: { name: 't', version: '1' },
        auth: { scheme: 'bearer', token: 'any' },
        capabilities: { encodings: ['json'], features: [] },
      },
    };
    const { code, stdout } = await engramkit(
      ['agent', 'serve', agents, '--stdio', '--directory', folder.path],
      {
        stdin: `${JSON.stringify(hello)}\n`,
      },
    );
    const frames = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(frames.map(({ type }) => type)).toContain('session.welcome');
    expect(code).toBe(0);
  });
});
