import {
  ArcpError,
  type ArcpFeature,
  Budget,
  type Dialect,
  type Envelope,
  expiryInstant,
  leaseAmounts,
  leaseToJson,
  parseLease,
} from '@engramkit/arcp';
import type { Clock, JsonObject } from '@engramkit/core';
import { defineAgent } from '../agent-definition.js';
import type { IdempotencyKeys } from '../idempotency.js';
import type { Job } from '../job.js';
import type { JobMaker } from '../job-maker.js';
import type { JobStore } from '../job-store.js';
import type { Session } from '../session.js';
import type { Sessions } from '../sessions.js';
import type { EventLogRecord } from './event-log.js';

type RecordOf<Kind extends EventLogRecord['record']> = Extract<
  EventLogRecord,
  { readonly record: Kind }
>;

/** A session as the records tell it. */
export interface KnownSession {
  readonly id: string;
  readonly principal: string;
  readonly dialect: Dialect;
  readonly version: string;
  features: readonly ArcpFeature[];
  token: string;
  sequence: number;
  floor: number;
  detachedAtMs: number | undefined;
  frames: Envelope[];
}

interface KnownJob {
  readonly facts: RecordOf<'job'>;
  readonly owners: Set<string>;
  ended: RecordOf<'ended'> | undefined;
  terminal: { readonly type: string; readonly payload: JsonObject } | undefined;
}

/** What recovery needs of the runtime. */
export interface RecoveryParts {
  readonly sessions: Sessions;
  readonly jobs: JobStore;
  readonly keys: IdempotencyKeys;
  readonly maker: JobMaker;
  readonly clock: Clock;
}

/** Brings sessions and jobs back; jobs that were running end with a retryable error. */
export function recover(records: Iterable<EventLogRecord>, parts: RecoveryParts): void {
  const { sessions, jobs } = replay(records);
  const live = new Map<string, Session>();
  for (const known of sessions.values()) live.set(known.id, parts.sessions.restore(known));
  const cutOff: Job[] = [];
  for (const known of jobs.values()) {
    const owners = [...known.owners].flatMap((id) => live.get(id) ?? []);
    const job = revive(known, owners, parts);
    addHistory(job, known, sessions);
    const terminal = known.terminal;
    if (terminal === undefined) cutOff.push(job);
    else {
      job.restoreEnd(terminal, known.ended?.atMs ?? known.facts.createdAtMs);
      for (const session of owners) session.jobs.delete(job);
      parts.jobs.ended(job);
    }
    const { key } = known.facts;
    if (key !== undefined)
      parts.keys.restore(
        known.facts.principal,
        key.key,
        key.parameters,
        job,
        key.acceptance,
        key.expiresAtMs,
      );
  }
  for (const job of cutOff) {
    job.fail(
      new ArcpError('INTERNAL_ERROR', 'the runtime was restarted while the job was running', {
        details: { reason: 'runtime_restarted' },
      }),
    );
  }
}

/** The state that a series of records leads to. */
function replay(records: Iterable<EventLogRecord>): {
  readonly sessions: ReadonlyMap<string, KnownSession>;
  readonly jobs: ReadonlyMap<string, KnownJob>;
} {
  const sessions = new Map<string, KnownSession>();
  const jobs = new Map<string, KnownJob>();
  for (const record of records) {
    switch (record.record) {
      case 'session':
        sessions.set(record.session, {
          id: record.session,
          principal: record.principal,
          features: record.features as readonly ArcpFeature[],
          dialect: record.dialect as Dialect,
          version: record.version,
          token: record.token,
          sequence: record.sequence,
          floor: record.floor,
          detachedAtMs: undefined,
          frames: [],
        });
        break;
      case 'job':
        jobs.set(record.job, {
          facts: record,
          owners: new Set(record.owners),
          ended: undefined,
          terminal: undefined,
        });
        break;
      case 'owner':
        jobs.get(record.job)?.owners.add(record.session);
        break;
      case 'ended':
        end(record, jobs.get(record.job));
        break;
      case 'forgotten':
        jobs.delete(record.job);
        break;
      case 'dropped':
        sessions.delete(record.session);
        break;
      default:
        apply(record, sessions.get(record.session), jobs);
    }
  }
  for (const session of sessions.values())
    session.frames = session.frames.filter(({ event_seq }) => (event_seq ?? 0) > session.floor);
  return { sessions, jobs };
}

