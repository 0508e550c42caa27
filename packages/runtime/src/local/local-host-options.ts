import type { Clock, JsonObject, Random } from '@engramkit/core';
import type {
  BatchComponent,
  ImpulseComponent,
  Logger,
  StreamingComponent,
  TriggerClient,
} from '@engramkit/engram';
import type { Tracer } from '@opentelemetry/api';
import type { FaultListener } from '../fault-listener.js';
import type { SpanScope, TemplateResolver } from '../invocation.js';
import type { StageEvent } from '../outcome.js';
import type { Redaction } from '../redaction.js';
import type { StreamPorts } from '../run-streaming.js';
import type { Watchdog } from '../watchdog.js';
import type { LocalRunRecord } from './run-record.js';
import type { LocalRuns } from './run-store.js';

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
  /** Ends the process of a run that blocks the event loop past its deadline, and writes its record. */
  readonly watchdog?: Watchdog | undefined;
  /** Learns the secrets of every run, so that the logger and the exporter that share it never show them. */
  readonly redaction?: Redaction | undefined;
  /** Resolves expressions in config and inputs; without it they pass through as they are. */
  readonly templates?: TemplateResolver | undefined;
  readonly recorder?: RunRecorder | undefined;
  readonly onStage?: ((event: StageEvent) => void) | undefined;
  /** How many runs to keep; older finished ones are removed after a run. Default: all. */
  readonly keepRuns?: number | undefined;
  /** The largest output, in bytes of JSON text, that stands in the record itself; default 65,536. */
  readonly inlineOutputBytes?: number | undefined;
}

/** What every run is described by. */
export interface LocalRequest {
  readonly moduleFile: string;
  readonly config?: unknown;
  /** What templates may refer to. */
  readonly templateContext?: JsonObject | undefined;
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
  /** The id of the run that started this one; it is written down, and need not be a run of this machine. */
  readonly parent?: string | undefined;
  /** The component's name when it has none itself. */
  readonly name?: string | undefined;
}

/** One run of a batch engram. */
export interface LocalRunRequest extends LocalRequest {
  readonly component: BatchComponent;
  readonly inputs?: unknown;
}

/** One run of a streaming engram. */
export interface LocalStreamRequest extends LocalRequest, StreamPorts {
  readonly component: StreamingComponent;
}

/** One run of an impulse. */
export interface LocalImpulseRequest extends LocalRequest {
  readonly component: ImpulseComponent;
  /** Default: a client that writes its calls to `triggers.ndjson` in the folder of the run. */
  readonly triggers?: TriggerClient | undefined;
}

/** Runs components on this machine and keeps what came of them in files. */
export interface LocalHost extends AsyncDisposable {
  /**
   * Runs a batch engram and stores its record; resolves whatever came of the run.
   *
   * Rejects when the record cannot be kept (`DISK_FULL`, `PERMISSION_DENIED`, `WRITE_FAILED`, `RECORDER_FAILED`; when the run is
   * over by then with a `RunNotKeptError`, which has the record and the output), when the id is invalid (`RUN_ID_INVALID`) or taken by a run that goes on (`RUN_ACTIVE`).
   */
  run(request: LocalRunRequest): Promise<LocalRunRecord>;
  /** Runs a streaming engram until its input ends or the signal aborts; otherwise like {@link LocalHost.run}. */
  stream(request: LocalStreamRequest): Promise<LocalRunRecord>;
  /** Runs an impulse until the signal aborts; otherwise like {@link LocalHost.run}. */
  impulse(request: LocalImpulseRequest): Promise<LocalRunRecord>;
  readonly runs: LocalRuns;
}
