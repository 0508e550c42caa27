import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PyFloat } from '@engramkit/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryFiles } from '../../test/support/memory-files.js';
import { AmbiguousSessionError, SessionClosedError } from '../errors.js';
import { nodeFileSystem } from '../file-system.js';
import { verifyLedger } from '../ledger/verify-ledger.js';
import { type OpenProvSessionOptions, openProvSession, resumeProvSession } from './open-session.js';
import { setSessionHold, sweepSessions } from './retention.js';
import { readCatalogue } from './session-catalogue.js';
import { importCompatible, sessionSource } from './session-export.js';
import { formatSessionFile, parseSessionFile } from './session-file.js';
import type { SessionRecord } from './session-record.js';
import { getSession, listSessions, sessionLiveness, verifySession } from './session-store.js';

function open(files: MemoryFiles, options: Partial<OpenProvSessionOptions> = {}) {
  return openProvSession({
    storageDirectory: '/s',
    label: 'deploy-widgets',
    kernel: 'ckp://Kernel#MyKernel:v1.0',
    kernelAction: 'deploy',
    files,
    clock: new ManualClock(),
    ...options,
  });
}

function fileOf(files: MemoryFiles, id: string): string {
  return files.stored.get(`/s/storage/sessions/${id}.json`)?.bytes.toString() ?? '';
}

const expected = `{
  "session_id": "1f2e3d4c",
  "urn": "ckp://Action#MyKernel.session-1773518402000",
  "label": "deploy-widgets",
  "kernel_action": "deploy",
  "started_at": "2026-03-14T20:00:02.000000Z",
  "ended_at": "2026-03-14T20:00:05.250000Z",
  "was_associated_with": "ckp://Kernel#MyKernel:v1.0",
  "duration_ms": 3250,
  "outcome": "partial",
  "kernels_involved": [
    "CK.Task",
    "MyKernel"
  ],
  "actions": [
    {
      "seq": 1,
      "action_type": "widget.deploy",
      "outcome": "failed",
      "urn": "ckp://Action#MyKernel.widget.deploy-1773518403000",
      "kernel": "ckp://Kernel#MyKernel:v1.0",
      "evidence": {
        "text": "\\u00e4\\ud83d\\ude00\\u007f",
        "list": [
          null,
          {}
        ],
        "empty": [],
        "set": [
          1,
          2,
          10
        ]
      },
      "attempt": 1,
      "generated_at": "2026-03-14T20:00:03.000000Z",
      "note": ""
    },
    {
      "seq": 2,
      "action_type": "task.create",
      "outcome": "verified",
      "urn": "ckp://Action#CK.Task.task.create-1773518403000",
      "kernel": "ckp://Kernel#CK.Task:v1.0",
      "via_edge": "COMPOSES",
      "before_state": {
        "replicas": 0
      },
      "after_state": {
        "replicas": 2.5
      },
      "diff_summary": "replicas: 0 -> 2.5",
      "attempt": 2,
      "generated_at": "2026-03-14T20:00:03.000000Z",
      "note": "fine"
    }
  ]
}`;

const scripted = { uuid: () => '1f2e3d4c-0000-4000-8000-000000000000', float: () => 0 };

