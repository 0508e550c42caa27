import type { JsonObject, JsonValue } from '@engramkit/core';
import { ArcpError, asObject } from './error.js';
import { readInstant, readInteger, readText } from './read.js';

/** The levels of a log event. Source: arcp section 4.3. */
export type LogEventLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'critical';

/** The bodies of the kinds that the protocol knows, in one spelling whatever the peer sent. Source: arcp section 4.3. */
export interface JobEventBodies {
  readonly log: {
    readonly level: LogEventLevel;
    readonly message: string;
    readonly attributes?: JsonObject;
  };
  readonly thought: { readonly text: string };
  readonly tool_call: { readonly tool: string; readonly args: JsonValue; readonly callId: string };
  readonly tool_result: {
    readonly callId: string;
    readonly result?: JsonValue;
    readonly error?: ArcpError;
  };
  readonly status: {
    readonly phase: string;
    readonly message?: string;
    readonly fields: JsonObject;
  };
  readonly metric: {
    readonly name: string;
    readonly value: number;
    readonly unit?: string;
    readonly dimensions?: Readonly<Record<string, string>>;
  };
  readonly artifact_ref: {
    readonly uri: string;
    readonly contentType: string;
    readonly byteSize?: number;
    readonly sha256?: string;
  };
  readonly delegate: {
    readonly delegateId?: string;
    readonly agent: string;
    readonly childJobId?: string;
    readonly input?: JsonValue;
  };
  readonly progress: {
    readonly current: number;
    readonly total?: number;
    readonly units?: string;
    readonly message?: string;
  };
  readonly result_chunk: {
    readonly resultId: string;
    readonly chunkSeq: number;
    readonly data: string;
    readonly encoding: 'utf8' | 'base64';
    readonly more: boolean;
  };
  readonly trace_span: {
    readonly spanId: string;
    readonly name: string;
    readonly fields: JsonObject;
  };
}

/** The kinds with a body of their own. */
export type KnownEventKind = keyof JobEventBodies;

/** One event of a job: of a known kind, or raw. */
export type JobEvent =
  | {
      [Kind in KnownEventKind]: {
        readonly kind: Kind;
        readonly body: JobEventBodies[Kind];
        readonly valid: true;
        readonly raw: JsonObject;
        readonly tsMs: number;
      };
    }[KnownEventKind]
  | {
      /** A vendor's kind, or a known kind whose body did not fit. */
      readonly kind: string;
      readonly body: undefined;
      readonly valid: false;
      readonly raw: JsonObject;
      readonly tsMs: number;
    };

/** Source: arcp section 4.3. */
const VENDOR_KIND = /^x-vendor\.[a-z0-9_.-]+$/;
const LEVELS: ReadonlySet<string> = new Set([
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'critical',
]);

/** Whether an agent may emit the kind. */
export function isEmittableKind(kind: string): boolean {
  return (Object.hasOwn(READERS, kind) && kind !== 'trace_span') || VENDOR_KIND.test(kind);
}

/**
 * Reads the payload of a `job.event`; never throws. A body that does not fit is delivered raw with `valid: false`.
 *
 * Source: arcp sections 4.1 (E-40, E-41) and 4.3.
 */
export function readJobEvent(payload: JsonObject, arrivedAtMs: number): JobEvent {
  const kind = readText(payload, 'kind') ?? '';
  const raw = asObject(payload.body) ?? {};
  const tsMs = readInstant(payload, 'ts') ?? arrivedAtMs;
  const body = Object.hasOwn(READERS, kind) ? READERS[kind as KnownEventKind](raw) : undefined;
  if (body === undefined) return { kind, body: undefined, valid: false, raw, tsMs };
  return { kind, body, valid: true, raw, tsMs } as JobEvent;
}

type Readers = {
  readonly [Kind in KnownEventKind]: (raw: JsonObject) => JobEventBodies[Kind] | undefined;
};

