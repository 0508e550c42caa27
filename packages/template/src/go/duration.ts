import { InvalidInputError, parseDuration } from '@engramkit/core';
import { quoteTimeText } from './quote.js';

const UNITS: ReadonlySet<string> = new Set(['ns', 'us', '\u00b5s', '\u03bcs', 'ms', 's', 'm', 'h']);

/** A duration in nanoseconds, or Go's words for what is wrong with it. */
export function readDuration(
  text: string,
): { readonly nanoseconds: bigint } | { readonly problem: string } {
  try {
    return { nanoseconds: parseDuration(text) };
  } catch (thrown) {
    if (!(thrown instanceof InvalidInputError)) throw thrown;
    return { problem: problemOf(text) };
  }
}

/** The first fault that Go meets. */
function problemOf(text: string): string {
  const quoted = quoteTimeText(text);
  let rest = text.replace(/^[+-]/, '');
  while (rest !== '') {
    const number = /^\d*\.?\d*/.exec(rest)?.[0] ?? '';
    if (number === '' || number === '.') break;
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? '';
    if (unit === '') return `time: missing unit in duration ${quoted}`;
    if (!UNITS.has(unit)) return `time: unknown unit ${quoteTimeText(unit)} in duration ${quoted}`;
    rest = rest.slice(unit.length);
  }
  return `time: invalid duration ${quoted}`;
}
