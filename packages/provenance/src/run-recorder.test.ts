import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../test/support/manual-clock.js';
import { MemoryFiles } from '../test/support/memory-files.js';
import { shaclReport } from '../test/support/shacl.js';
import { parseEntryLine } from './ledger/entry.js';
import { generateSigningKey } from './ledger/signing-key.js';
import { verifyLedger } from './ledger/verify-ledger.js';
import { exportRdf } from './prov/rdf-export.js';
import { PROVENANCE_SHAPE } from './prov/shape.js';
import {
  findLedgerRun,
  listLedgerRuns,
  localRunRecorder,
  type RecordableRun,
  runLedgerSource,
} from './run-recorder.js';
import { parseSessionFile } from './session/session-file.js';

const digest = (digit: string): { digest: string } => ({ digest: `sha256:${digit.repeat(64)}` });

function run(runId: string, status: string, more: Partial<RecordableRun> = {}): RecordableRun {
  return {
    runId,
    attempt: 1,
    status,
    component: { name: 'greet', version: '1.2.3', kind: 'batch' },
    config: digest('1'),
    inputs: digest('2'),
    startedAt: '2026-03-14T20:00:02.000Z',
    ...(status === 'running'
      ? {}
      : {
          endedAt: '2026-03-14T20:00:03.000Z',
          durationMs: 12.5,
          exitCode: 0,
          outputFacts: digest('3'),
        }),
    ...more,
  };
}

async function recorded(signer?: ReturnType<typeof generateSigningKey>) {
  const files = new MemoryFiles();
  const place = { directory: '/w/.engramkit', files };
  const recorder = localRunRecorder({
    ...place,
    clock: new ManualClock(),
    ...(signer === undefined ? {} : { signer }),
  });
  for (const id of ['a-1', 'a-2', 'b-1']) {
    await recorder.append(run(id, 'running'));
    if (id !== 'b-1')
      await recorder.append(run(id, id === 'a-2' ? 'failed' : 'succeeded', { parent: 'p-0' }));
  }
  return { files, place };
}

describe('the ledger of local runs', () => {
  it('has what every run was and came to, newest first', async () => {
    const { place, files } = await recorded();
    const runs = await listLedgerRuns(place);
    expect(runs.map(({ runId, outcome }) => `${runId} ${outcome}`)).toEqual([
      'b-1 running',
      'a-2 failed',
      'a-1 succeeded',
    ]);
    expect(runs[2]).toMatchObject({
      component: 'greet',
      version: '1.2.3',
      inputId: digest('2').digest,
      outputId: digest('3').digest,
      durationMs: 12.5,
      parent: 'p-0',
    });
    expect(await listLedgerRuns({ ...place, limit: 1 })).toHaveLength(1);
    expect(await listLedgerRuns({ directory: '/nothing', files })).toEqual([]);
  });

  it('finds a run by the beginning of its id, when only one begins so', async () => {
    const { place } = await recorded();
    expect(await findLedgerRun({ ...place, runId: 'a-1' })).toHaveLength(2);
    expect(await findLedgerRun({ ...place, runId: 'b' })).toHaveLength(1);
    await expect(findLedgerRun({ ...place, runId: 'a' })).rejects.toMatchObject({
      code: 'RUN_AMBIGUOUS',
    });
    await expect(findLedgerRun({ ...place, runId: '' })).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
    });
  });

  it('is opened for a run in the same way however long it is', async () => {
    const files = new MemoryFiles();
    const recorder = localRunRecorder({ directory: '/w', files, clock: new ManualClock() });
    let read = 0;
    const open = files.openForReading.bind(files);
    files.openForReading = async (path) => {
      const file = await open(path);
      if (file === undefined) return undefined;
      return {
        ...file,
        async read(target, position) {
          const count = await file.read(target, position);
          read += count;
          return count;
        },
      };
    };
    for (let number = 0; number < 400; number += 1) {
      read = 0;
      await recorder.append(run(`r-${number}`, 'succeeded'));
      expect(read).toBeLessThan(70_000);
    }
    const { entries, ok } = await verifyLedger({ directory: '/w/ledger', name: 'runs', files });
    expect({ entries, ok }).toEqual({ entries: 413, ok: true });
  });

  it('is intact, and exports PROV that conforms to the shape', async () => {
    const { place, files } = await recorded(generateSigningKey('host'));
    const verified = await verifyLedger({ directory: '/w/.engramkit/ledger', name: 'runs', files });
    expect(verified).toMatchObject({ ok: true, entries: 6 });
    let turtle = '';
    for await (const chunk of exportRdf(await runLedgerSource(place), { format: 'turtle' }))
      turtle += chunk;
    expect(turtle).toContain('ckp://Kernel#greet:v1.2.3');
    expect(await shaclReport(turtle, PROVENANCE_SHAPE)).toEqual([]);
  });
});

describe('parsers of files', () => {
  it('take any text without an unexpected error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseEntryLine(text)).toBeUndefined();
        try {
          parseSessionFile(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'SESSION_FILE_INVALID' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
