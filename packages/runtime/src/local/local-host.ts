import { join, resolve } from 'node:path';
import {
  CancelledError,
  type Clock,
  EngramkitError,
  type Random,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import type { Component, Logger } from '@engramkit/engram';
import { fileIdempotencyStore } from '@engramkit/ids';
import { secretsFromSources, secretValues } from '@engramkit/secrets';
import { effectsOn } from '../effects-port.js';
import type { HostPorts, Invocation } from '../invocation.js';
import type { Outcome } from '../outcome.js';
import { createRedaction, type Redaction } from '../redaction.js';
import { runBatch } from '../run-batch.js';
import { runImpulse } from '../run-impulse.js';
import { runStreaming } from '../run-streaming.js';
import { cutOffRecord } from './cut-off-record.js';
import { documentFacts } from './document-facts.js';
import { hostFacts } from './host-facts.js';
import type {
  LocalHost,
  LocalHostOptions,
  LocalImpulseRequest,
  LocalRequest,
  LocalRunRequest,
  LocalStreamRequest,
} from './local-host-options.js';
import { fileSignals } from './local-signals.js';
import { storyOf } from './local-story.js';
import { localTriggers } from './local-triggers.js';
import { lockRun } from './run-lock.js';
import { openRunLog } from './run-log.js';
import { RunNotKeptError } from './run-not-kept-error.js';
import { type LocalRunRecord, RUN_RECORD_FORMAT, type RunFiles } from './run-record.js';
import { checkRunId, RunStore } from './run-store.js';

const INLINE_OUTPUT_BYTES = 65_536;
const GRACE_MS = 1_000;

/** Opens the host of this machine; nothing is written before the first run. */
export async function openLocalHost(options: LocalHostOptions): Promise<LocalHost> {
  return new FileHost(options);
}

/** Where the local host keeps its bundles: the `cacheDirectory` of `loadModule`. */
export function cacheDirectoryOf(stateDirectory: string): string {
  return join(stateDirectory, 'cache');
}

interface Job extends LocalRequest {
  readonly component: Component;
  readonly inputs?: unknown;
}

type Execute = (invocation: Invocation, ports: HostPorts, files: RunFiles) => Promise<Outcome>;

class FileHost implements LocalHost {
  readonly runs: RunStore;
  readonly #options: LocalHostOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #redaction: Redaction;
  readonly #active = new Set<{
    abort(reason: unknown): void;
    readonly done: Promise<unknown>;
  }>();

  constructor(options: LocalHostOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#redaction = options.redaction ?? createRedaction();
    this.runs = new RunStore(resolve(options.directory));
  }

  run(request: LocalRunRequest): Promise<LocalRunRecord> {
    return this.#start(request, (invocation, ports) =>
      runBatch(request.component, invocation, ports),
    );
  }

  stream(request: LocalStreamRequest): Promise<LocalRunRecord> {
    return this.#start(request, (invocation, ports) =>
      runStreaming(request.component, invocation, ports, request),
    );
  }

  impulse(request: LocalImpulseRequest): Promise<LocalRunRecord> {
    const clock = this.#clock;
    const random = this.#random;
    return this.#start(request, (invocation, ports, { directory }) => {
      const file = join(directory, 'triggers.ndjson');
      const triggers = request.triggers ?? localTriggers({ file, clock, random });
      return runImpulse(request.component, invocation, { ...ports, triggers });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#active];
    for (const { abort } of open) abort(new CancelledError('the local host was closed'));
    await Promise.allSettled(open.map(({ done }) => done));
  }

  async #start(job: Job, execute: Execute): Promise<LocalRunRecord> {
    const runId = job.runId ?? this.#newRunId();
    checkRunId(runId);
    if (job.parent !== undefined) checkRunId(job.parent);
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(job.signal?.reason);
    if (job.signal?.aborted === true) onAbort();
    job.signal?.addEventListener('abort', onAbort, { once: true });
    const done = this.#run(runId, job, controller.signal, execute);
    const entry = { abort: (reason: unknown) => controller.abort(reason), done };
    this.#active.add(entry);
    try {
      return await done;
    } finally {
      job.signal?.removeEventListener('abort', onAbort);
      this.#active.delete(entry);
    }
  }

  async #run(
    runId: string,
    job: Job,
    signal: AbortSignal,
    execute: Execute,
  ): Promise<LocalRunRecord> {
    const files = this.runs.open(runId);
    const lock = lockRun(runId, files.directory);
    try {
      return await this.#locked(runId, files, job, signal, execute);
    } finally {
      lock.release();
    }
  }

  async #locked(
    runId: string,
    files: RunFiles,
    job: Job,
    signal: AbortSignal,
    execute: Execute,
  ): Promise<LocalRunRecord> {
    const earlier = job.runId === undefined ? undefined : await this.runs.find(runId);
    const begun = this.#firstRecord(runId, earlier, job, files);
    await Promise.all([this.runs.save(begun), this.#enter(begun)]);
    const invocation: Invocation = {
      runId,
      story: storyOf(runId, begun.stepName),
      config: job.config ?? {},
      inputs: job.inputs ?? {},
      signal,
      ...(job.templateContext === undefined ? {} : { templateContext: job.templateContext }),
      ...(job.timeoutMs === undefined ? {} : { timeoutMs: job.timeoutMs }),
      ...(job.graceMs === undefined ? {} : { graceMs: job.graceMs }),
      ...(job.abandon === undefined ? {} : { abandon: job.abandon }),
    };
    const log = openRunLog({
      path: files.logs,
      also: this.#options.logger.child({ runId, step: begun.stepName }),
      redaction: this.#redaction,
      clock: this.#clock,
    });
    const outcome = await this.#guarded(begun, job, () =>
      execute(invocation, this.#ports(log.logger, job, files), files),
    );
    await log.close();
    const ended = this.#lastRecord(begun, outcome);
    try {
      return await this.#keep(ended);
    } catch (error) {
      throw new RunNotKeptError(ended, error); // The work is done: whoever called gets what came of it all the same.
    }
  }

  async #keep(ended: LocalRunRecord): Promise<LocalRunRecord> {
    const kept = await this.#withOutputAside(ended);
    await this.runs.save(kept);
    await this.#enter(kept);
    if (this.#options.keepRuns !== undefined) await this.runs.retain(this.#options.keepRuns);
    return kept;
  }

  /** While the run goes on, the watchdog holds the record that is to be left when it never comes back. */
  async #guarded(begun: LocalRunRecord, job: Job, run: () => Promise<Outcome>): Promise<Outcome> {
    const { watchdog } = this.#options;
    if (watchdog === undefined || job.timeoutMs === undefined) return run();
    const endAtMs = this.#clock.now() + job.timeoutMs + (job.graceMs ?? GRACE_MS);
    const message = `run ${begun.runId} blocked the event loop past its limit of ${job.timeoutMs} ms and was ended`;
    using _guard = watchdog.guard({
      endAtMs,
      message,
      files: [
        {
          path: begun.files.record,
          content: `${JSON.stringify(cutOffRecord(begun, endAtMs, message), null, 2)}\n`,
        },
      ],
    });
    return await run();
  }

  #ports(logger: Logger, job: Job, files: RunFiles): HostPorts {
    const { tracer, spans, faults, onStage, env, templates } = this.#options;
    const clock = this.#clock;
    const random = this.#random;
    return {
      clock,
      random,
      logger,
      tracer,
      ...(spans === undefined ? {} : { spans }),
      ...(faults === undefined ? {} : { faults }),
      ...(onStage === undefined ? {} : { onStage }),
      ...(templates === undefined ? {} : { templates }),
      secrets: {
        open: async ({ signal }) => {
          const secrets = await secretsFromSources(job.secrets ?? {}, { env, signal, logger });
          this.#redaction.add(secretValues(secrets));
          const declared = job.component.spec.secrets;
          return declared === undefined ? secrets : secrets.declare(declared);
        },
      },
      effects: effectsOn({ store: fileIdempotencyStore(files.effects, { random }), clock, random }),
      signals: fileSignals(files.signals, clock),
    };
  }

  #firstRecord(
    runId: string,
    earlier: LocalRunRecord | undefined,
    job: Job,
    files: RunFiles,
  ): LocalRunRecord {
    const { kind, spec } = job.component;
    const name = spec.name ?? job.name ?? 'engram';
    return {
      format: RUN_RECORD_FORMAT,
      runId,
      attempt: (earlier?.attempt ?? 0) + 1,
      ...(job.parent === undefined ? {} : { parent: job.parent }),
      status: 'running',
      component: { name, version: spec.version ?? '0.0.0', kind },
      moduleFile: resolve(job.moduleFile),
      stepName: job.stepName ?? name,
      config: documentFacts(job.config ?? {}),
      inputs: documentFacts(job.inputs ?? {}),
      stages: [],
      startedAt: new Date(this.#clock.now()).toISOString(),
      host: hostFacts(),
      files,
    };
  }

  #lastRecord(begun: LocalRunRecord, outcome: Outcome): LocalRunRecord {
    const { status, exitCode, failure, stages, startedAtMs, durationMs } = outcome;
    const output =
      outcome.output === undefined ? undefined : this.#redaction.redact(outcome.output);
    return {
      ...begun,
      status,
      exitCode,
      ...(output === undefined ? {} : { output, outputFacts: documentFacts(output) }),
      ...(failure === undefined
        ? {}
        : {
            failure: {
              stage: failure.stage,
              structured: failure.structured,
              error: failure.error,
              ...(failure.stack === undefined ? {} : { stack: failure.stack }),
            },
          }),
      stages,
      endedAt: new Date(startedAtMs + durationMs).toISOString(),
      durationMs,
    };
  }

  /** A large output gets a file of its own. */
  async #withOutputAside(record: LocalRunRecord): Promise<LocalRunRecord> {
    const { output, ...rest } = record;
    const limit = this.#options.inlineOutputBytes ?? INLINE_OUTPUT_BYTES;
    if (output === undefined || (record.outputFacts?.bytes ?? 0) <= limit) return record;
    const path = await this.runs.saveOutput(record.files, output);
    return { ...rest, files: { ...record.files, output: path } };
  }

  async #enter(record: LocalRunRecord): Promise<void> {
    try {
      await this.#options.recorder?.append(record);
    } catch (cause) {
      throw new EngramkitError(`run ${record.runId} could not be entered into the ledger`, {
        code: 'RECORDER_FAILED',
        details: { runId: record.runId, record: record.files.record },
        hint: 'Repair the ledger before running again; the record of the run itself is in its folder.',
        cause,
      });
    }
  }

  /** Sorts by time, and tells runs of the same millisecond apart. */
  #newRunId(): string {
    const time = new Date(this.#clock.now()).toISOString().replace(/[-:.]/g, '').toLowerCase();
    return `${time.slice(0, -1)}-${this.#random.uuid().slice(0, 8)}`;
  }
}