const READERS: Readers = {
  log: (raw) => {
    const message = raw.message;
    if (typeof message !== 'string') return undefined;
    const level = readText(raw, 'level') ?? 'info';
    const attributes = asObject(raw.attributes) ?? asObject(raw.fields);
    return {
      level: LEVELS.has(level) ? (level as LogEventLevel) : 'info',
      message,
      ...(attributes === undefined ? {} : { attributes }),
    };
  },
  thought: (raw) => (typeof raw.text === 'string' ? { text: raw.text } : undefined),
  tool_call: (raw) => {
    const tool = readText(raw, 'tool') ?? readText(raw, 'name');
    const callId = readText(raw, 'call_id') ?? readText(raw, 'tool_call_id');
    if (tool === undefined || callId === undefined) return undefined;
    return { tool, args: raw.args ?? raw.arguments ?? null, callId };
  },
  tool_result: (raw) => {
    const callId = readText(raw, 'call_id') ?? readText(raw, 'tool_call_id');
    if (callId === undefined) return undefined;
    const error = asObject(raw.error);
    if (error !== undefined) return { callId, error: ArcpError.fromPayload(error) };
    const result = raw.result ?? raw.output;
    return { callId, ...(result === undefined ? {} : { result }) };
  },
  status: (raw) => {
    const phase = readText(raw, 'phase');
    if (phase === undefined) return undefined;
    const message = readText(raw, 'message');
    const { phase: _phase, message: _message, fields, details, ...rest } = raw;
    return {
      phase,
      fields: { ...rest, ...asObject(details), ...asObject(fields) },
      ...(message === undefined ? {} : { message }),
    };
  },
  metric: (raw) => {
    const name = readText(raw, 'name');
    const value = raw.value;
    if (name === undefined || typeof value !== 'number') return undefined;
    const unit = readText(raw, 'unit');
    const tags = asObject(raw.dimensions) ?? asObject(raw.dims) ?? asObject(raw.attributes);
    const dimensions =
      tags &&
      Object.fromEntries(
        Object.entries(tags).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string',
        ),
      );
    return {
      name,
      value,
      ...(unit === undefined ? {} : { unit }),
      ...(dimensions === undefined ? {} : { dimensions }),
    };
  },
  artifact_ref: (raw) => {
    const uri = readText(raw, 'uri');
    const contentType = readText(raw, 'content_type') ?? readText(raw, 'media_type');
    if (uri === undefined || contentType === undefined) return undefined;
    const byteSize = readInteger(raw, 'byte_size') ?? readInteger(raw, 'size_bytes');
    const sha256 = readText(raw, 'sha256');
    return {
      uri,
      contentType,
      ...(byteSize === undefined ? {} : { byteSize }),
      ...(sha256 === undefined ? {} : { sha256 }),
    };
  },
  delegate: (raw) => {
    const agent = readText(raw, 'agent');
    if (agent === undefined) return undefined;
    const delegateId = readText(raw, 'delegate_id');
    const childJobId = readText(raw, 'child_job_id');
    const input = raw.input;
    return {
      agent,
      ...(delegateId === undefined ? {} : { delegateId }),
      ...(childJobId === undefined ? {} : { childJobId }),
      ...(input === undefined ? {} : { input }),
    };
  },
  progress: (raw) => {
    const current = raw.current;
    if (typeof current !== 'number' || current < 0) return undefined;
    const total = raw.total;
    const units = readText(raw, 'units');
    const message = readText(raw, 'message');
    return {
      current,
      ...(typeof total === 'number' ? { total } : {}),
      ...(units === undefined ? {} : { units }),
      ...(message === undefined ? {} : { message }),
    };
  },
  result_chunk: (raw) => {
    const resultId = readText(raw, 'result_id');
    const chunkSeq = readInteger(raw, 'chunk_seq');
    const { data, encoding } = raw;
    if (resultId === undefined || chunkSeq === undefined || typeof data !== 'string')
      return undefined;
    if (encoding !== 'utf8' && encoding !== 'base64') return undefined;
    return { resultId, chunkSeq, data, encoding, more: raw.more !== false };
  },
  trace_span: (raw) => {
    const spanId = readText(raw, 'span_id');
    const name = readText(raw, 'name');
    if (spanId === undefined || name === undefined) return undefined;
    const { span_id: _spanId, name: _name, ...fields } = raw;
    return { spanId, name, fields };
  },
};
