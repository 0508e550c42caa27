import ts from 'typescript';
import { type Ambient, allowances } from './house.js';
import { at, importsOf, type Source, walk } from './sources.js';

/** One place where a file reaches for the world by itself. */
export interface Touch {
  readonly kind: Ambient;
  readonly what: string;
  readonly where: string;
}

const MEMBERS: readonly (readonly [pattern: RegExp, kind: Ambient])[] = [
  [/^process\.env$/, 'environment'],
  [/^(Date\.now|performance\.now|process\.hrtime|AbortSignal\.timeout)$/, 'clock'],
  [/^(Math\.random|crypto\.(random\w+|getRandomValues))$/, 'random'],
  [/^JSON\.parse$/, 'json'],
  [/^console\.\w+$/, 'console'],
];

const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate']);

/** Built-in modules whose named imports are members of a global, as far as the patterns above know them. */
const GLOBAL_OF_MODULE: Readonly<Record<string, string>> = {
  process: 'process',
  crypto: 'crypto',
  perf_hooks: 'performance',
};

const kindOf = (member: string) => MEMBERS.find(([pattern]) => pattern.test(member))?.[1];

/** The global that an expression names: `process`, or `globalThis.process`. */
function globalOf(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  return globalOf(node.expression) === 'globalThis' ? node.name.text : undefined;
}

/** The members of globals that a node names: in an access, by text key, or by taking a global apart. */
function membersOf(node: ts.Node): readonly string[] {
  if (ts.isPropertyAccessExpression(node))
    return [`${globalOf(node.expression)}.${node.name.text}`];
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return [`${globalOf(node.expression)}.${node.argumentExpression.text}`];
  }
  if (!ts.isVariableDeclaration(node) || !node.initializer) return [];
  const owner = globalOf(node.initializer);
  if (!ts.isObjectBindingPattern(node.name)) return [];
  return node.name.elements.map(
    ({ propertyName, name }) => `${owner}.${(propertyName ?? name).getText()}`,
  );
}

/** The names that a file declares itself, which are then not the globals of that name. */
function declaredNames(tree: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  walk(tree, (node) => {
    const declares =
      ts.isParameter(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isImportSpecifier(node);
    if (declares && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

/** Whether a name stands for a value here; in types, declarations and as a member it does not. */
function isValueUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return globalOf(parent.expression) === 'globalThis';
  }
  if (ts.isTypeQueryNode(parent) || ts.isTypeElement(parent) || ts.isClassElement(parent))
    return false;
  return !(ts.isPropertyAssignment(parent) && parent.name === node);
}

/** Everything of the ambient world that a file touches. */
export function touchesOf(source: Source): Touch[] {
  const touches: Touch[] = [];
  const note = (kind: Ambient, what: string, node: ts.Node) =>
    touches.push({ kind, what, where: at(source, node) });
  const declared = declaredNames(source.tree);
  walk(source.tree, (node) => {
    for (const member of membersOf(node)) {
      const kind = kindOf(member);
      if (kind !== undefined && !declared.has(member.split('.')[0] ?? '')) note(kind, member, node);
    }
    if (
      ts.isNewExpression(node) &&
      globalOf(node.expression) === 'Date' &&
      !node.arguments?.length
    ) {
      note('clock', 'new Date()', node);
    }
    if (
      ts.isIdentifier(node) &&
      TIMERS.has(node.text) &&
      !declared.has(node.text) &&
      isValueUse(node)
    ) {
      note('clock', node.text, node);
    }
  });
  for (const { specifier, node } of importsOf(source)) {
    const module = specifier.replace(/^node:/, '');
    if (/^timers(\/|$)/.test(module)) note('clock', specifier, node);
    if (module === 'console') note('console', specifier, node);
    const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : undefined;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    for (const { propertyName, name } of bindings.elements) {
      const member = `${GLOBAL_OF_MODULE[module]}.${(propertyName ?? name).text}`;
      const kind = kindOf(member);
      if (kind !== undefined) note(kind, member, node);
    }
  }
  return touches;
}

const covers = (where: string, path: string) =>
  where.endsWith('/') ? path.startsWith(where) : path === where;

/** The allowances that let this file touch that kind. */
export const allowing = (path: string, kind: Ambient) =>
  allowances.filter(({ where, may }) => may.includes(kind) && covers(where, path));