describe('a recorded session', () => {
  it.each(['json', 'ledger'] as const)(
    'has exactly the file of the Python package (%s)',
    async (backend) => {
      const files = new MemoryFiles();
      const clock = new ManualClock();
      const session = await open(files, { backend, clock, random: scripted, idFormat: 'short8' });
      expect(fileOf(files, session.id)).toContain('"actions": []');
      clock.nowMs += 1_000;
      await session.record({
        actionType: 'widget.deploy',
        outcome: 'failed',
        evidence: {
          text: 'ä😀\u007f',
          gone: null,
          list: [null, { also: null }],
          empty: [],
          set: new Set([10, 2, 1]),
        },
      });
      await session.record({
        actionType: 'task.create',
        outcome: 'verified',
        kernel: 'CK.Task',
        viaEdge: 'COMPOSES',
        beforeState: { replicas: 0 },
        afterState: { replicas: 2.5 },
        attempt: 2,
        note: 'fine',
      });
      clock.nowMs += 2_250;
      expect((await session.close()).outcome).toBe('partial');
      expect(fileOf(files, '1f2e3d4c')).toBe(expected);
      expect(formatSessionFile(parseSessionFile(expected))).toBe(expected);
    },
  );

  it('keeps evidence verbatim in the ledger, and follows no later change of it', async () => {
    const files = new MemoryFiles();
    const session = await open(files);
    const evidence = { kept: null, list: [1] };
    const recorded = session.record({ actionType: 'x', outcome: 'verified', evidence });
    evidence.list.push(2);
    await recorded;
    await session.close();
    const source = await sessionSource({ storageDirectory: '/s', files, id: session.id });
    for await (const action of source.actions())
      expect(action.evidence).toEqual({ kept: null, list: [1] });
  });

  it('is left as it was by a value that cannot be recorded', async () => {
    const files = new MemoryFiles();
    const session = await open(files);
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    for (const bad of [
      { f: () => 1 },
      { d: new Date(0) },
      { m: new Map() },
      { n: Number.NaN },
      { s: '\ud800' },
      cyclic,
      [1],
      'text',
    ]) {
      await expect(
        session.record({ actionType: 'x', outcome: 'verified', evidence: bad }),
      ).rejects.toMatchObject({ code: 'RECORD_INVALID' });
    }
    await expect(session.record({ actionType: 'a b', outcome: 'verified' })).rejects.toMatchObject({
      code: 'URN_INVALID',
    });
    const record = await session.record({ actionType: 'x', outcome: 'verified' });
    expect(record.seq).toBe(1);
    await session.close();
  });

  it('takes nothing after its end, and closes twice alike', async () => {
    const files = new MemoryFiles();
    const session = await open(files);
    const first = await session.close();
    expect(await session.close()).toBe(first);
    await expect(session.record({ actionType: 'x', outcome: 'y' })).rejects.toThrow(
      SessionClosedError,
    );
  });

  it('can be resumed after its process died, and reopened on purpose', async () => {
    const files = new MemoryFiles();
    const first = await open(files);
    await first.record({ actionType: 'x', outcome: 'failed' });
    await first.release();
    const place = { storageDirectory: '/s', files, clock: new ManualClock(), id: first.id };
    const second = await resumeProvSession(place);
    expect((await second.record({ actionType: 'y', outcome: 'verified' })).seq).toBe(2);
    expect((await second.close()).outcome).toBe('partial');
    await expect(resumeProvSession(place)).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
    const third = await resumeProvSession({ ...place, reopen: true });
    expect((await third.record({ actionType: 'z', outcome: 'verified' })).seq).toBe(3);
    await third.close();
    expect((await getSession(place))?.actions).toHaveLength(3);
    expect(await verifySession(place)).toMatchObject({ ok: true, closed: true });
  });

  it('writes bytes in proportion to its actions, file included', async () => {
    const bytesFor = async (count: number): Promise<number> => {
      const files = new MemoryFiles();
      const session = await open(files);
      for (let n = 0; n < count; n += 1) {
        await session.record({ actionType: 'x', outcome: 'verified', evidence: { n: 1_000 + n } });
      }
      await session.close();
      return files.bytesWritten;
    };
    const small = await bytesFor(128);
    const large = await bytesFor(1_024);
    expect(large / small).toBeLessThan(9);
  });

  it('never shares an id, even when two draw the same', async () => {
    const files = new MemoryFiles();
    const draws = ['aaaaaaaa', 'aaaaaaaa', 'bbbbbbbb'].map(
      (start) => `${start}-0000-4000-8000-000000000000`,
    );
    const random = { uuid: () => draws.shift() ?? '', float: () => 0 };
    const drawn = { idFormat: 'short8', backend: 'json', random } as const;
    expect((await open(files, drawn)).id).toBe('aaaaaaaa');
    expect((await open(files, drawn)).id).toBe('bbbbbbbb');
  });

  it('shows live lines, and does not care when their reader is gone', async () => {
    const files = new MemoryFiles();
    const lines: string[] = [];
    const session = await open(files, {
      live: { stream: { write: (text: string) => lines.push(text) } },
    });
    await session.record({ actionType: 'x', outcome: 'retry', note: 'retrying', attempt: 2 });
    expect(lines).toEqual([
      '[20:00:02.000] MyKernel                 x                        ~ retry    retrying (attempt 2)\n',
    ]);
    const gone = await open(files, {
      live: () => {
        throw new Error('EPIPE');
      },
    });
    const errors: unknown[] = [];
    gone.on('listenerError', (error) => errors.push(error));
    await gone.record({ actionType: 'x', outcome: 'verified' });
    expect(errors).toHaveLength(1);
  });

  it('redacts, and keeps only digests where asked to', async () => {
    const files = new MemoryFiles();
    const kept = new Map<string, string>();
    const session = await open(files, {
      redact: (value, field) => (field === 'intent' ? { ...value, token: '[redacted]' } : value),
      digestOnly: ['evidence'],
      contents: {
        put: async (digest, bytes) => {
          kept.set(digest, Buffer.from(bytes).toString());
        },
      },
    });
    const record = await session.record({
      actionType: 'x',
      outcome: 'verified',
      intent: { token: 'secret-1' },
      evidence: { answer: 'secret-2' },
    });
    await session.close();
    expect(record.intent).toEqual({ token: '[redacted]' });
    const digest = String(record.evidence?.digest);
    expect(kept.get(digest)).toBe('{"answer":"secret-2"}');
    for (const { bytes } of files.stored.values())
      expect(bytes.toString()).not.toContain('secret-');
  });

  it('keeps full kernel URNs inside of action URNs only in the compatible mode', async () => {
    const files = new MemoryFiles();
    const kernel = 'ckp://Kernel#Other:v2.0';
    const ours = await (await open(files)).record({ actionType: 'x', outcome: 'verified', kernel });
    expect([ours.urn, ours.kernel]).toEqual(['ckp://Action#Other.x-1773518402000', kernel]);
    const session = await open(files, { compatibleUrns: true });
    const compatible = await session.record({ actionType: 'x', outcome: 'verified', kernel });
    expect(compatible.urn).toBe(`ckp://Action#${kernel}.x-1773518402000`);
    expect(session.header.kernels_involved).toEqual(['MyKernel', kernel]);
  });
});