function end(record: RecordOf<'ended'>, job: KnownJob | undefined): void {
  if (job === undefined) return;
  job.ended = record;
  if (record.type !== undefined && record.payload !== undefined)
    job.terminal = { type: record.type, payload: record.payload };
}

function apply(
  record: RecordOf<'frame' | 'acknowledged' | 'detached' | 'resumed'>,
  session: KnownSession | undefined,
  jobs: ReadonlyMap<string, KnownJob>,
): void {
  if (session === undefined) return;
  switch (record.record) {
    case 'frame': {
      const { envelope } = record;
      session.frames.push(envelope);
      session.sequence = Math.max(session.sequence, envelope.event_seq ?? 0);
      const job = envelope.job_id === undefined ? undefined : jobs.get(envelope.job_id);
      if (job !== undefined && envelope.type !== 'job.event')
        job.terminal ??= { type: envelope.type, payload: envelope.payload };
      break;
    }
    case 'acknowledged':
      session.floor = Math.max(session.floor, record.sequence);
      break;
    case 'detached':
      session.detachedAtMs = record.atMs;
      break;
    case 'resumed':
      session.detachedAtMs = undefined;
      session.token = record.token;
      session.features = record.features as readonly ArcpFeature[];
      break;
  }
}

function revive({ facts }: KnownJob, owners: readonly Session[], { maker }: RecoveryParts): Job {
  const lease = parseLease(facts.lease);
  const { expiresAt } = facts;
  const [name = '', version] = facts.agent.split('@', 2);
  return maker.revived(
    {
      id: facts.job,
      agent: facts.agent,
      definition: defineAgent({
        name,
        ...(version === undefined ? {} : { version }),
        handler: () => undefined, // A revived job never runs.
      }),
      principal: facts.principal,
      input: undefined,
      lease,
      expiresAt,
      expiresAtMs: expiresAt === undefined ? undefined : expiryInstant(expiresAt),
      budget: new Budget(leaseAmounts(lease)),
      reservation: undefined,
      credentials: [],
      traceId: facts.traceId,
      createdAtMs: facts.createdAtMs,
      maxRuntimeSec: undefined,
      parent: undefined,
      parentId: facts.parent,
      delegateId: undefined,
      detached: true,
    },
    owners,
  );
}

/** What its first owner has not acknowledged is what late subscribers can still be told. */
function addHistory(job: Job, known: KnownJob, sessions: ReadonlyMap<string, KnownSession>): void {
  job.audience.history.truncate();
  const [owner] = known.owners;
  for (const envelope of (owner === undefined ? undefined : sessions.get(owner))?.frames ?? []) {
    if (envelope.job_id !== job.id || envelope.event_seq === undefined) continue;
    job.audience.lastEventSeq = envelope.event_seq;
    job.audience.history.add({
      ownerSequence: envelope.event_seq,
      type: envelope.type,
      payload: envelope.payload,
      size: JSON.stringify(envelope.payload).length,
    });
  }
}

/** The record of an accepted job. */
export function jobRecord(job: Job, key?: RecordOf<'job'>['key']): RecordOf<'job'> {
  const { facts } = job;
  const parent = facts.parent?.id ?? facts.parentId;
  return {
    record: 'job',
    job: job.id,
    agent: facts.agent,
    principal: facts.principal,
    traceId: facts.traceId,
    createdAtMs: facts.createdAtMs,
    lease: leaseToJson(facts.lease),
    ...(facts.expiresAt === undefined ? {} : { expiresAt: facts.expiresAt }),
    ...(parent === undefined ? {} : { parent }),
    owners: [...job.audience.owners].map(({ id }) => id),
    ...(key === undefined ? {} : { key }),
  };
}

/** Everything that a restarted runtime has to know, as records. */
export function* snapshot(
  parts: Pick<RecoveryParts, 'sessions' | 'jobs' | 'keys' | 'clock'>,
): Generator<EventLogRecord> {
  yield* parts.sessions.records();
  const keys = parts.keys.byJob();
  for (const job of parts.jobs.all) {
    yield jobRecord(job, keys.get(job));
    if (job.terminal !== undefined)
      yield { record: 'ended', job: job.id, atMs: job.endedAtMs ?? 0, ...job.terminal };
  }
}
