import { stopError } from '../engine/guest-failure.js';
import type { Turn } from '../engine/protocol.js';
import { isErrorCode } from '../wire/error-codes.js';
import { errorObject, type Span } from '../wire/run-types.js';
import type { BuiltProgram } from './build-program.js';

/** What Monty throws, as far as it is looked at. */
interface MontyProblem {
  readonly exception?: { readonly typeName?: string; readonly message?: string };
  readonly message?: string;
  traceback?(): readonly {
    readonly line: number;
    readonly column: number;
    readonly endLine: number;
    readonly endColumn: number;
  }[];
  display?(format: string): string;
}

/** Guest exception to code. Source: sandbox section 2. */
const CODE_OF_EXCEPTION: Readonly<Record<string, string>> = {
  SyntaxError: 'SYNTAX_ERROR',
  NotImplementedError: 'UNSUPPORTED_FEATURE',
  ImportError: 'UNSUPPORTED_FEATURE',
  ModuleNotFoundError: 'UNSUPPORTED_FEATURE',
  PermissionError: 'PERMISSION_DENIED',
  TimeoutError: 'TIMEOUT_WALL',
  MemoryError: 'MEMORY_EXCEEDED',
  RecursionError: 'STACK_OVERFLOW',
  NameError: 'UNKNOWN_TOOL',
};

/** Tool code to guest exception. Source: sandbox section 2. */
export function exceptionOfCode(code: string): string {
  if (code === 'PERMISSION_DENIED' || code === 'APPROVAL_DENIED') return 'PermissionError';
  if (code === 'TYPE_ERROR') return 'TypeError';
  if (code === 'UNKNOWN_TOOL') return 'NameError';
  return code.startsWith('TIMEOUT_') ? 'TimeoutError' : 'RuntimeError';
}

/** The end of a run by an exception that nobody caught. */
export function pythonProblem(
  thrown: unknown,
  program: BuiltProgram | undefined,
  outOfTime: boolean,
): Turn {
  const problem = thrown as MontyProblem;
  const name = problem.exception?.typeName ?? 'RuntimeError';
  const message = problem.exception?.message ?? problem.message ?? 'the engine failed';
  const frames = problem.traceback?.() ?? [];
  // What the engine itself stops cannot be caught; a program that only says so has time left.
  if (name === 'TimeoutError' && outOfTime && message.startsWith('time limit exceeded')) {
    return { kind: 'failed', error: stopError('cpu'), keepState: false };
  }
  const frame = frames.at(-1);
  const span = frame === undefined ? displayedSpan(problem, program) : authorSpan(frame, program);
  const told = /^([A-Z_]+): /.exec(message)?.[1];
  const code =
    told !== undefined && isErrorCode(told) ? told : (CODE_OF_EXCEPTION[name] ?? 'RUNTIME_ERROR');
  const error = errorObject(
    code === 'APPROVAL_DENIED' ? 'PERMISSION_DENIED' : code,
    `${name}: ${message}`,
    { span },
  );
  return { kind: 'failed', error, keepState: false };
}

function authorSpan(
  frame: {
    readonly line: number;
    readonly column: number;
    readonly endLine: number;
    readonly endColumn: number;
  },
  program: BuiltProgram | undefined,
): Span | null {
  const line = frame.line - (program?.linesBefore ?? 0);
  if (line < 1) return null;
  const shift = program?.moved?.line === line ? program.moved.by : 0;
  return {
    line,
    column: Math.max(1, frame.column - shift),
    end_line: frame.endLine - (program?.linesBefore ?? 0),
    end_column: Math.max(1, frame.endColumn - shift),
  };
}

/** Syntax errors have no frames, but their text says where. */
function displayedSpan(problem: MontyProblem, program: BuiltProgram | undefined): Span | null {
  const shown = /line (\d+)\n(.*)\n( *)[~^]+/.exec(problem.display?.('traceback') ?? '');
  if (shown === null) return null;
  const line = Number(shown[1]);
  const column = Math.max(1, (shown[3]?.length ?? 4) - 3);
  return authorSpan({ line, column, endLine: line, endColumn: column + 1 }, program);
}
