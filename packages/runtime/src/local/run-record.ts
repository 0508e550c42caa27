import type { JsonValue, SerializedError } from '@engramkit/core';
import type { ComponentKind, StructuredErrorPayload } from '@engramkit/engram';
import type { OutcomeStatus, Stage, StageTiming } from '../outcome.js';

/** The layout of records; raised when a reader of the old one would be misled. */
export const RUN_RECORD_FORMAT = 1;

/** How a run stands: `interrupted` means that its process is gone and nobody wrote the end. */
export type LocalRunStatus = OutcomeStatus | 'running' | 'interrupted';

/** Size and digest of a document, so that runs can be compared without keeping their data. */
export interface DocumentFacts {
  /** UTF-8 bytes of the compact JSON text. */
  readonly bytes: number;
  /** `sha256:` and 64 hexadecimal digits, of the compact JSON text. */
  readonly digest: string;
}

/** Where and by what a run was executed. */
export interface HostFacts {
  readonly hostname: string;
  readonly pid: number;
  /** Tells two processes with the same number apart, where the platform offers it. */
  readonly processStart?: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
}

/** What is written down about a failed run; secret values are redacted. */
export interface RecordedFailure {
  readonly stage: Stage;
  readonly structured: StructuredErrorPayload;
  readonly error: SerializedError;
  /** Positions in the author's own files. */
  readonly stack?: string;
}

/** The files of a run; absolute paths. */
export interface RunFiles {
  readonly directory: string;
  readonly record: string;
  /** Present when the output is too large to stand in the record. */
  readonly output?: string;
  /** JSON lines; absent on disk when nothing was logged. */
  readonly logs: string;
  /** JSON lines; absent on disk when nothing was emitted. */
  readonly signals: string;
  /** Claims and results of effects; absent on disk without any. */
  readonly effects: string;
}

/** One run of the local host, as it is stored in `runs/<id>/run.json`. */
export interface LocalRunRecord {
  readonly format: typeof RUN_RECORD_FORMAT;
  readonly runId: string;
  /** 1 for the first try under this run id, one more for every further one. */
  readonly attempt: number;
  /** The run that started this one, if any. */
  readonly parent?: string;
  readonly status: LocalRunStatus;
  /** Absent while the run goes on and after an interruption. */
  readonly exitCode?: 0 | 1 | 124;
  readonly component: {
    readonly name: string;
    readonly version: string;
    readonly kind: ComponentKind;
  };
  readonly moduleFile: string;
  readonly stepName: string;
  readonly config: DocumentFacts;
  readonly inputs: DocumentFacts;
  /** The output itself, when it is small enough; see `files.output`. */
  readonly output?: JsonValue;
  readonly outputFacts?: DocumentFacts;
  readonly failure?: RecordedFailure;
  readonly stages: readonly StageTiming[];
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** RFC 3339, UTC. */
  readonly endedAt?: string;
  /** Milliseconds, with fractions. */
  readonly durationMs?: number;
  readonly host: HostFacts;
  readonly files: RunFiles;
}
