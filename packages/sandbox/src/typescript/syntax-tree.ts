import type { Node } from 'acorn';

/** A node with whatever members its type has. */
export type AnyNode = Node & { readonly [member: string]: unknown };

/** Whether a value is a node of a syntax tree. */
export function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly type?: unknown }).type === 'string'
  );
}

/** Visits every node from the outside in, without recursion: programs may be nested deeper than a stack. */
export function visit(
  root: AnyNode,
  enter: (node: AnyNode, parent: AnyNode | undefined, member: string) => void,
): void {
  const open: (readonly [AnyNode, AnyNode | undefined, string])[] = [[root, undefined, '']];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const [node, parent, at] = item;
    enter(node, parent, at);
    for (const member of Object.keys(node)) {
      const value = node[member];
      if (isNode(value)) open.push([value, node, member]);
      else if (Array.isArray(value)) {
        for (const one of value) if (isNode(one)) open.push([one, node, member]);
      }
    }
  }
}

/** The names that a pattern binds. */
export function boundNames(pattern: AnyNode): readonly string[] {
  const names: string[] = [];
  visit(pattern, (node, parent, member) => {
    if (node.type !== 'Identifier') return;
    if (parent?.type === 'Property' && member === 'key' && parent.shorthand !== true) return;
    if (
      parent?.type === 'MemberExpression' ||
      (parent?.type === 'AssignmentPattern' && member === 'right')
    )
      return;
    names.push(String(node.name));
  });
  return names;
}
