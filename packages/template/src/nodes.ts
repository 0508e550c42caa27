/** A literal number under every type that can hold it. */
export interface NumberNode {
  readonly kind: 'number';
  readonly at: number;
  readonly text: string;
  readonly int: bigint | undefined;
  readonly float: number | undefined;
  /** The value without context: an `int`, a `float64`, or `undefined` when it overflows. */
  readonly ideal: unknown;
}

export interface DotNode {
  readonly kind: 'dot';
  readonly at: number;
}

export interface NilNode {
  readonly kind: 'nil';
  readonly at: number;
}

export interface BoolNode {
  readonly kind: 'bool';
  readonly at: number;
  readonly value: boolean;
}

export interface TextLiteralNode {
  readonly kind: 'string';
  readonly at: number;
  /** As written, with quotes. */
  readonly quoted: string;
  readonly value: string;
}

export interface IdentifierNode {
  readonly kind: 'identifier';
  readonly at: number;
  readonly name: string;
}

/** `.a.b` */
export interface FieldNode {
  readonly kind: 'field';
  readonly at: number;
  readonly names: readonly string[];
}

/** `$x.a`: the first name has the dollar sign. */
export interface VariableNode {
  readonly kind: 'variable';
  readonly at: number;
  readonly names: readonly string[];
}

/** `(…).a.b` */
export interface ChainNode {
  readonly kind: 'chain';
  readonly at: number;
  readonly node: OperandNode;
  readonly names: readonly string[];
}

export interface CommandNode {
  readonly kind: 'command';
  readonly at: number;
  readonly operands: readonly OperandNode[];
}

export interface PipeNode {
  readonly kind: 'pipe';
  readonly at: number;
  readonly assigns: boolean;
  readonly declared: readonly VariableNode[];
  readonly commands: readonly CommandNode[];
}

/** What can stand in a command. */
export type OperandNode =
  | NumberNode
  | DotNode
  | NilNode
  | BoolNode
  | TextLiteralNode
  | IdentifierNode
  | FieldNode
  | VariableNode
  | ChainNode
  | PipeNode;

export interface TextNode {
  readonly kind: 'text';
  readonly at: number;
  readonly text: string;
}

export interface ActionNode {
  readonly kind: 'action';
  readonly at: number;
  readonly pipe: PipeNode;
}

export interface BranchNode {
  readonly kind: 'if' | 'with' | 'range';
  readonly at: number;
  readonly pipe: PipeNode;
  readonly list: ListNode;
  readonly otherwise: ListNode | undefined;
}

export interface TemplateNode {
  readonly kind: 'template';
  readonly at: number;
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}

export interface LeaveNode {
  readonly kind: 'break' | 'continue';
  readonly at: number;
}

export interface ListNode {
  readonly kind: 'list';
  readonly at: number;
  readonly nodes: readonly StatementNode[];
}

/** What stands in a list. */
export type StatementNode = TextNode | ActionNode | BranchNode | TemplateNode | LeaveNode;

export type AnyNode = OperandNode | CommandNode | StatementNode | ListNode;

/** A parsed template with the templates that it defines. */
export interface ParsedTemplate {
  readonly text: string;
  readonly root: ListNode;
  readonly definitions: ReadonlyMap<string, ListNode>;
}

/** A node as Go writes it in its messages. */
export function nodeText(node: AnyNode): string {
  switch (node.kind) {
    case 'number':
      return node.text;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'string':
      return node.quoted;
    case 'identifier':
      return node.name;
    case 'field':
      return `.${node.names.join('.')}`;
    case 'variable':
      return node.names.join('.');
    case 'chain':
      return `${inParens(node.node)}.${node.names.join('.')}`;
    case 'command':
      return node.operands.map(inParens).join(' ');
    case 'pipe': {
      const declared = node.declared.map(nodeText).join(', ');
      const sign = node.declared.length === 0 ? '' : node.assigns ? ' = ' : ' := ';
      return declared + sign + node.commands.map(nodeText).join(' | ');
    }
    case 'text':
      return node.text;
    case 'action':
      return `{{${nodeText(node.pipe)}}}`;
    case 'template':
      return `{{template ${JSON.stringify(node.name)}${node.pipe === undefined ? '' : ` ${nodeText(node.pipe)}`}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    case 'list':
      return node.nodes.map(nodeText).join('');
    default: {
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${nodeText(node.otherwise)}`;
      return `{{${node.kind} ${nodeText(node.pipe)}}}${nodeText(node.list)}${otherwise}{{end}}`;
    }
  }
}

function inParens(node: OperandNode): string {
  return node.kind === 'pipe' ? `(${nodeText(node)})` : nodeText(node);
}
