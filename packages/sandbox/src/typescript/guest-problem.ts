import { parseJson } from '@engramkit/core';
import { stopError, thrownError } from '../engine/guest-failure.js';
import type { Turn } from '../engine/protocol.js';
import { errorObject, type Span } from '../wire/run-types.js';

/** What the shim says about an error that nobody caught. */
interface GuestProblem {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Whether the host made the error, so that its code counts. */
  readonly host: boolean;
  /** Whether null or undefined was thrown. */
  readonly empty: boolean;
  readonly code?: string;
  readonly hint?: string;
}

/** What is known of the run that failed. */
export interface ProblemContext {
  /** Whether lines and columns are those of the source. */
  readonly sameplaces: boolean;
  readonly memoryBytes: number;
  readonly memoryLimit: number;
}

const OUT_OF_MEMORY: Turn = { kind: 'failed', error: stopError('memory'), keepState: false };
/** From here on, what goes wrong goes wrong for lack of memory. */
const NEARLY_FULL = 0.9;

/** The end of a run by an error that the program did not catch, as the shim describes it. */
export function uncaughtProblem(text: string, context: ProblemContext): Turn {
  const problem = parseJson(text, {
    what: 'the guest error',
    prototypeKeys: 'keep',
  }) as unknown as GuestProblem;
  const { name, message, stack } = problem;
  const span = context.sameplaces ? spanOf(stack) : null;
  if (name === 'InternalError' && message === 'out of memory') return OUT_OF_MEMORY;
  // Out of memory, there was none left for the error itself.
  if (problem.empty && context.memoryBytes > context.memoryLimit * NEARLY_FULL)
    return OUT_OF_MEMORY;
  if (
    /stack overflow|Maximum call stack/.test(message) &&
    /^(InternalError|RangeError)$/.test(name)
  ) {
    const error = errorObject('STACK_OVERFLOW', 'the program calls itself too deeply', { span });
    return { kind: 'failed', error, keepState: true };
  }
  const code = problem.host ? problem.code : undefined;
  const said = problem.host || name === 'thrown' ? message : `${name}: ${message}`;
  const hint = problem.host && problem.hint ? problem.hint : null;
  return { kind: 'failed', error: thrownError(code, said, span, hint), keepState: true };
}

/** The end of a run by something that reached the host's side of the engine: a syntax error, or an engine that gave up. */
export function engineProblem(thrown: unknown, context: ProblemContext): Turn {
  const { name, message, stack } = thrown as { name?: unknown; message?: unknown; stack?: unknown };
  const text = String(message ?? '');
  const full = context.memoryBytes > context.memoryLimit * NEARLY_FULL;
  if (full || /out of memory|malloc failed|memory access|null/.test(text)) return OUT_OF_MEMORY;
  if (name === 'SyntaxError') {
    const error = errorObject('SYNTAX_ERROR', text, { span: spanOf(String(stack ?? '')) });
    return { kind: 'failed', error, keepState: true };
  }
  const problem = {
    name: String(name),
    message: text,
    stack: String(stack ?? ''),
    host: false,
    empty: false,
  };
  return uncaughtProblem(JSON.stringify(problem), context);
}

function spanOf(stack: string): Span | null {
  const found = /main\.ts:(\d+):(\d+)/.exec(stack);
  if (found === null) return null;
  return { line: Number(found[1]), column: Number(found[2]), end_line: null, end_column: null };
}
