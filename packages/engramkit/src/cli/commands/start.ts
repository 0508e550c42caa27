import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { systemClock, systemRandom } from '@engramkit/core';
import {
  cacheDirectoryOf,
  createLogger,
  createRedaction,
  createTracing,
  loadModule,
  runProcess,
  type StreamLogger,
} from '@engramkit/runtime';
import type { CommandCall, ExitCode } from '../command.js';
import { importOptional } from '../optional-package.js';

/**
 * `engramkit start <module>`: the entry point of a container.
 *
 * Under the operator the module runs as the pod of a step or as the workload of an impulse; elsewhere it runs like
 * `engramkit run`. Writes no file but bundles of TypeScript modules, below the temporary folder.
 */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, terminal, env } = call;
  const [given = ''] = positionals;
  if ((env.BUBU_STEPRUN_NAME ?? '') === '' && (env.BUBU_IMPULSE_NAME ?? '').trim() === '') {
    const { execute: runLocally } = await import('./run.js');
    return await runLocally(call);
  }
  const library = await importOptional(
    '@engramkit/bobrapet',
    () => import('@engramkit/bobrapet'),
    'start',
  );
  const redaction = createRedaction();
  using logger = createLogger({
    destination: { isTTY: false, write: (text) => terminal.stdout.write(text) },
    level: library.readEnvironment(env, { now: systemClock.now() }).environment.limits.debug
      ? 'debug'
      : 'info',
    format: 'json',
    redaction,
    clock: systemClock,
  });
  await warnAboutHeap(logger);
  const code = await runProcess(
    async (control) => {
      await using tracing = await createTracing({
        env,
        serviceName: 'engramkit',
        redaction,
        logger,
      });
      const load = async () => {
        const loaded = await loadModule(given, {
          cacheDirectory: cacheDirectoryOf(join(tmpdir(), 'engramkit')),
          clock: systemClock,
          signal: control.signal,
          exportName: flags.text('export'),
        });
        return loaded.components;
      };
      return await library.startHost({
        load,
        env,
        control,
        clock: systemClock,
        random: systemRandom,
        logger,
        redaction,
        tracer: tracing.tracer,
        spans: tracing.spans,
        deferRetryable: flags.on('defer-retries'),
        writeLine: (text) => terminal.stdout.write(text),
      });
    },
    {
      process,
      logger,
      clock: systemClock,
      async onEnd() {
        await logger.flush();
        await terminal.stdout.flush();
      },
    },
  );
  return code === 0 || code === 124 ? code : 1;
}

/** The share of the container's memory that the heap may take. */
const HEAP_SHARE = 0.75;
const MEBIBYTE = 1_048_576;

/** Says how to keep the heap below the limit of the container, when Node would let it grow beyond. */
async function warnAboutHeap(logger: StreamLogger): Promise<void> {
  const limit = await memoryLimit();
  if (limit === undefined) return;
  const { heap_size_limit: heap } = getHeapStatistics();
  if (heap <= limit * 0.9) return;
  const megabytes = Math.max(32, Math.floor((limit * HEAP_SHARE) / MEBIBYTE));
  logger.warn('the heap may outgrow the memory of the container', {
    memoryBytes: limit,
    heapBytes: heap,
    hint: `Set NODE_OPTIONS=--max-old-space-size=${megabytes}.`,
  });
}

/** The memory limit of the control group, version 2 or 1. */
async function memoryLimit(): Promise<number | undefined> {
  for (const file of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const bytes = Number(text.trim());
    if (text.trim() !== '' && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  }
  return undefined;
}
