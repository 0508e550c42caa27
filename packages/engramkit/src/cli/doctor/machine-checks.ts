import { mkdirSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngramkitError } from '@engramkit/core';
import { fileProblem } from '../file-problem.js';
import { bytesText } from '../layout.js';
import type { Finding, Machine } from './finding.js';

const LITTLE_SPACE_BYTES = 200 * 1024 * 1024;
const SKEW_MS = 5_000;
/** 2025-01-01: no clock that is right shows an earlier time. */
const EARLIEST_MS = 1_735_689_600_000;

/** Whether runs can be recorded, and whether the clocks of the machine and of the file system agree. */
export function checkStateDirectory({ stateDirectory, now }: Machine): Finding[] {
  const check = 'records';
  const probe = join(stateDirectory, `.doctor-${process.pid}`);
  try {
    mkdirSync(stateDirectory, { recursive: true });
    const before = now();
    writeFileSync(probe, 'probe');
    const written = statSync(probe).mtimeMs;
    rmSync(probe);
    const findings: Finding[] = [
      { check, verdict: 'fine', text: `runs are kept in ${stateDirectory}` },
      clockFinding(before, written),
    ];
    const { bavail, bsize } = statfsSync(stateDirectory);
    if (bavail * bsize < LITTLE_SPACE_BYTES) {
      findings.push({
        check,
        verdict: 'notice',
        text: `only ${bytesText(bavail * bsize)} are left on that disk`,
        fix: 'Free some space, or keep runs elsewhere with --directory.',
      });
    }
    return findings;
  } catch (error) {
    const problem = fileProblem(error, {
      what: 'the directory of the runs',
      file: stateDirectory,
      code: 'STATE_DIRECTORY_UNUSABLE',
    });
    return [
      {
        check,
        verdict: 'broken',
        text: problem.message,
        fix: `${problem.hint ?? ''} Or keep runs elsewhere with --directory.`.trim(),
      },
    ];
  }
}

function clockFinding(beforeMs: number, writtenMs: number): Finding {
  const check = 'clock';
  if (beforeMs < EARLIEST_MS) {
    return {
      check,
      verdict: 'broken',
      text: `the clock says ${new Date(beforeMs).toISOString()}, which is in the past`,
      fix: 'Set the clock, or switch on time synchronisation: deadlines and certificates depend on it.',
    };
  }
  const skewMs = Math.round(writtenMs - beforeMs);
  if (Math.abs(skewMs) > SKEW_MS) {
    return {
      check,
      verdict: 'notice',
      text: `the clock of the file system is ${skewMs > 0 ? 'ahead' : 'behind'} by ${Math.abs(skewMs)} ms`,
      fix: 'Synchronise the clocks of both machines; the order of records depends on them.',
    };
  }
  return { check, verdict: 'fine', text: new Date(beforeMs).toISOString() };
}

/** Whether a TypeScript module can be loaded: makes one and loads it. */
export async function checkTypeScript(
  load: (file: string, cacheDirectory: string) => Promise<unknown>,
): Promise<Finding[]> {
  const check = 'TypeScript';
  const folder = mkdtempSync(join(tmpdir(), 'engramkit-doctor-'));
  try {
    const file = join(folder, 'probe.ts');
    writeFileSync(
      file,
      'interface Inputs { readonly who?: string }\nexport default { process: (inputs: Inputs) => ({ who: inputs.who }) };\n',
    );
    await load(file, join(folder, 'cache'));
    return [{ check, verdict: 'fine', text: 'modules in TypeScript load directly' }];
  } catch (thrown) {
    const error = EngramkitError.from(thrown);
    return [
      {
        check,
        verdict: 'broken',
        text: `a TypeScript module could not be loaded: ${error.message}`,
        fix:
          error.hint ??
          'Install engramkit again; its bundler may be missing or made for another platform.',
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
