import { type Diagnostic, diagnostic, type Span } from '../wire/run-types.js';
import { type AnyNode, boundNames, visit } from './syntax-tree.js';

/** Calls that programs of other places make and that do not exist here. Source: sandbox section 5.8. */
const FORBIDDEN_CALLS = new Set(['eval', 'Function', 'require', 'fetch']);
const FORBIDDEN_OBJECTS = new Set([
  'Deno',
  'process',
  'Bun',
  'globalThis',
  'XMLHttpRequest',
  'WebSocket',
  'Worker',
  'navigator',
]);

/**
 * Finds what cannot work before anything runs: modules, foreign globals, calls of names that nobody knows.
 *
 * Advice for those who write programs; isolation does not depend on it. Looks at the tree, never at the text.
 */
export function staticChecks(
  program: AnyNode,
  known: ReadonlySet<string>,
  spanOf: (node: AnyNode) => Span | null,
): readonly Diagnostic[] {
  const findings: Diagnostic[] = [];
  const declared = declaredNames(program);
  const isOurs = (name: string): boolean => declared.has(name);
  const refuse = (node: AnyNode, what: string, hint: string): void => {
    findings.push(diagnostic('error', 'UNSUPPORTED_FEATURE', what, { hint, span: spanOf(node) }));
  };
  visit(program, (node) => {
    if (/^(Import|Export)\w*Declaration$/.test(node.type) || node.type === 'ImportExpression') {
      refuse(node, 'modules cannot be imported or exported here', 'Call a capability instead.');
    } else if (node.type === 'MetaProperty' && (node.meta as AnyNode).name === 'import') {
      refuse(node, 'there is no import.meta here', 'A program here is no module.');
    } else if (node.type === 'MemberExpression' && (node.object as AnyNode).type === 'Identifier') {
      const name = String((node.object as AnyNode).name);
      if (FORBIDDEN_OBJECTS.has(name) && !isOurs(name)) {
        refuse(
          node,
          `'${name}' is not available`,
          'Only capabilities reach outside; list_tools() shows them.',
        );
      }
    } else if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      const callee = node.callee as AnyNode;
      if (callee.type !== 'Identifier') return;
      const name = String(callee.name);
      if (isOurs(name)) return;
      if (FORBIDDEN_CALLS.has(name) || FORBIDDEN_OBJECTS.has(name)) {
        refuse(
          callee,
          `'${name}' is not available`,
          'Only capabilities reach outside; list_tools() shows them.',
        );
      } else if (!known.has(name)) {
        findings.push(
          diagnostic('error', 'UNKNOWN_TOOL', `'${name}' is neither declared nor a capability`, {
            hint: 'list_tools() shows the capabilities.',
            span: spanOf(callee),
          }),
        );
      }
    }
  });
  return findings.sort(byPlace);
}

/** Every name that the program binds anywhere; looking at scopes would find more, but must never refuse too much. */
function declaredNames(program: AnyNode): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (pattern: unknown): void => {
    for (const name of boundNames(pattern as AnyNode)) names.add(name);
  };
  visit(program, (node) => {
    if (node.type === 'VariableDeclarator' || node.type === 'ClassDeclaration') add(node.id);
    else if (node.type === 'AssignmentExpression') add(node.left);
    else if (node.type === 'CatchClause' && node.param) add(node.param);
    else if (/Function/.test(node.type)) {
      if (node.id) add(node.id);
      for (const parameter of (node.params as readonly AnyNode[] | undefined) ?? []) add(parameter);
    } else if (node.type === 'ClassExpression' && node.id) add(node.id);
  });
  return names;
}

function byPlace(one: Diagnostic, other: Diagnostic): number {
  const [a, b] = [one.span, other.span];
  if (a === null || b === null) return 0;
  return a.line - b.line || a.column - b.column;
}