describe('the sessions of a store', () => {
  it('are listed newest first, by page, kernel and outcome', async () => {
    const files = new MemoryFiles();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const session = await open(files, {
        clock: new ManualClock(Date.UTC(2026, 0, 1 + n)),
        kernel: n % 2 === 0 ? 'Even' : 'Odd',
      });
      ids.unshift(session.id);
      if (n !== 3) await session.close(n === 0 ? 'failed' : '');
    }
    files.stored.set('/s/storage/sessions/broken.json', {
      bytes: Buffer.from('{'),
      durable: 1,
      modifiedMs: 0,
    });
    const place = { storageDirectory: '/s', files };
    const all = await listSessions(place);
    expect(all.map((header) => header.session_id)).toEqual(ids);
    const page = await listSessions({ ...place, limit: 2, before: all[1]?.started_at ?? '' });
    expect(page.map((header) => header.session_id)).toEqual(ids.slice(2, 4));
    expect(await listSessions({ ...place, kernel: 'ckp://Kernel#Odd:v1.0' })).toHaveLength(2);
    expect(await listSessions({ ...place, outcome: 'failed' })).toHaveLength(1);
    expect(await listSessions({ storageDirectory: '/nothing', files })).toEqual([]);
  });

  it('are found by an unambiguous beginning of the id only', async () => {
    const files = new MemoryFiles();
    const put = (id: string, text = expected.replace('1f2e3d4c', id)) =>
      files.stored.set(`/s/storage/sessions/${id}.json`, {
        bytes: Buffer.from(text),
        durable: 0,
        modifiedMs: 0,
      });
    for (const id of ['abcd1111', 'abcd2222', 'xyz90000']) put(id);
    put('damaged1', '{');
    const get = (id: string, prefix?: 'first') =>
      getSession({
        storageDirectory: '/s',
        files,
        id,
        ...(prefix === undefined ? {} : { prefix }),
      });
    expect((await get('xyz9'))?.session_id).toBe('xyz90000');
    expect((await get('abcd1111'))?.session_id).toBe('abcd1111');
    await expect(get('abcd')).rejects.toThrow(AmbiguousSessionError);
    await expect(get('abcd')).rejects.toMatchObject({ candidates: ['abcd1111', 'abcd2222'] });
    expect((await get('abcd', 'first'))?.session_id).toBe('abcd1111');
    expect(await get('xyz')).toBeUndefined();
    expect(await get('none')).toBeUndefined();
    for (const bad of ['', '../x', 'a*', 'a/b', '[ab]']) {
      await expect(get(bad)).rejects.toMatchObject({ code: 'SESSION_ID_INVALID' });
    }
    await expect(get('damaged1')).rejects.toMatchObject({ code: 'SESSION_FILE_INVALID' });
  });

  it('are swept by their end, never while they run or are on hold, and stay in the catalogue', async () => {
    const files = new MemoryFiles();
    const at = (hours: number) => new ManualClock(Date.UTC(2026, 0, 1) + hours * 3_600_000);
    const old = await open(files, { clock: at(0) });
    const oldHead = await old.close();
    const held = await open(files, { clock: at(0) });
    await held.close();
    const running = await open(files, { clock: at(0) });
    const interrupted = await open(files, { clock: at(0) });
    await interrupted.release();
    const young = await open(files, { clock: at(99) });
    await young.close();
    const place = { storageDirectory: '/s', files };
    await setSessionHold({ ...place, id: held.id, hold: true });
    const sweep = { ...place, retentionHours: 48, clock: at(100) };
    expect(await sweepSessions({ ...sweep, dryRun: true })).toEqual([old.id]);
    expect(await sweepSessions(sweep)).toEqual([old.id]);
    expect(await getSession({ ...place, id: old.id })).toBeUndefined();
    const catalogue = await readCatalogue(files, '/s');
    expect(catalogue.get(old.id)).toMatchObject({ state: 'deleted', header: oldHead, size: 2 });
    expect(await sessionLiveness({ ...place, header: running.header })).toBe('running');
    expect(await sessionLiveness({ ...place, header: interrupted.header })).toBe('interrupted');
    expect(await sweepSessions({ ...sweep, includeInterrupted: true })).toEqual([interrupted.id]);
    await setSessionHold({ ...place, id: held.id, hold: false });
    expect(await sweepSessions(sweep)).toEqual([held.id]);
    expect([...files.stored.keys()].filter((path) => path.includes(old.id))).toEqual([]);
  });

  it('notice a tail that was cut off a closed session', async () => {
    const files = new MemoryFiles();
    const session = await open(files);
    for (let n = 0; n < 3; n += 1) await session.record({ actionType: 'x', outcome: 'verified' });
    await session.close();
    const file = files.stored.get(`/s/storage/ledger/${session.id}.jsonl`);
    const lines = file?.bytes.toString().split('\n') ?? [];
    if (file !== undefined) file.bytes = Buffer.from(`${lines.slice(0, 3).join('\n')}\n`);
    const place = { storageDirectory: '/s', files, id: session.id };
    expect((await verifySession(place)).damage).toMatchObject({ kind: 'truncated', index: 3 });
    expect(
      await verifyLedger({ directory: '/s/storage/ledger', name: session.id, files }),
    ).toMatchObject({ ok: true });
  });

  it('take in files of the Python package as ledgers', async () => {
    const files = new MemoryFiles();
    const path = '/s/storage/sessions/1f2e3d4c.json';
    files.stored.set(path, { bytes: Buffer.from(expected), durable: 0, modifiedMs: 0 });
    expect(await importCompatible({ storageDirectory: '/s', files, path })).toEqual({
      id: '1f2e3d4c',
      actions: 2,
    });
    const verified = await verifyLedger({
      directory: '/s/storage/ledger',
      name: '1f2e3d4c',
      files,
    });
    expect(verified).toMatchObject({ ok: true, closed: true, entries: 4 });
    const header = files.stored.get('/s/storage/ledger/1f2e3d4c.jsonl')?.bytes.toString();
    expect(header).toMatch(/"imported":true.*"source_digest":"sha256:[0-9a-f]{64}"/);
  });
});

