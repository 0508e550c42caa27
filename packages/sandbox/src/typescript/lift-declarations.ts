import type { AnyNode } from './syntax-tree.js';
import { boundNames } from './syntax-tree.js';

/** A program whose top-level declarations are globals. */
export interface LiftedProgram {
  readonly code: string;
  /** Names that begin as undefined in every run. */
  readonly declared: readonly string[];
  /** Whether the program's last statement is an expression, whose value is the result. */
  readonly hasValue: boolean;
}

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/**
 * Turns top-level `let`, `const` and `class` into assignments to globals, so that they outlive the run and may be declared again.
 *
 * Keywords are replaced by blanks: lines stay, and columns nearly always. Source: sandbox section 5.2.
 */
export function liftDeclarations(code: string, program: AnyNode): LiftedProgram {
  const declared: string[] = [];
  const edits: Edit[] = [];
  const body = program.body as readonly AnyNode[];
  for (const statement of body) {
    if (statement.type === 'ClassDeclaration') {
      const id = statement.id as AnyNode;
      declared.push(String(id.name));
      edits.push({ at: statement.start, remove: 0, insert: `${String(id.name)} = ` });
      edits.push({ at: statement.end, remove: 0, insert: ';' });
    } else if (
      statement.type === 'VariableDeclaration' &&
      /^(let|const)$/.test(String(statement.kind))
    ) {
      liftVariables(statement, declared, edits);
    }
  }
  const last = body.at(-1);
  const hasValue = last?.type === 'ExpressionStatement' && last.directive === undefined;
  return { code: applied(code, edits), declared, hasValue };
}

function liftVariables(statement: AnyNode, declared: string[], edits: Edit[]): void {
  const keyword = String(statement.kind).length;
  const declarations = statement.declarations as readonly AnyNode[];
  // A pattern at the beginning of a statement would be read as a block, so that the whole becomes one parenthesis.
  edits.push({ at: statement.start, remove: keyword, insert: `${' '.repeat(keyword - 2)};(` });
  for (const declaration of declarations) {
    const id = declaration.id as AnyNode;
    declared.push(...boundNames(id));
    if (declaration.init === null || declaration.init === undefined) {
      edits.push({ at: id.end, remove: 0, insert: '=undefined' });
    }
  }
  const lastEnd = declarations.at(-1)?.end ?? statement.end;
  edits.push({ at: lastEnd, remove: 0, insert: ')' });
  if (lastEnd === statement.end) edits.push({ at: lastEnd, remove: 0, insert: ';' });
}

function applied(code: string, edits: readonly Edit[]): string {
  let out = '';
  let from = 0;
  for (const { at, remove, insert } of [...edits].sort((one, other) => one.at - other.at)) {
    out += code.slice(from, at) + insert;
    from = at + remove;
  }
  return out + code.slice(from);
}
