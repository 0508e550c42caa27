import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAgentReference, parseAgentReference } from './agent-reference.js';
import { readCredentials } from './credential.js';
import type { Envelope } from './envelope.js';
import { ArcpError, arcpErrorCodes } from './error.js';
import { negotiateFeatures } from './features.js';
import { isEmittableKind, readJobEvent } from './job-event.js';
import {
  readAccepted,
  readBudget,
  readJobsPage,
  readSubmit,
  readTerminal,
} from './job-messages.js';
import { ChunkAssembler, chunkBodies } from './result-chunks.js';
import { helloPayload, readHello, readWelcome } from './session-messages.js';

const envelope = (type: string, payload: object, extra: object = {}): Envelope => ({
  arcp: '1.1',
  id: 'r1',
  type,
  payload: payload as Envelope['payload'],
  ...extra,
});

describe('errors', () => {
  it('always carry one of the fifteen codes, a message and the prescribed retryability', () => {
    for (const code of arcpErrorCodes) {
      const payload = new ArcpError(code, '').toPayload();
      expect(payload).toEqual({
        code,
        message: code,
        retryable: ['TIMEOUT', 'HEARTBEAT_LOST', 'INTERNAL_ERROR'].includes(code),
      });
    }
    expect(new ArcpError('OUT_OF_CHEESE', 'no').toPayload()).toEqual({
      code: 'INTERNAL_ERROR',
      message: 'no',
      retryable: true,
      details: { code: 'OUT_OF_CHEESE' },
    });
  });

  it('keep what a peer said', () => {
    expect(
      ArcpError.fromPayload({ code: 'RATE_LIMITED', message: 'slow down', retryable: true }),
    ).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      retry: 'safe',
    });
    expect(ArcpError.fromPayload({ code: 'TIMEOUT', retryable: false })).toMatchObject({
      retryable: false,
      message: 'TIMEOUT',
    });
    expect(ArcpError.fromPayload({})).toMatchObject({ code: 'INTERNAL_ERROR' });
  });
});

describe('sessions', () => {
  it('reads both forms of a hello and tells the dialects apart', () => {
    const ours = envelope(
      'session.hello',
      helloPayload({ client: { name: 't', version: '1' }, token: 'tok' }),
    );
    expect(readHello(ours)).toMatchObject({
      dialect: '1.1',
      client: { name: 't', version: '1' },
      token: 'tok',
    });
    const seed = envelope(
      'session.hello',
      {
        client_name: 'r',
        client_version: '2',
        auth: { scheme: 'bearer', token: 'x' },
        capabilities: { features: [] },
      },
      { session_id: 'ses_1' },
    );
    expect(readHello(seed)).toMatchObject({ dialect: 'seed', proposedSessionId: 'ses_1' });
    const superset = envelope(
      'session.hello',
      helloPayload({ client: { name: 't', version: '1' }, token: 'tok', superset: true }),
      { session_id: 'ses_1' },
    );
    expect(readHello(superset)).toMatchObject({ dialect: '1.1' });
  });

  it('refuses a hello without identity or bearer token', () => {
    expect(() => readHello(envelope('session.hello', {}))).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
    expect(() =>
      readHello(
        envelope('session.hello', {
          client: { name: 'a', version: '1' },
          auth: { scheme: 'basic', token: 'x' },
        }),
      ),
    ).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });

  it.each([
    ['resume_token', { session_id: 's', resume_token: 't', last_event_seq: 3 }],
    ['token', { token: 't', last_event_seq: 3 }],
  ])('reads a resume block keyed %s', (_, resume) => {
    const hello = envelope('session.hello', {
      client: { name: 'a', version: '1' },
      auth: { scheme: 'bearer', token: 'x' },
      resume,
    });
    expect(readHello(hello).resume).toMatchObject({ resumeToken: 't', lastEventSeq: 3 });
  });

  it("reads the welcome of the Ruby gem's runtime", () => {
    const welcome = envelope(
      'session.welcome',
      {
        runtime_name: 'arcp-runtime',
        runtime_version: '1.0.0',
        capabilities: {
          features: ['ack', 'x'],
          agents: [{ name: 'echo', versions: ['1.0.0'], default: '1.0.0' }, 'old'],
        },
        heartbeat_interval_sec: null,
        resume_token: 'abc',
        resume_window_sec: 300,
      },
      { session_id: 's' },
    );
    expect(readWelcome(welcome)).toEqual({
      dialect: 'seed',
      sessionId: 's',
      runtime: { name: 'arcp-runtime', version: '1.0.0' },
      resumeToken: 'abc',
      resumeWindowSec: 300,
      features: ['ack'],
      agents: [
        { name: 'echo', versions: ['1.0.0'], default: '1.0.0' },
        { name: 'old', versions: [] },
      ],
    });
  });

  it('negotiates what both sides know, in our order', () => {
    expect(
      negotiateFeatures(
        ['progress', 'ack', 'heartbeat'],
        ['x-vendor.t.f', 'heartbeat', 'progress'],
      ),
    ).toEqual(['heartbeat', 'progress']);
  });
});

