import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, engramkit, start, temporaryFolder } from './cli-process.js';

const folder = temporaryFolder();
const state = (name: string): string => join(folder.path, name);

/** Every record below a state directory, parsed: a torn one would not parse. */
function records(directory: string): { readonly status: string; readonly exitCode?: number }[] {
  const runs = join(directory, 'runs');
  return readdirSync(runs).map((id) => {
    expect(readdirSync(join(runs, id)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    return JSON.parse(readFileSync(join(runs, id, 'run.json'), 'utf8'));
  });
}

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s lets the component finish what it has begun',
    async (signal) => {
      const directory = state(signal);
      const call = start(['run', 'faults.ts', '--export', 'drains', '--directory', directory]);
      await call.shows('BEGUN');
      call.child.kill(signal);
      const { code, stdout, stderr } = await call.ended;
      expect(stderr).toContain(`${signal} received`);
      expect(stderr).toContain('DRAINED');
      expect(records(directory)).toEqual([
        expect.objectContaining({ status: 'succeeded', exitCode: 0, output: { drained: true } }),
      ]);
      expect(stdout).toContain('succeeded');
      expect(code).toBe(0);
    },
  );

  it('a second one ends the wait for a component that does not stop', async () => {
    const directory = state('second');
    const call = start(['run', 'faults.ts', '--export', 'stubborn', '--directory', directory]);
    await call.shows('BEGUN');
    call.child.kill('SIGTERM');
    await call.shows('SIGTERM received');
    call.child.kill('SIGTERM');
    const { code, stderr } = await call.ended;
    expect(stderr).toContain('again');
    expect(code).toBe(1);
    expect(records(directory)).toEqual([
      expect.objectContaining({ status: 'cancelled', exitCode: 1 }),
    ]);
  });

  it('in the middle of writing a large output leave a whole record or none of the new one', async () => {
    const directory = state('write');
    const call = start(['run', 'faults.ts', '--export', 'largeOutput', '--directory', directory]);
    const runs = join(directory, 'runs');
    // As soon as the folder of the run is there, the program is between its writes.
    while (!existsSync(runs) || readdirSync(runs).length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    call.child.kill('SIGINT');
    await call.ended;
    for (const record of records(directory)) expect(record.status).toEqual(expect.any(String));
  });

  it('stop a module that never finishes loading', async () => {
    const call = start(['run', 'never-settles.mjs', '--json', '--directory', state('load')]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    call.child.kill('SIGTERM');
    const { code, stdout } = await call.ended;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'error', exitCode: 1 });
  });
});

describe('standard output', () => {
  it('holds one JSON document, whatever the component prints', async () => {
    const { code, stdout, stderr } = await engramkit([
      ...['run', 'faults.ts', '--export', 'printsOnStdout', '--json'],
      ...['--directory', state('prints')],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded', output: { done: true } });
    expect(stderr).toContain('author text on stdout');
  });

  it('holds one JSON document, whatever the component throws after the end', async () => {
    const { stdout } = await engramkit([
      ...['run', 'faults.ts', '--export', 'lateThrow', '--json'],
      ...['--directory', state('late')],
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ output: { done: true } });
  });

  it('that is closed early ends nothing: | head -1', async () => {
    const call = start([
      ...['run', 'faults.ts', '--export', 'largeOutput', '--json'],
      ...['--directory', state('pipe')],
    ]);
    call.child.stdout?.once('data', () => call.child.stdout?.destroy());
    const { code, signal, stderr } = await call.ended;
    expect(stderr).not.toContain('EPIPE');
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(records(state('pipe'))).toEqual([expect.objectContaining({ status: 'succeeded' })]);
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk is a failure in words', async () => {
    const full = openSync('/dev/full', 'w');
    try {
      const args = ['run', 'plain.mjs', '--json', '--directory', state('full')];
      const { code, stderr } = await engramkit(args, { stdout: full });
      expect(stderr).toContain('could not be written to standard output (ENOSPC)');
      expect(code).toBe(1);
    } finally {
      closeSync(full);
    }
  });

  it('shows control characters of an output as text', async () => {
    const { stdout } = await engramkit([
      ...['run', 'faults.ts', '--export', 'controlCharacters'],
      ...['--directory', state('control')],
    ]);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\u0007');
    expect(stdout).toContain('gone');
  });

  it('has no colours and no cursor movement when nobody watches', async () => {
    const { stdout, stderr } = await engramkit(['run', 'plain.mjs', '--directory', state('plain')]);
    expect(stdout + stderr).not.toContain('\u001b');
  });
});

describe('a file system without space', () => {
  // A limit on the size of files stands for a full disk: writes beyond it fail the same way.
  const limited = (directory: string, ...more: string[]): Promise<Ended> =>
    start(
      ['run', 'faults.ts', '--export', 'largeOutput', '--directory', state(directory), ...more],
      { fileLimitKiB: 512 },
    ).ended;

  it('fails in words, leaves no partial output, and hands over what the run made', async () => {
    const { code, stdout, stderr } = await limited('limited');
    expect(stderr).toMatch(/WRITE_FAILED|DISK_FULL/);
    expect(stderr).toContain('output.json');
    expect(stderr).toContain('The output follows on standard output');
    expect(code).toBe(1);
    expect(JSON.parse(stdout).rows).toHaveLength(200_000);
    const [id = ''] = readdirSync(join(state('limited'), 'runs'));
    const left = readdirSync(join(state('limited'), 'runs', id));
    expect(left).toContain('run.json');
    expect(left.filter((name) => /output|\.tmp$/.test(name))).toEqual([]);
  });

  it('loses no output for programs either', async () => {
    const { code, stdout } = await limited('limited-json', '--json');
    expect(code).toBe(1);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      status: 'succeeded',
      exitCode: 1,
      notKept: { code: expect.stringMatching(/WRITE_FAILED|DISK_FULL/) },
    });
    expect(document.output.rows).toHaveLength(200_000);
    expect(document).not.toHaveProperty('record');
  });
});

describe('secrets', () => {
  it('that the component does not declare are told, since it does not see them', async () => {
    const { code, stderr } = await engramkit([
      ...['run', 'faults.ts', '--export', 'withSecret', '--quiet'],
      ...['--secret', 'token=env:PATH', '--secret', 'tokn=env:PATH', '--directory', state('other')],
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain('does not declare the secret tokn');
    expect(stderr).not.toContain('secret token ');
  });

  it('appear nowhere, even when the component logs them', async () => {
    const directory = state('secrets');
    const value = 'correct-horse-battery';
    writeFileSync(join(folder.path, 'token'), value);
    const { code, stdout, stderr } = await engramkit([
      ...['run', 'faults.ts', '--export', 'withSecret', '--json', '--log-level', 'debug'],
      ...['--secret', `token=file:${join(folder.path, 'token')}`, '--directory', directory],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ output: { length: value.length } });
    expect(stderr).toContain('have it');
    expect(stdout + stderr + JSON.stringify(records(directory))).not.toContain(value);
  });
});
