import { join } from 'node:path';
import {
  type Clock,
  InvalidInputError,
  type JsonObject,
  type Random,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import { type FileSystem, nodeFileSystem } from './file-system.js';
import { openLedger } from './ledger/open-ledger.js';
import { type LedgerEntry, readLedger } from './ledger/read-ledger.js';
import { isObject, type LedgerSigner } from './ledger/seal.js';
import type { ProvSource } from './prov/session-statements.js';
import type { ActionRecord, SessionHeader } from './session/session-record.js';
import { buildActionUrn, buildKernelUrn } from './urn.js';

/** The name of the ledger that holds the local runs. */
export const RUN_LEDGER_NAME = 'runs';

/** What the recorder needs of a run record; the local host's records have it. */
export interface RecordableRun {
  readonly runId: string;
  /** From 1. */
  readonly attempt: number;
  /** `running` at the beginning, then how the run ended. */
  readonly status: string;
  readonly exitCode?: number;
  readonly component: { readonly name: string; readonly version: string; readonly kind: string };
  readonly stepName?: string;
  readonly config?: { readonly digest: string };
  readonly inputs: { readonly digest: string };
  readonly outputFacts?: { readonly digest: string };
  readonly failure?: { readonly stage: string; readonly error: { readonly code: string } };
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** RFC 3339, UTC. */
  readonly endedAt?: string;
  /** Milliseconds. */
  readonly durationMs?: number;
  /** The run that started this one. */
  readonly parent?: string;
}

/** Options of {@link localRunRecorder}. */
export interface LocalRunRecorderOptions {
  /** The state directory; the ledger is in `ledger` below it. */
  readonly directory: string;
  readonly signer?: LedgerSigner;
  /** How long to wait for other processes that record, in milliseconds; default 15,000. */
  readonly waitMs?: number;
  readonly files?: FileSystem;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Where the ledger of local runs is. */
export function runLedgerDirectory(directory: string): string {
  return join(directory, 'ledger');
}

/**
 * Records local runs in the ledger `runs`: one entry when a run begins, one when it ends.
 *
 * The end puts both on stable storage; a loss of power in between may take the beginning, never an end.
 *
 * Any number of processes may record at once; each takes the writer's lock for one entry. Content is recorded by digest only.
 */
export function localRunRecorder(options: LocalRunRecorderOptions): {
  append(record: RecordableRun): Promise<void>;
} {
  const { files = nodeFileSystem, clock = systemClock, random = systemRandom } = options;
  return {
    async append(record) {
      await using ledger = await openLedger({
        directory: runLedgerDirectory(options.directory),
        name: RUN_LEDGER_NAME,
        header: { purpose: 'local runs' },
        waitMs: options.waitMs ?? 15_000,
        sync: record.status === 'running' ? 'none' : 'each',
        // Every run opens the ledger, and reads it from the last checkpoint on.
        checkpointEvery: 32,
        files,
        clock,
        random,
        ...(options.signer === undefined ? {} : { signer: options.signer }),
      });
      await ledger.append(runBody(record));
    },
  };
}

/** The body of a run's entry. */
function runBody(record: RecordableRun): JsonObject {
  const { component, failure } = record;
  return {
    type: 'run',
    event: record.status === 'running' ? 'started' : 'ended',
    run: record.runId,
    attempt: record.attempt,
    component: component.name,
    version: component.version,
    component_kind: component.kind,
    step: record.stepName ?? null,
    outcome: record.status,
    exit_code: record.exitCode ?? null,
    config_id: record.config?.digest ?? null,
    input_id: record.inputs.digest,
    output_id: record.outputFacts?.digest ?? null,
    error: failure === undefined ? null : { stage: failure.stage, code: failure.error.code },
    started_at: record.startedAt,
    ended_at: record.endedAt ?? null,
    duration_ms: record.durationMs ?? null,
    parent: record.parent ?? null,
  };
}

/** A run as the ledger knows it. */
export interface LedgerRun {
  /** Number of its newest entry. */
  readonly index: number;
  readonly hash: string;
  readonly time: string;
  readonly runId: string;
  readonly attempt: number;
  readonly component: string;
  readonly version: string;
  /** `running` while no end is recorded. */
  readonly outcome: string;
  readonly inputId: string;
  readonly outputId: string | null;
  readonly durationMs: number | null;
  readonly parent: string | null;
  /** The whole body of the entry. */
  readonly body: JsonObject;
}

/** Where to read runs from. */
export interface RunLedgerPlace {
  /** The state directory. */
  readonly directory: string;
  readonly files?: FileSystem;
  readonly signal?: AbortSignal;
}

/** The entries about runs, in order: one when a run begins, one when it ends. Rejects like `readLedger`. */
export async function* readLedgerRuns(place: RunLedgerPlace): AsyncGenerator<LedgerRun> {
  for await (const entry of readLedger({
    directory: runLedgerDirectory(place.directory),
    name: RUN_LEDGER_NAME,
    ...(place.files === undefined ? {} : { files: place.files }),
    ...(place.signal === undefined ? {} : { signal: place.signal }),
  })) {
    const run = entry.kind === 'action' ? readRun(entry) : undefined;
    if (run !== undefined) yield run;
  }
}

/** The newest runs, newest first, each with its newest entry; an absent ledger has none. `limit` default 20. */
export async function listLedgerRuns(
  place: RunLedgerPlace & { readonly limit?: number },
): Promise<readonly LedgerRun[]> {
  const limit = place.limit ?? 20;
  const newest = new Map<string, LedgerRun>();
  try {
    for await (const run of readLedgerRuns(place)) {
      const key = `${run.runId}/${run.attempt}`;
      newest.delete(key); // So that the end of a run moves it to the end of the map.
      newest.set(key, run);
      const oldest = newest.size > limit ? newest.keys().next().value : undefined;
      if (oldest !== undefined) newest.delete(oldest);
    }
  } catch (error) {
    if (!(error instanceof InvalidInputError) || error.code !== 'LEDGER_MISSING') throw error;
  }
  return [...newest.values()].reverse();
}

/** The entries of one run, in order, by its id or the beginning of it. Throws `RUN_AMBIGUOUS` or `RUN_NOT_FOUND`. */
export async function findLedgerRun(
  place: RunLedgerPlace & { readonly runId: string },
): Promise<readonly LedgerRun[]> {
  const found: LedgerRun[] = [];
  const exact: LedgerRun[] = [];
  for await (const run of readLedgerRuns(place)) {
    if (run.runId === place.runId) exact.push(run);
    else if (place.runId !== '' && run.runId.startsWith(place.runId)) found.push(run);
  }
  if (exact.length > 0) return exact;
  const ids = new Set(found.map(({ runId }) => runId));
  if (ids.size === 1) return found;
  throw new InvalidInputError(
    ids.size === 0
      ? `the ledger has no run ${JSON.stringify(place.runId.slice(0, 80))}`
      : `${ids.size} runs begin with "${place.runId}"`,
    {
      code: ids.size === 0 ? 'RUN_NOT_FOUND' : 'RUN_AMBIGUOUS',
      hint: 'List the runs to see their ids.',
    },
  );
}

/** The runs that ended, as a session for the PROV exports: a run is an action of its component. */
export async function runLedgerSource(place: RunLedgerPlace): Promise<ProvSource> {
  let first: string | undefined;
  let ledger = '';
  const directory = runLedgerDirectory(place.directory);
  const files = place.files ?? nodeFileSystem;
  for await (const entry of readLedger({ directory, name: RUN_LEDGER_NAME, files })) {
    first = entry.time;
    ledger = String(entry.body.ledger ?? '');
    break;
  }
  const startedAt = first ?? '';
  const header: SessionHeader = {
    session_id: ledger,
    urn: buildActionUrn('engramkit', 'runs', Date.parse(startedAt)),
    label: 'local runs',
    kernel_action: 'run',
    started_at: startedAt,
    ended_at: null,
    was_associated_with: buildKernelUrn('engramkit'),
    duration_ms: null,
    outcome: 'in_progress',
    kernels_involved: ['engramkit'],
  };
  return {
    header,
    async *actions() {
      for await (const run of readLedgerRuns(place)) {
        if (run.outcome !== 'running') yield actionOf(run);
      }
    },
  };
}

function actionOf(run: LedgerRun): ActionRecord {
  const { body } = run;
  const text = (member: string): string | null => {
    const value = body[member];
    return typeof value === 'string' ? value : null;
  };
  const version = /^\d+\.\d+(\.\d+)?$/.test(run.version) ? `v${run.version}` : 'v0.0';
  const started = text('started_at');
  return {
    seq: run.index,
    action_type: run.component,
    outcome: run.outcome,
    urn: buildActionUrn(run.component, 'run', Date.parse(run.time)),
    kernel: buildKernelUrn(run.component, version),
    via_edge: null,
    intent: { input_id: run.inputId, config_id: text('config_id') },
    evidence: { run: run.runId, outcome: run.outcome, exit_code: body.exit_code ?? null },
    before_state: null,
    after_state: run.outputId === null ? null : { output_id: run.outputId },
    diff_summary: null,
    attempt: run.attempt,
    generated_at: text('ended_at') ?? run.time,
    note: '',
    ...(started === null ? {} : { started_at: started }),
    used: [`urn:${run.inputId}`],
  };
}

function readRun(entry: LedgerEntry): LedgerRun | undefined {
  const { body, index, hash, time } = entry;
  if (body.type !== 'run' || !isObject(body)) return undefined;
  const text = (member: string): string => {
    const value = body[member];
    return typeof value === 'string' ? value : '';
  };
  const { attempt, duration_ms: duration } = body;
  return {
    index,
    hash,
    time,
    runId: text('run'),
    attempt: typeof attempt === 'number' ? attempt : 1,
    component: text('component'),
    version: text('version'),
    outcome: text('outcome'),
    inputId: text('input_id'),
    outputId: text('output_id') || null,
    durationMs: typeof duration === 'number' ? duration : null,
    parent: text('parent') || null,
    body,
  };
}
