import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, type Envelope, encodeFrame } from './envelope.js';
import { identifierSource, newTraceId, readTraceId, resumeToken } from './identifiers.js';

const frame = (changes: object): string =>
  JSON.stringify({ arcp: '1.1', id: 'm1', type: 'job.event', payload: {}, ...changes });

describe('frames are read tolerantly', () => {
  it('keeps what it knows and ignores what it does not', () => {
    expect(
      decodeFrame(
        frame({ session_id: 's', job_id: 'j', event_seq: 3, zzz: { a: 1 }, trace_id: null }),
      ),
    ).toEqual({
      kind: 'envelope',
      envelope: {
        arcp: '1.1',
        id: 'm1',
        type: 'job.event',
        session_id: 's',
        job_id: 'j',
        event_seq: 3,
        payload: {},
      },
    });
  });

  it('reads a missing and a null payload as empty', () => {
    expect(decodeFrame('{"arcp":"1.1","id":"a","type":"session.close"}')).toMatchObject({
      envelope: { payload: {} },
    });
    expect(decodeFrame(frame({ payload: null }))).toMatchObject({ envelope: { payload: {} } });
  });

  it('takes the trace id out of a traceparent and drops anything else', () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    expect(decodeFrame(frame({ trace_id: `00-${traceId}-00f067aa0ba902b7-01` }))).toMatchObject({
      envelope: { trace_id: traceId },
    });
    for (const wrong of ['x', traceId.toUpperCase(), '0'.repeat(32), 7]) {
      expect(decodeFrame(frame({ trace_id: wrong }))).not.toHaveProperty('envelope.trace_id');
    }
  });

  it('lets the last of two equal keys win', () => {
    expect(decodeFrame('{"arcp":"1.1","id":"a","id":"b","type":"x"}')).toMatchObject({
      envelope: { id: 'b' },
    });
  });

  it('lets no key reach a prototype', () => {
    const decoded = decodeFrame(
      frame({}).replace('"payload":{}', '"payload":{"__proto__":{"polluted":true}}'),
    );
    expect(decoded.kind).toBe('envelope');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    if (decoded.kind === 'envelope')
      expect(Object.getPrototypeOf(decoded.envelope.payload)).toBe(Object.prototype);
  });

  it.each([
    ['another version', { arcp: '2.0' }, 'arcp'],
    ['an empty id', { id: '' }, 'id'],
    ['a number as type', { type: 5 }, 'type'],
    ['a list as payload', { payload: [] }, 'payload'],
    ['sequence zero', { event_seq: 0 }, 'event_seq'],
    ['a sequence beyond what is exact', { event_seq: 2 ** 53 }, 'event_seq'],
    ['an empty session', { session_id: '' }, 'session_id'],
  ])('refuses %s and names the member', (_, changes, field) => {
    expect(decodeFrame(frame(changes))).toMatchObject({
      kind: 'invalid',
      error: { code: 'INVALID_REQUEST', details: { field } },
    });
  });

  it.each([
    '',
    'null',
    '[]',
    '"x"',
    '{',
    '\u0000',
    `${'['.repeat(100_000)}`,
    frame({ payload: nested(70) }),
  ])('calls %.20j noise', (text) => {
    expect(decodeFrame(text)).toMatchObject({ kind: 'noise', error: { code: 'INVALID_REQUEST' } });
  });

  it('refuses a frame above its limit before parsing it', () => {
    expect(
      decodeFrame(frame({ payload: { a: 'x'.repeat(5_000) } }), { maxBytes: 4_096 }),
    ).toMatchObject({
      kind: 'noise',
    });
  });

  it('survives any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void decodeFrame(text)));
    fc.assert(fc.property(fc.json(), (text) => void decodeFrame(text)));
  });

  it('reads back what it wrote', () => {
    const envelope = fc.record(
      {
        arcp: fc.constant('1.1'),
        id: fc.string({ minLength: 1 }),
        type: fc.string({ minLength: 1 }),
        session_id: fc.string({ minLength: 1 }),
        job_id: fc.string({ minLength: 1 }),
        event_seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        payload: fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value))),
        ),
      },
      { requiredKeys: ['arcp', 'id', 'type', 'payload'] },
    );
    fc.assert(
      fc.property(envelope, (written) => {
        const decoded = decodeFrame(encodeFrame(written as Envelope));
        expect(decoded).toEqual({
          kind: 'envelope',
          envelope: JSON.parse(JSON.stringify(written)),
        });
      }),
    );
  });
});

describe('frames are written within the limit', () => {
  it('says which message is too large and what to do', () => {
    const large: Envelope = {
      arcp: '1.1',
      id: 'a',
      type: 'job.result',
      payload: { result: 'ä'.repeat(600) },
    };
    expect(() => encodeFrame(large, 1_000)).toThrow(
      expect.objectContaining({
        code: 'INTERNAL_ERROR',
        details: { reason: 'frame_too_large', limit: 1_000 },
      }),
    );
    expect(encodeFrame(large, 1_300)).toContain('ä');
  });
});

describe('identifiers', () => {
  it('rise strictly within a millisecond and when the clock goes back', () => {
    const times = [5, 5, 5, 4, 3, 6];
    const source = identifierSource({ clock: { now: () => times.shift() ?? 7 } });
    const ids = Array.from({ length: 2_000 }, () => source.next('msg_'));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^msg_[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  it('carry over when the random part is exhausted', () => {
    const source = identifierSource({
      clock: { now: () => 1 },
      fill: (bytes) => void bytes.fill(255),
    });
    const ids = Array.from({ length: 3_000 }, () => source.next('job_'));
    expect(ids).toEqual([...ids].sort());
  });

  it('hold enough secret and readable trace bits', () => {
    expect(resumeToken()).toMatch(/^rt_[0-9a-f]{64}$/);
    expect(readTraceId(newTraceId())).toHaveLength(32);
    expect(newTraceId((bytes) => void bytes.fill(0))).toBe(`${'0'.repeat(31)}1`);
  });
});

function nested(depth: number): object {
  let value: object = {};
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}
