import { fileURLToPath } from 'node:url';
import { describeThrown, EngramkitError } from '@engramkit/core';
import type { SourcePosition } from './module-error.js';

/** Whether the value is an error, in any realm; never throws, whatever the value does when it is looked at. */
export function isErrorObject(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]';
  } catch {
    return false; // A proxy whose traps throw is no error that anybody can read.
  }
}

/**
 * What a call into author code threw, as an error.
 *
 * Errors stay what they are; anything else becomes `<label> panicked: <text>`. Source: bobrapet-batch section 2.8.
 */
export function thrownBy(label: string, thrown: unknown): Error {
  if (isErrorObject(thrown)) return thrown;
  return new EngramkitError(`${label} panicked: ${describeThrown(thrown)}`, {
    code: 'PANICKED',
    hint: 'Throw an Error, so that the message and the place can be reported.',
    cause: thrown,
  });
}

/** The error with a text in front of its message; code, retry class, hint and details stay, the original is the cause. */
export function prefixed(prefix: string, thrown: unknown): EngramkitError {
  const error = EngramkitError.from(thrown);
  return new EngramkitError(`${prefix}${error.message}`, {
    code: error.code,
    retry: error.retry,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details === undefined ? {} : { details: error.details }),
    cause: thrown,
  });
}

/** The first place in the stack of an error that is a file of the author; source maps have been applied by Node. */
export function authorPosition(thrown: unknown): SourcePosition | undefined {
  const stack = stackOf(thrown);
  for (const [, location = '', line, column] of stack?.matchAll(FRAME) ?? []) {
    if (/[\\/]node_modules[\\/]/.test(location)) continue;
    const file = location.startsWith('file:') ? fileURLToPath(location) : location;
    return { file, line: Number(line), column: Number(column) };
  }
  return undefined;
}

const FRAMES_SHOWN = 12;

/** The frames of the innermost error that came from a file of the author; `undefined` when none did. */
export function authorStack(thrown: unknown): string | undefined {
  let found: string | undefined;
  const seen = new Set<unknown>();
  for (let at = thrown; isErrorObject(at) && !seen.has(at) && seen.size < 16; at = causeOf(at)) {
    seen.add(at);
    if (authorPosition(at) === undefined) continue;
    const frames = (stackOf(at) ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    const kept = frames.filter((line) => !/\(?node:|[\\/]node_modules[\\/]/.test(line));
    found = [describeThrown(at), ...kept.slice(0, FRAMES_SHOWN)].join('\n');
  }
  return found;
}

function causeOf(error: Error): unknown {
  try {
    return error.cause;
  } catch {
    return undefined; // A getter that throws has nothing to say.
  }
}

/** The stack of an error as text; never throws. */
export function stackOf(thrown: unknown): string | undefined {
  if (!isErrorObject(thrown)) return undefined;
  try {
    const { stack } = thrown;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined; // A getter that throws has nothing to say.
  }
}

const FRAME = /^\s+at .*?\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^\n()]*?):(\d+):(\d+)\)?$/gm;