describe('jobs', () => {
  it.each(['', 'A', '-a', 'a b', 'a@', 'a@1 0', 5, null, '../x'])(
    'refuses the agent %j',
    (text) => {
      expect(() => parseAgentReference(text)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      );
    },
  );

  it('splits an agent at the first @ and writes it back', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]*$/);
    const version = fc.option(fc.stringMatching(/^[a-zA-Z0-9.+_-]+$/), { nil: undefined });
    fc.assert(
      fc.property(name, version, (agent, release) => {
        const reference = { name: agent, ...(release === undefined ? {} : { version: release }) };
        expect(parseAgentReference(formatAgentReference(reference))).toEqual(reference);
      }),
    );
  });

  it.each([
    [{ agent: 1 }, 'agent'],
    [{ agent: 'a', idempotency_key: '' }, 'idempotency_key'],
    [{ agent: 'a', idempotency_key: 'k'.repeat(257) }, 'idempotency_key'],
    [{ agent: 'a', max_runtime_sec: 0 }, 'max_runtime_sec'],
    [{ agent: 'a', max_runtime_sec: 1.5 }, 'max_runtime_sec'],
    [{ agent: 'a', lease_constraints: [] }, 'lease_constraints'],
  ])('refuses the submit %j', (payload, field) => {
    expect(() => readSubmit(payload as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', details: { field } }),
    );
  });

  it("reads acceptances in the draft's, Python's and the seed's shape", () => {
    expect(
      readAccepted(
        envelope('job.accepted', {
          job_id: 'j',
          agent: 'echo@1.0.0',
          accepted_at: '2026-05-13T19:30:00Z',
          lease: { id: 'lse_j', capabilities: ['tool.call'], issued_at: '2026-05-13T19:30:00Z' },
          budget: { USD: '5.00', EUR: 'EUR:2.5', credits: 3, bad: {} },
        }),
      ),
    ).toMatchObject({
      jobId: 'j',
      agent: 'echo@1.0.0',
      lease: { 'tool.call': ['**'] },
      budget: { USD: 5, EUR: 2.5, credits: 3 },
      acceptedAtMs: Date.UTC(2026, 4, 13, 19, 30),
    });
    expect(readBudget(undefined)).toEqual({});
  });

  it('reads ends by code and by either name of the result', () => {
    expect(readTerminal(envelope('job.result', { output: 1 }))).toMatchObject({
      status: 'success',
      result: 1,
    });
    expect(
      readTerminal(envelope('job.error', { code: 'TIMEOUT', final_status: 'error' })),
    ).toMatchObject({
      status: 'timed_out',
    });
    expect(readTerminal(envelope('job.error', { code: 'CANCELLED' }))).toMatchObject({
      status: 'cancelled',
    });
    expect(
      readTerminal(envelope('job.error', { code: 'WHATEVER', final_status: 'success' })),
    ).toMatchObject({
      status: 'error',
    });
  });

  it('reads the end of a cancelled job whatever the message that tells of it', () => {
    const terminal = readTerminal({
      arcp: '1.1',
      id: 'a',
      type: 'job.result',
      payload: { final_status: 'cancelled', completed_at: '2026-05-13T19:30:00Z' },
    });
    expect(terminal).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } });
  });

  it('reads a listing with gaps and old spellings', () => {
    expect(
      readJobsPage({
        jobs: [
          { job_id: 'a', agent: 'x', status: 'succeeded', budget_remaining: { USD: '1.5' } },
          null,
          {},
        ],
        next_cursor: null,
      }),
    ).toEqual({
      jobs: [
        {
          jobId: 'a',
          agent: 'x',
          status: 'success',
          lease: {},
          lastEventSeq: 0,
          budget: { USD: 1.5 },
        },
      ],
    });
  });
});

describe('events', () => {
  it.each([
    [
      'log',
      { level: 'warn', message: 'm', fields: { a: 1 } },
      { level: 'warn', message: 'm', attributes: { a: 1 } },
    ],
    ['log', { level: 'loud', message: '' }, { level: 'info', message: '' }],
    [
      'tool_call',
      { name: 't', arguments: [1], tool_call_id: 'c' },
      { tool: 't', args: [1], callId: 'c' },
    ],
    ['tool_result', { tool_call_id: 'c', output: 2 }, { callId: 'c', result: 2 }],
    [
      'metric',
      { name: 'n', value: 1, dims: { a: 'b', c: 1 } },
      { name: 'n', value: 1, dimensions: { a: 'b' } },
    ],
    [
      'artifact_ref',
      { uri: 'u', media_type: 'm', size_bytes: 3 },
      { uri: 'u', contentType: 'm', byteSize: 3 },
    ],
    ['delegate', { child_job_id: 'c', agent: 'a' }, { agent: 'a', childJobId: 'c' }],
    ['status', { phase: 'p', fields: { id: 'x' } }, { phase: 'p', fields: { id: 'x' } }],
  ])('reads %s in every known spelling', (kind, body, expected) => {
    expect(readJobEvent({ kind, body, ts: '2026-05-13T19:30:00.5Z' }, 1)).toMatchObject({
      valid: true,
      body: expected,
      tsMs: Date.UTC(2026, 4, 13, 19, 30, 0, 500),
    });
  });

  it('delivers what it does not understand raw, with the time of arrival', () => {
    expect(readJobEvent({ kind: 'progress', body: { current: -1 } }, 9)).toEqual({
      kind: 'progress',
      valid: false,
      body: undefined,
      raw: { current: -1 },
      tsMs: 9,
    });
    expect(readJobEvent({ kind: 'constructor', body: {} }, 9)).toMatchObject({ valid: false });
  });

  it("allows agents the known kinds and vendors' own", () => {
    expect(isEmittableKind('log')).toBe(true);
    expect(isEmittableKind('x-vendor.acme.note')).toBe(true);
    expect(isEmittableKind('trace_span')).toBe(false);
    expect(isEmittableKind('toString')).toBe(false);
  });

  it('survives any payload', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        (payload) => void readJobEvent(payload as never, 0),
      ),
    );
  });
});

