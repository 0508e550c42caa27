import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type BatchComponent, componentFrom } from '@engramkit/engram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type LocalHost,
  type LocalHostOptions,
  noopTracer,
  openLocalHost,
  RunNotKeptError,
  silentLogger,
} from '../index.js';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'local-disk-')), '.engramkit');
});
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const open = (options: Partial<LocalHostOptions> = {}): Promise<LocalHost> =>
  openLocalHost({ directory, env: {}, logger: silentLogger, tracer: noopTracer, ...options });

const request = (process: () => unknown) => ({
  component: componentFrom({ process }) as BatchComponent,
  moduleFile: '/project/engram.ts',
});

describe('what the disk refuses', () => {
  it('is said with the path when the folder may not be written', async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'runs'), 'a file in the way');
    await using host = await open();
    await expect(host.run(request(() => ({})))).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  });

  it.runIf(process.getuid?.() !== 0)('is a permission', async () => {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o500);
    await using host = await open();
    await expect(host.run(request(() => ({})))).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  });

  it.each([
    ['a small output', 'small', 'run.json'],
    ['an output that gets a file of its own', 'x'.repeat(100_000), 'output.json'],
  ])('at the end loses nothing that the run made: %s', async (_name, text, inTheWay) => {
    await using host = await open();
    const running = host.run({
      ...request(async () => {
        // A folder in the place of the file: writing it fails, whoever the user is.
        const folder = join(directory, 'runs/full', inTheWay);
        await rm(folder, { force: true });
        await mkdir(join(folder, 'x'), { recursive: true });
        return { text };
      }),
      runId: 'full',
    });
    const error = await running.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunNotKeptError);
    expect(error).toMatchObject({
      code: 'WRITE_FAILED',
      message: expect.stringContaining(inTheWay),
      record: { status: 'succeeded', exitCode: 0, output: { text } },
    });
    expect(inspect(error) + JSON.stringify(error)).not.toContain('"text"');
  });

  it('at the end is told with the output when only the ledger refuses', async () => {
    const append = vi
      .fn()
      .mockResolvedValueOnce(undefined)
      .mockRejectedValueOnce(new Error('full'));
    await using host = await open({ recorder: { append } });
    const error = await host
      .run(request(() => ({ done: true })))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'RECORDER_FAILED', record: { output: { done: true } } });
  });
});
