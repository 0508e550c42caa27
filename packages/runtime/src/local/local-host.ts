import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import {
  type Clock,
  EngramkitError,
  InvalidInputError,
  type JsonValue,
  type Random,
  stringifyJson,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import type { BatchComponent, Logger, StoryInfo } from '@engramkit/engram';
import { secretsFromSources, secretValues } from '@engramkit/secrets';
import type { Tracer } from '@opentelemetry/api';
import type { FaultListener } from '../fault-listener.js';
import type { HostPorts, SpanScope } from '../invocation.js';
import type { Outcome, StageEvent } from '../outcome.js';
import { createRedaction, type Redaction } from '../redaction.js';
import { runBatch } from '../run-batch.js';
import { hostFacts } from './host-facts.js';
import { fileSignals } from './local-signals.js';
import { memoryEffects } from './memory-effects.js';
import {
  type DocumentFacts,
  type LocalRunRecord,
  type RecordedFailure,
  RUN_RECORD_FORMAT,
  type RunFiles,
} from './run-record.js';
import { checkRunId, type LocalRuns, RunStore } from './run-store.js';

/** Told about every run: when it begins, and with its outcome. */
export interface RunRecorder {
  /** Resolves when the record is kept; a rejection of the first one keeps the run from starting. */
  append(record: LocalRunRecord): Promise<void>;
}

/** Options of {@link openLocalHost}. */
export interface LocalHostOptions {
  /** The state directory, usually `.engramkit` in the project; made when the first run begins. */
  readonly directory: string;
  /** The variables that `env:` secrets refer to. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly spans?: SpanScope | undefined;
  readonly faults?: FaultListener | undefined;
  /** Learns the secrets of every run, so that the logger and the exporter that share it never show them. */
  readonly redaction?: Redaction | undefined;
  readonly recorder?: RunRecorder | undefined;
  readonly onStage?: ((event: StageEvent) => void) | undefined;
  /** How many runs to keep; older finished ones are removed after a run. Default: all. */
  readonly keepRuns?: number | undefined;
  /** The largest output, in bytes of JSON text, that stands in the record itself; default 65,536. */
  readonly inlineOutputBytes?: number | undefined;
}

/** One run, as a caller of the local host describes it. */
export interface LocalRunRequest {
  readonly component: BatchComponent;
  readonly moduleFile: string;
  readonly config?: unknown;
  readonly inputs?: unknown;
  /** `env:VARIABLE` or `file:PATH` by secret key. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds; absent means no limit. */
  readonly timeoutMs?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Ends the grace at once. */
  readonly abandon?: AbortSignal | undefined;
  /** Default: the component's name. */
  readonly stepName?: string | undefined;
  /** An earlier run's id makes this a further try of it: recorded effects are not repeated. Default: a new id. */
  readonly runId?: string | undefined;
  /** The component's name when it has none itself. */
  readonly name?: string | undefined;
}

/** Runs components on this machine and keeps what came of them in files. */
export interface LocalHost extends AsyncDisposable {
  /**
   * Runs a component and stores its record; resolves whatever came of the run.
   *
   * Rejects when the record cannot be kept (`DISK_FULL`, `PERMISSION_DENIED`, `WRITE_FAILED`, `RECORDER_FAILED`), when the id
   * is invalid (`RUN_ID_INVALID`) or taken by a run that goes on (`RUN_ACTIVE`).
   */
  run(request: LocalRunRequest): Promise<LocalRunRecord>;
  readonly runs: LocalRuns;
}

const INLINE_OUTPUT_BYTES = 65_536;

/** Opens the host of this machine; nothing is written before the first run. */
export async function openLocalHost(options: LocalHostOptions): Promise<LocalHost> {
  const host = new FileHost(options);
  return host;
}

class FileHost implements LocalHost {
  readonly runs: RunStore;
  readonly #options: LocalHostOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #redaction: Redaction;
  readonly #active = new Map<
    string,
    { readonly abort: AbortController; readonly done: Promise<unknown> }
  >();

  constructor(options: LocalHostOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#redaction = options.redaction ?? createRedaction();
    this.runs = new RunStore(resolve(options.directory));
  }

  async run(request: LocalRunRequest): Promise<LocalRunRecord> {
    const runId = request.runId ?? this.#newRunId();
    checkRunId(runId);
    const earlier = request.runId === undefined ? undefined : await this.runs.find(runId);
    if (earlier?.status === 'running' || this.#active.has(runId)) {
      throw new InvalidInputError(`run ${runId} goes on already`, {
        code: 'RUN_ACTIVE',
        details: { runId },
        hint: 'Wait for it, or choose another run id.',
      });
    }
    const abort = new AbortController();
    const onAbort = (): void => abort.abort(request.signal?.reason);
    if (request.signal?.aborted === true) onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const done = this.#run(runId, earlier, request, abort.signal);
    this.#active.set(runId, { abort, done });
    try {
      return await done;
    } finally {
      request.signal?.removeEventListener('abort', onAbort);
      this.#active.delete(runId);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#active.values()];
    for (const { abort } of open) abort.abort();
    await Promise.allSettled(open.map(({ done }) => done));
  }

  async #run(
    runId: string,
    earlier: LocalRunRecord | undefined,
    request: LocalRunRequest,
    signal: AbortSignal,
  ): Promise<LocalRunRecord> {
    const files = await this.runs.open(runId);
    const begun = this.#firstRecord(runId, earlier, request, files);
    await this.runs.save(begun);
    await this.#record(begun);
    const outcome = await runBatch(
      request.component,
      {
        runId,
        story: storyOf(runId, begun.stepName),
        config: request.config ?? {},
        inputs: request.inputs ?? {},
        signal,
        ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
        ...(request.graceMs === undefined ? {} : { graceMs: request.graceMs }),
        ...(request.abandon === undefined ? {} : { abandon: request.abandon }),
      },
      this.#ports(begun, request, files),
    );
    const ended = await this.#lastRecord(begun, outcome);
    await this.runs.save(ended);
    await this.#record(ended);
    if (this.#options.keepRuns !== undefined) await this.runs.retain(this.#options.keepRuns);
    return ended;
  }

  #ports(begun: LocalRunRecord, request: LocalRunRequest, files: RunFiles): HostPorts {
    const { tracer, spans, faults, onStage, env } = this.#options;
    const logger = this.#options.logger.child({
      runId: begun.runId,
      step: begun.stepName,
    });
    return {
      clock: this.#clock,
      random: this.#random,
      logger,
      tracer,
      ...(spans === undefined ? {} : { spans }),
      ...(faults === undefined ? {} : { faults }),
      ...(onStage === undefined ? {} : { onStage }),
      secrets: {
        open: async ({ signal }) => {
          const secrets = await secretsFromSources(request.secrets ?? {}, { env, signal, logger });
          this.#redaction.add(secretValues(secrets));
          return secrets;
        },
      },
      effects: memoryEffects(),
      signals: fileSignals(files.signals, this.#clock),
    };
  }

  #firstRecord(
    runId: string,
    earlier: LocalRunRecord | undefined,
    request: LocalRunRequest,
    files: RunFiles,
  ): LocalRunRecord {
    const { kind, spec } = request.component;
    const name = spec.name ?? request.name ?? 'engram';
    return {
      format: RUN_RECORD_FORMAT,
      runId,
      attempt: (earlier?.attempt ?? 0) + 1,
      status: 'running',
      component: { name, version: spec.version ?? '0.0.0', kind },
      moduleFile: resolve(request.moduleFile),
      stepName: request.stepName ?? name,
      config: documentFacts(request.config ?? {}),
      inputs: documentFacts(request.inputs ?? {}),
      stages: [],
      startedAt: new Date(this.#clock.now()).toISOString(),
      host: hostFacts(),
      files,
    };
  }

  async #lastRecord(begun: LocalRunRecord, outcome: Outcome): Promise<LocalRunRecord> {
    const { status, exitCode, failure, stages, startedAtMs, durationMs } = outcome;
    return {
      ...begun,
      status,
      exitCode,
      ...(outcome.output === undefined ? {} : await this.#keepOutput(begun.files, outcome.output)),
      ...(failure === undefined ? {} : { failure: recordedFailure(failure) }),
      stages,
      endedAt: new Date(startedAtMs + durationMs).toISOString(),
      durationMs,
    };
  }

  async #keepOutput(files: RunFiles, given: JsonValue) {
    const output = this.#redaction.redact(given);
    const outputFacts = documentFacts(output);
    const limit = this.#options.inlineOutputBytes ?? INLINE_OUTPUT_BYTES;
    if (outputFacts.bytes <= limit) return { output, outputFacts };
    return { outputFacts, files: { ...files, output: await this.runs.saveOutput(files, output) } };
  }

  async #record(record: LocalRunRecord): Promise<void> {
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

function storyOf(runId: string, stepName: string): StoryInfo {
  return {
    storyName: '',
    storyRunId: runId,
    stepName,
    stepRunId: `${runId}-${stepName}`,
    stepRunNamespace: '',
  };
}

/** Size and digest of a document; of one that is not JSON, of its refusal, so that the run itself can report it. */
function documentFacts(value: unknown): DocumentFacts {
  let text: string;
  try {
    text = stringifyJson(value, { maxDepth: 2_000 });
  } catch {
    text = ''; // The decoding stage says what is wrong with it.
  }
  return {
    bytes: Buffer.byteLength(text),
    digest: `sha256:${createHash('sha256').update(text).digest('hex')}`,
  };
}

function recordedFailure({
  stage,
  structured,
  error,
  stack,
}: NonNullable<Outcome['failure']>): RecordedFailure {
  return { stage, structured, error, ...(stack === undefined ? {} : { stack }) };
}

/** Where the local host keeps its bundles. */
export function cacheDirectoryOf(stateDirectory: string): string {
  return join(stateDirectory, 'cache');
}
