import type { Random } from '@engramkit/core';
import type { TraceContext } from '../governed-function.js';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST_TRACESTATE = 512;

/**
 * The trace of a call below the one that a request is part of: the same trace, a new span.
 *
 * What is not valid is as if it were absent, as the specification asks. Source: W3C Trace Context section 3.2.
 */
export function childTrace(
  traceparent: string | undefined,
  tracestate: string | undefined,
  random: Random,
): TraceContext | undefined {
  const found = TRACEPARENT.exec(traceparent?.trim() ?? '');
  if (found === null) return undefined;
  const [, version, trace = '', parent = '', flags = '00', rest] = found;
  if (version === 'ff' || /^0+$/.test(trace) || /^0+$/.test(parent)) return undefined;
  if (version === '00' && rest !== undefined) return undefined;
  const span = random
    .uuid()
    .replaceAll('-', '')
    .slice(0, 16)
    .replace(/^0{16}$/, '1'.repeat(16));
  const state = tracestate?.trim() ?? '';
  return {
    traceparent: `00-${trace}-${span}-${version === '00' ? flags : '01'}`,
    ...(state === '' || state.length > LONGEST_TRACESTATE ? {} : { tracestate: state }),
  };
}
