import { type Diagnostic, diagnostic } from '../wire/run-types.js';

/** The part of the TypeScript compiler that is used here. */
export interface TypeStripper {
  transformSync(source: string, options: object): { readonly code: string };
}

/** JavaScript of the same meaning. */
export interface StrippedCode {
  readonly code: string;
  /** Whether lines and columns are still those of the source. */
  readonly sameplaces: boolean;
}

interface StripProblem {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly startLine?: unknown;
  readonly startColumn?: unknown;
  readonly endLine?: unknown;
  readonly endColumn?: unknown;
}

/** Replaces types by blanks, so that places stay; enums and namespaces are translated instead. Source: sandbox section 6.3. */
export function stripTypes(
  source: string,
  stripper: TypeStripper,
): StrippedCode | { readonly problem: Diagnostic; readonly broken: boolean } {
  try {
    const { code } = stripper.transformSync(source, { mode: 'strip-only', filename: 'main.ts' });
    return { code, sameplaces: true };
  } catch (thrown) {
    const problem = thrown as StripProblem;
    if (problem.code !== 'UnsupportedSyntax') return failed(problem);
  }
  try {
    const { code } = stripper.transformSync(source, { mode: 'transform', filename: 'main.ts' });
    return { code, sameplaces: false };
  } catch (thrown) {
    return failed(thrown as StripProblem);
  }
}

/** A compiler that overflowed its stack or its memory is in an unknown state, and must not be used again. */
function failed(problem: StripProblem): { readonly problem: Diagnostic; readonly broken: boolean } {
  return { problem: problemOf(problem), broken: problem instanceof Error };
}

function problemOf(problem: StripProblem): Diagnostic {
  if (problem instanceof Error) {
    return diagnostic('error', 'SYNTAX_ERROR', 'the program is nested too deeply to be read');
  }
  const message =
    typeof problem.message === 'string' ? problem.message : 'the program is no TypeScript';
  const place = (value: unknown, from: number): number =>
    typeof value === 'number' ? value + from : 1;
  if (typeof problem.startLine !== 'number') return diagnostic('error', 'SYNTAX_ERROR', message);
  return diagnostic('error', 'SYNTAX_ERROR', message, {
    span: {
      line: place(problem.startLine, 0),
      column: place(problem.startColumn, 1),
      end_line: place(problem.endLine, 0),
      end_column: place(problem.endColumn, 1),
    },
  });
}
