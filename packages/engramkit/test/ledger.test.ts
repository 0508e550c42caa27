import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engramkit, temporaryFolder } from './cli-process.js';

const folder = temporaryFolder();
const at = (name: string): string[] => ['--directory', join(folder.path, name)];
const env = { ENGRAMKIT_LEDGER_PASSPHRASE: 'correct horse' };

async function run(name: string, options: { readonly env?: Record<string, string> } = {}) {
  const ended = await engramkit(
    ['run', 'greet.ts', '--inputs', '{"who":"Ada"}', '--quiet', ...at(name)],
    options,
  );
  expect(ended.code, ended.stderr).toBe(0);
}

describe('ledger', () => {
  it('has every run, succeeded or failed, with its ids', async () => {
    await run('runs');
    await engramkit(['run', 'greet.ts', '--inputs', '{}', '--quiet', ...at('runs')]);
    const { stdout } = await engramkit(['ledger', 'list', '--json', ...at('runs')]);
    const runs = JSON.parse(stdout) as Record<string, unknown>[];
    expect(runs.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
    expect(runs[1]).toMatchObject({
      component: 'greet',
      version: '1.2.3',
      inputId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      outputId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    const id = String(runs[1]?.runId);
    const shown = await engramkit(['ledger', 'show', id, ...at('runs')]);
    expect(shown.stdout).toMatch(/event +started[\s\S]*event +ended/);
    expect((await engramkit(['ledger', 'show', 'last', ...at('runs')])).stdout).toMatch(
      /event +ended/,
    );
    const listed = await engramkit(['ledger', 'list', '--limit', '1', ...at('runs')]);
    expect(listed.stdout.split('\n')).toHaveLength(2);
  });

  it('knows which run started another', async () => {
    await run('parent');
    const list = async (): Promise<Record<string, unknown>[]> =>
      JSON.parse((await engramkit(['ledger', 'list', '--json', ...at('parent')])).stdout);
    const first = String((await list())[0]?.runId);
    const args = ['run', 'plain.mjs', '--quiet', ...at('parent'), '--parent'];
    expect((await engramkit([...args, first])).code).toBe(0);
    expect(await list()).toMatchObject([{ parent: first }, { runId: first, parent: null }]);
    const wrong = await engramkit([...args, '../x']);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('RUN_ID_INVALID');
  });

  it('verifies, and names the first bad entry with exit code 1', async () => {
    await run('damage');
    const intact = await engramkit(['ledger', 'verify', ...at('damage')]);
    expect(intact).toMatchObject({ code: 0, stderr: '' });
    expect(intact.stdout).toContain('intact  3 entries');
    const file = join(folder.path, 'damage/ledger/runs.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"succeeded"', '"cancelled"'));
    const damaged = await engramkit(['ledger', 'verify', '--json', ...at('damage')]);
    expect(damaged.code).toBe(1);
    expect(JSON.parse(damaged.stdout)).toMatchObject({
      ok: false,
      entries: 2,
      damage: { index: 2, kind: 'altered', reason: 'hash' },
    });
    const next = await engramkit(['run', 'greet.ts', '--inputs', '{"who":"Ada"}', ...at('damage')]);
    expect(next.code).toBe(1);
    expect(next.stderr).toContain('entry 2 is damaged');
    const repaired = await engramkit(['ledger', 'repair', ...at('damage')]);
    expect(repaired.stdout).toMatch(/^Cut \d+ bytes off the end; they are kept in .*torn-1\n$/);
    await run('damage');
    expect((await engramkit(['ledger', 'verify', ...at('damage')])).code).toBe(0);
    const again = await engramkit(['ledger', 'repair', ...at('damage')]);
    expect(again.stdout).toContain('intact');
  });

  it('signs with a key that can be rotated, and attests', async () => {
    await run('keys');
    const key = (...args: string[]) =>
      engramkit(['ledger', 'key', ...args, ...at('keys')], { env });
    expect(await key('list')).toMatchObject({ code: 0, stdout: '' });
    expect((await key('generate', '--name', 'ci')).stdout).toMatch(/^Key [0-9a-f]{16} signs/);
    expect((await key('generate')).stderr).toContain('active already');
    await run('keys', { env });
    const rotated = await key('rotate', '--json');
    const { key: id } = JSON.parse(rotated.stdout) as { key: string };
    const verified = await engramkit(['ledger', 'verify', ...at('keys')]);
    expect(verified.stdout).toContain('2 trusted signatures');
    const keys = JSON.parse((await key('list', '--json')).stdout) as { status: string }[];
    expect(keys.map(({ status }) => status)).toEqual(['retired', 'active']);
    expect((await key('show', id)).stdout).toContain('BEGIN PUBLIC KEY');
    const attested = await engramkit(['ledger', 'export', '--format', 'in-toto', ...at('keys')], {
      env,
    });
    const envelope = JSON.parse(attested.stdout) as {
      payload: string;
      signatures: { keyid: string }[];
    };
    expect(envelope.signatures[0]?.keyid).toBe(id);
    expect(Buffer.from(envelope.payload, 'base64').toString()).toContain('in-toto.io/Statement/v1');
    await key('revoke', id);
    expect((await engramkit(['ledger', 'verify', ...at('keys')])).code).toBe(1);
    const locked = await engramkit(
      ['run', 'greet.ts', '--inputs', '{"who":"Ada"}', ...at('keys')],
      {
        env: { ENGRAMKIT_LEDGER_PASSPHRASE: '' },
      },
    );
    expect(locked.code).toBe(0); // No key is active any more, so nothing is signed.
  });

  it('exports in every format, to a file as a whole', async () => {
    await run('export');
    for (const [format, sign] of [
      ['turtle', 'a prov:Activity'],
      ['n-quads', '<http://www.w3.org/ns/prov#Activity> .'],
      ['n-triples', '<http://www.w3.org/ns/prov#Activity> .'],
      ['json-ld', '"prov:Activity"'],
      ['prov-json', '"wasAssociatedWith"'],
      ['openlineage', '"eventType":"COMPLETE"'],
      ['session', '"kernels_involved"'],
    ]) {
      const { stdout, code } = await engramkit([
        'ledger',
        'export',
        '--format',
        String(format),
        ...at('export'),
      ]);
      expect({ format, code }).toEqual({ format, code: 0 });
      expect(stdout).toContain(sign);
    }
    const file = join(folder.path, 'runs.ttl');
    await engramkit(['ledger', 'export', '-o', file, ...at('export')]);
    expect(readFileSync(file, 'utf8')).toContain('@prefix prov:');
    const refused = await engramkit(['ledger', 'export', '--format', 'in-toto', ...at('export')]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('ledger key generate');
  });

  it.each([
    [['ledger', 'veriy'], 'Did you mean "ledger verify"?'],
    [['ledger', 'show'], 'needs the id of a run'],
    [['ledger', 'export', '--format', 'turtel'], 'Did you mean turtle?'],
    [['ledger', 'key', 'rotte'], 'Did you mean "ledger key rotate"?'],
    [['ledger', 'list', '--limit', '0'], 'from 1 to 100000'],
    [['cid', 'greet.ts', '--scheme', 'jsc'], 'Did you mean jcs?'],
  ])('%j says what is meant', async (args, hint) => {
    const { code, stderr } = await engramkit([...args, ...(args[0] === 'cid' ? [] : at('hints'))]);
    expect(code).toBe(2);
    expect(stderr.replace(/\s+/g, ' ')).toContain(hint);
  });

  it('says that there is no ledger yet', async () => {
    const { code, stderr } = await engramkit(['ledger', 'verify', ...at('nothing')]);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no ledger "runs"');
    expect((await engramkit(['ledger', 'list', ...at('nothing')])).stderr).toContain('no runs yet');
  });
});

describe('cid', () => {
  it('names a document as the Python packages do, from a file or standard input', async () => {
    const file = join(folder.path, 'value.json');
    writeFileSync(file, '{ "b": 1.0, "a": [true, null] }');
    const { stdout } = await engramkit(['cid', file]);
    // SHA-256 of {"a":[true,null],"b":1.0}
    expect(stdout).toBe(
      'sha256:e527a8898006b7ea4413ecf41f7282024fbdf0d79280f3e41a3942c2229bb8a2\n',
    );
    expect(await engramkit(['cid', '-'], { stdin: readFileSync(file) })).toMatchObject({ stdout });
    const json = await engramkit(['cid', file, '--scheme', 'cidv1-dag-json', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ id: expect.stringMatching(/^baguqeera/) });
    const missing = await engramkit(['cid', 'missing.json']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('there is no such file');
  });
});
