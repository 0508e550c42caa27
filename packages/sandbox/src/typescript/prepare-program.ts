import type { parse as Parse } from 'acorn';
import { type Diagnostic, diagnostic, type Span } from '../wire/run-types.js';
import { type LiftedProgram, liftDeclarations } from './lift-declarations.js';
import { isNestedTooDeeply } from './nesting.js';
import { staticChecks } from './static-checks.js';
import { stripTypes, type TypeStripper } from './strip-types.js';
import type { AnyNode } from './syntax-tree.js';

/** The tools that reading a program takes. */
export interface ProgramReader {
  readonly parse: typeof Parse;
  /** Loaded with the first program that has types. */
  readonly stripper: () => TypeStripper;
  /** Drops the one that was loaded, because it broke. */
  readonly dropStripper: () => void;
}

/** A program that is ready, or what is wrong with it. */
export interface PreparedProgram {
  readonly program: LiftedProgram | undefined;
  readonly findings: readonly Diagnostic[];
  /** Whether lines and columns are those of the source. */
  readonly sameplaces: boolean;
}

/** JavaScript that would mean something else as TypeScript: type arguments, which read as comparisons. */
const TYPE_ARGUMENTS = /<[^;]*>\s*[(`]/;

/** Reads a program: types off, parsed, checked, declarations lifted. Never throws for reasons of the program. */
export function prepareProgram(
  source: string,
  known: ReadonlySet<string>,
  checks: 'full' | 'syntax',
  reader: ProgramReader,
): PreparedProgram {
  if (isNestedTooDeeply(source)) {
    return failed(
      diagnostic('error', 'SYNTAX_ERROR', 'the program is nested too deeply to be read'),
    );
  }
  let code = source;
  let sameplaces = true;
  let tree = TYPE_ARGUMENTS.test(source) ? undefined : parsed(source, reader);
  if (tree === undefined || 'problem' in tree) {
    const stripped = stripTypes(source, reader.stripper());
    if ('problem' in stripped) {
      if (stripped.broken) reader.dropStripper();
      return failed(stripped.problem);
    }
    code = stripped.code;
    sameplaces = stripped.sameplaces;
    tree = parsed(code, reader);
    if ('problem' in tree) return failed(tree.problem);
  }
  const spanOf = (node: AnyNode): Span | null => (sameplaces ? spanAt(code, node) : null);
  let findings = staticChecks(tree.program, known, spanOf);
  if (checks === 'syntax') {
    findings = findings.filter(({ message }) =>
      /^modules cannot|^there is no import/.test(message),
    );
  }
  const broken = findings.length > 0;
  return {
    program: broken ? undefined : liftDeclarations(code, tree.program),
    findings,
    sameplaces,
  };
}

function failed(problem: Diagnostic): PreparedProgram {
  return { program: undefined, findings: [problem], sameplaces: true };
}

function parsed(
  code: string,
  reader: ProgramReader,
): { readonly program: AnyNode } | { readonly problem: Diagnostic } {
  const options = {
    ecmaVersion: 'latest',
    allowAwaitOutsideFunction: true,
    allowImportExportEverywhere: true,
  } as const;
  try {
    return {
      program: reader.parse(code, { ...options, sourceType: 'script' }) as unknown as AnyNode,
    };
  } catch (thrown) {
    if (thrown instanceof RangeError) {
      const message = 'the program is nested too deeply to be read';
      return { problem: diagnostic('error', 'SYNTAX_ERROR', message) };
    }
    const { message, loc } = thrown as {
      readonly message: string;
      readonly loc?: { line: number; column: number };
    };
    const span =
      loc === undefined
        ? null
        : { line: loc.line, column: loc.column + 1, end_line: null, end_column: null };
    return {
      problem: diagnostic('error', 'SYNTAX_ERROR', message.replace(/ \(\d+:\d+\)$/, ''), { span }),
    };
  }
}

function spanAt(code: string, node: AnyNode): Span {
  const start = placeAt(code, node.start);
  const end = placeAt(code, node.end);
  return { line: start.line, column: start.column, end_line: end.line, end_column: end.column };
}

function placeAt(code: string, offset: number): { readonly line: number; readonly column: number } {
  const before = code.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
