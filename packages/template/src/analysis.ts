import type { CommandNode, ListNode, OperandNode, ParsedTemplate, PipeNode } from './nodes.js';

/** What a parsed template refers to. */
export interface TemplateReferences {
  readonly functions: ReadonlySet<string>;
  /** Steps named as `.steps.name` or `index .steps "name"`. */
  readonly steps: ReadonlySet<string>;
}

/** Collects what the template and the templates it defines refer to. */
export function referencesOf(template: ParsedTemplate): TemplateReferences {
  const functions = new Set<string>();
  const steps = new Set<string>();
  const operand = (node: OperandNode): void => {
    switch (node.kind) {
      case 'identifier':
        functions.add(node.name);
        break;
      case 'field':
        if (node.names[0] === 'steps' && node.names[1] !== undefined) steps.add(node.names[1]);
        break;
      case 'variable':
        if (node.names[0] === '$' && node.names[1] === 'steps' && node.names[2] !== undefined)
          steps.add(node.names[2]);
        break;
      case 'chain':
        operand(node.node);
        break;
      case 'pipe':
        pipe(node);
        break;
      default:
    }
  };
  const command = (node: CommandNode): void => {
    const [first, container, key] = node.operands;
    if (
      first?.kind === 'identifier' &&
      (first.name === 'index' || first.name === 'get') &&
      key?.kind === 'string'
    ) {
      if (container !== undefined && isStepsRoot(container)) steps.add(key.value);
    }
    for (const each of node.operands) operand(each);
  };
  const pipe = (node: PipeNode): void => {
    for (const each of node.commands) command(each);
  };
  const list = (node: ListNode): void => {
    for (const statement of node.nodes) {
      if ('pipe' in statement && statement.pipe !== undefined) pipe(statement.pipe);
      if ('list' in statement) {
        list(statement.list);
        if (statement.otherwise !== undefined) list(statement.otherwise);
      }
    }
  };
  list(template.root);
  for (const definition of template.definitions.values()) list(definition);
  return { functions, steps };
}

function isStepsRoot(node: OperandNode): boolean {
  if (node.kind === 'field') return node.names.length === 1 && node.names[0] === 'steps';
  return (
    node.kind === 'variable' &&
    node.names.length === 2 &&
    node.names[0] === '$' &&
    node.names[1] === 'steps'
  );
}