const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      2 ** 53 - 1,
      1e16,
      1e-7,
      0.1,
      -0,
      new PyFloat(1),
      new PyFloat(1e16),
    ),
    fc.string({ unit: 'binary' }).filter((text) => !/[\ud800-\udfff]/u.test(text)),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__' && !/^\d+$/.test(key)),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

const python = spawnSync('python3', ['--version']).status === 0;

describe('a ledger session', () => {
  it('gives back any map exactly, in the file and to readers', async () => {
    const files = new MemoryFiles();
    const session = await open(files);
    const maps = fc.sample(fc.dictionary(fc.constantFrom('b', 'a', 'ü'), json, { maxKeys: 3 }), {
      numRuns: 200,
      seed: 3,
    });
    const whole = await open(files, { backend: 'json' });
    for (const evidence of maps) {
      for (const target of [session, whole])
        await target.record({ actionType: 'x', outcome: 'verified', evidence });
    }
    await Promise.all([session.close(), whole.close()]);
    const strip = (text: string) => text.slice(text.indexOf('"actions"'));
    expect(strip(fileOf(files, session.id))).toBe(strip(fileOf(files, whole.id)));
  });
});

describe.runIf(python)('beside CPython', () => {
  it('files are read and written alike, byte for byte', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'prov-python-'));
    try {
      const base = parseSessionFile(expected);
      const maps = fc.sample(
        fc.dictionary(fc.constantFrom('a', 'b', 'ü', '😀'), json, { maxKeys: 4 }),
        {
          numRuns: 300,
          seed: 7,
        },
      );
      const texts = maps.map((evidence, index) => {
        const action = {
          ...base.actions[0],
          seq: index + 1,
          evidence,
        } as SessionRecord['actions'][number];
        return formatSessionFile({ ...base, actions: [action] });
      });
      const script = [
        'import json, sys',
        'def strip(v):',
        '    if isinstance(v, dict): return {k: strip(x) for k, x in v.items() if x is not None}',
        '    if isinstance(v, list): return [strip(x) for x in v]',
        '    return v',
        'for line in open(sys.argv[1], encoding="utf-8"):',
        '    print(json.dumps(json.dumps(strip(json.loads(json.loads(line))), indent=2)))',
      ].join('\n');
      const input = join(directory, 'in');
      await writeFile(input, texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
      const result = spawnSync('python3', ['-c', script, input], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      expect(result.stderr).toBe('');
      const answers = result.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as string);
      expect(answers).toEqual(texts);
      for (const text of texts) expect(formatSessionFile(parseSessionFile(text))).toBe(text);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('real files', () => {
  it('hold a session and its ledger', async () => {
    const storageDirectory = await mkdtemp(join(tmpdir(), 'prov-session-'));
    try {
      const session = await openProvSession({ storageDirectory, label: 'l', kernel: 'A' });
      await session.record({ actionType: 'x', outcome: 'verified', evidence: { ok: true } });
      await session.close();
      const place = { storageDirectory, id: session.id };
      expect(await verifySession(place)).toMatchObject({ ok: true, closed: true, entries: 3 });
      expect((await getSession(place))?.actions[0]?.evidence).toEqual({ ok: true });
      const drafts = (
        await nodeFileSystem.list(join(storageDirectory, 'storage', 'sessions'))
      ).filter((name) => !name.endsWith('.json'));
      expect(drafts).toEqual([]);
    } finally {
      await rm(storageDirectory, { recursive: true });
    }
  });
});
