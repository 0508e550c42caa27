import ts from 'typescript';
import { type Ambient, allowances } from './house.js';
import { at, importsOf, type Source, walk } from './sources.js';

/** One place where a file reaches for the world by itself. */
export interface Touch {
  readonly kind: Ambient;
  readonly what: string;
  readonly where: string;
}

const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate']);
const RANDOM_IMPORTS = new Set(['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync']);

/** `object.member` of a property access on a plain name, also behind `globalThis.`. */
function memberOf(node: ts.PropertyAccessExpression): string | undefined {
  const { expression, name } = node;
  if (ts.isIdentifier(expression)) return `${expression.text}.${name.text}`;
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const owner = expression.expression;
  if (!ts.isIdentifier(owner) || owner.text !== 'globalThis') return undefined;
  return `${expression.name.text}.${name.text}`;
}

function kindOfMember(member: string): Ambient | undefined {
  if (member === 'process.env') return 'environment';
  if (member === 'Date.now' || member === 'performance.now' || member === 'process.hrtime')
    return 'clock';
  if (member === 'Math.random' || /^crypto\.(random|getRandom)/.test(member)) return 'random';
  if (member === 'JSON.parse') return 'json';
  if (member.startsWith('console.')) return 'console';
  return undefined;
}

/** Whether an identifier is used as a value here, not declared, imported or named as a member. */
function isFreeUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isCallExpression(parent)) return parent.expression === node;
  return false;
}

/** Everything of the ambient world that a file touches. Type positions do not count. */
export function touchesOf(source: Source): Touch[] {
  const touches: Touch[] = [];
  const note = (kind: Ambient, what: string, node: ts.Node) =>
    touches.push({ kind, what, where: at(source, node) });
  const declared = new Set<string>();
  walk(source.tree, (node) => {
    const names =
      ts.isParameter(node) || ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node);
    if (names && node.name && ts.isIdentifier(node.name)) declared.add(node.name.text);
    if (ts.isImportClause(node) && node.name) declared.add(node.name.text);
    if (ts.isImportSpecifier(node)) {
      declared.add(node.name.text);
      const imported = (node.propertyName ?? node.name).text;
      if (RANDOM_IMPORTS.has(imported)) note('random', imported, node);
    }
  });
  walk(source.tree, (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      const member = memberOf(node);
      const kind = member === undefined ? undefined : kindOfMember(member);
      const owner = member?.split('.')[0] ?? '';
      if (member !== undefined && kind !== undefined && !declared.has(owner))
        note(kind, member, node);
    } else if (ts.isNewExpression(node)) {
      const isNow = ts.isIdentifier(node.expression) && node.expression.text === 'Date';
      if (isNow && (node.arguments?.length ?? 0) === 0) note('clock', 'new Date()', node);
    } else if (ts.isIdentifier(node) && TIMERS.has(node.text)) {
      if (isFreeUse(node) && !declared.has(node.text)) note('clock', node.text, node);
    }
  });
  for (const { specifier, node } of importsOf(source)) {
    if (/^(node:)?timers(\/|$)/.test(specifier)) note('clock', specifier, node);
    if (/^(node:)?console$/.test(specifier)) note('console', specifier, node);
  }
  return touches;
}

const covers = (where: string, path: string) =>
  where.endsWith('/') ? path.startsWith(where) : path === where;

/** The allowances that let this file touch that kind. */
export const allowing = (path: string, kind: Ambient) =>
  allowances.filter(({ where, may }) => may.includes(kind) && covers(where, path));
