import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractTraceContext, injectTraceContext } from './index.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;

describe('trace metadata', () => {
  it('is read from the W3C keys', () => {
    const metadata = { traceparent, tracestate: 'a=1', baggage: 'user=1' };
    expect(extractTraceContext({ metadata })).toEqual({
      traceId,
      spanId,
      traceFlags: 1,
      tracestate: 'a=1',
      baggage: 'user=1',
    });
  });

  it.each([
    undefined,
    '',
    'garbage',
    traceparent.toUpperCase(),
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `${traceparent}-more`,
    `01-${traceId}-${spanId}-01more`,
  ])('is absent with traceparent %j', (value) => {
    expect(
      extractTraceContext({ metadata: value === undefined ? {} : { traceparent: value } }),
    ).toBe(undefined);
  });

  it('takes fields that later versions append', () => {
    expect(
      extractTraceContext({ metadata: { traceparent: `cc-${traceId}-${spanId}-03-more` } }),
    ).toMatchObject({ traceFlags: 3 });
    expect(extractTraceContext({})).toBe(undefined);
  });

  it('is written into a copy, in place of the parent that stood there', () => {
    const before = { traceparent: 'old', tracestate: 'old=1', baggage: 'kept=1', own: 'x' };
    const after = injectTraceContext(before, { traceId, spanId, traceFlags: 1 });
    expect(after).toEqual({ traceparent, baggage: 'kept=1', own: 'x' });
    expect(before.traceparent).toBe('old');
  });

  it('takes the span context of OpenTelemetry', () => {
    const traceState = {
      serialize: () => 'v=1',
      get: () => undefined,
      set: () => traceState,
      unset: () => traceState,
    };
    expect(injectTraceContext(undefined, { traceId, spanId, traceFlags: 0, traceState })).toEqual({
      traceparent: `00-${traceId}-${spanId}-00`,
      tracestate: 'v=1',
    });
  });

  it('leaves out what would end the session: texts above 1,024 characters, and invalid positions', () => {
    const long = 'x'.repeat(1_025);
    expect(
      injectTraceContext({}, { traceId, spanId, traceFlags: 1, tracestate: long, baggage: long }),
    ).toEqual({ traceparent });
    expect(
      injectTraceContext({ a: 'b' }, { traceId: '0'.repeat(32), spanId, traceFlags: 1 }),
    ).toEqual({ a: 'b' });
  });

  it('survives the way there and back', () => {
    const digits = (length: number) =>
      fc
        .string({
          unit: fc.constantFrom(...'0123456789abcdef'),
          minLength: length,
          maxLength: length,
        })
        .filter((id) => !/^0+$/.test(id));
    fc.assert(
      fc.property(
        digits(32),
        digits(16),
        fc.integer({ min: 0, max: 255 }),
        (trace, span, traceFlags) => {
          const position = { traceId: trace, spanId: span, traceFlags };
          expect(extractTraceContext({ metadata: injectTraceContext({}, position) })).toEqual(
            position,
          );
        },
      ),
    );
  });
});