describe('streamed results', () => {
  const chunk = (
    chunkSeq: number,
    data: string,
    more: boolean,
    encoding: 'utf8' | 'base64' = 'utf8',
  ) => ({
    resultId: 'res_1',
    chunkSeq,
    data,
    encoding,
    more,
  });

  it('decodes each chunk on its own', () => {
    const assembler = new ChunkAssembler();
    const parts = [
      chunk(0, 'naïve ', true),
      chunk(1, '8J+agA==', true, 'base64'),
      chunk(2, '', false),
    ].map((part) => assembler.accept(part));
    assembler.finish({ resultId: 'res_1', resultSize: 11 });
    expect(Buffer.concat(parts).toString()).toBe('naïve 🚀');
  });

  it.each([
    ['a wrong size', [chunk(0, 'x', false)], { resultSize: 12 }],
    ['a missing chunk', [chunk(0, 'x', true), chunk(2, '', false)], {}],
    ['chunks out of order', [chunk(0, 'x', true), chunk(2, 'y', true), chunk(1, 'z', false)], {}],
    ['data after the last chunk', [chunk(0, 'x', false), chunk(1, 'y', false)], {}],
    ['a second result', [chunk(0, 'x', true), { ...chunk(1, 'y', false), resultId: 'res_2' }], {}],
    ['an announcement of another result', [chunk(0, 'x', false)], { resultId: 'res_9' }],
    ['broken base64', [chunk(0, 'a', false, 'base64')], {}],
    ['a late reader', [chunk(3, 'x', true)], {}],
  ])('fails for %s and names the result', (_, chunks, announced) => {
    const assembler = new ChunkAssembler();
    expect(() => {
      for (const part of chunks) assembler.accept(part);
      assembler.finish(announced);
    }).toThrow(expect.objectContaining({ message: expect.stringContaining('res_1') }));
  });

  it('tolerates a last chunk that said there was more, and an empty result', () => {
    const assembler = new ChunkAssembler();
    assembler.accept(chunk(0, 'x', true));
    expect(() => assembler.finish({ resultId: 'res_1', resultSize: 1 })).not.toThrow();
    expect(() => new ChunkAssembler().finish({ resultId: 'res_1', resultSize: 0 })).not.toThrow();
  });

  it('gives back any bytes, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 50 }),
        (bytes, chunkBytes) => {
          const assembler = new ChunkAssembler();
          const parts = [...chunkBodies('res_1', bytes, { chunkBytes })].map((part) =>
            assembler.accept(part),
          );
          assembler.finish({ resultId: 'res_1', resultSize: bytes.length });
          expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });
});

describe('credentials', () => {
  const wire = {
    id: 'cred_1',
    scheme: 'bearer',
    value: 'sk-SECRET-1',
    endpoint: 'https://gateway.test/v1',
    constraints: { 'cost.budget': ['USD:5.00'], 'model.use': ['tier-fast/*'] },
  };

  it('show their value in no rendering, and drop it', () => {
    const [credential] = readCredentials([wire]);
    const shown = [
      inspect(credential),
      JSON.stringify(credential),
      `${credential}`,
      inspect({ a: [credential] }, { depth: 9, showHidden: true }),
    ];
    for (const text of shown) expect(text).not.toContain('SECRET');
    expect(credential?.reveal()).toBe('sk-SECRET-1');
    expect(credential?.toWire()).toEqual(wire);
    credential?.drop();
    expect(credential?.reveal()).toBeUndefined();
  });

  it("reads the TypeScript SDK's constraint keys and skips unknown schemes", () => {
    expect(
      readCredentials([
        { ...wire, scheme: 'mtls' },
        {
          ...wire,
          constraints: { allowed_models: ['m'], max_spend: { currency: 'USD', amount: 5 } },
        },
        'x',
      ]).map((credential) => credential.constraints),
    ).toEqual([{ budget: ['USD:5'], models: ['m'] }]);
  });
});
