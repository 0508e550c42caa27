import { quoteText, unquoteText } from './go/quote.js';
import type { CommandNode, OperandNode, PipeNode, VariableNode } from './nodes.js';
import { numberNode } from './number-literal.js';
import type { Token, TokenKind } from './token.js';
import { TokenReader } from './token-reader.js';

const OPERANDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'bool',
  'character',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'raw',
  'string',
  'variable',
  'leftParen',
]);

/** Parses what stands inside of an action: pipelines, commands, operands. */
export class PipelineParser extends TokenReader {
  protected variables: string[] = ['$'];

  protected pipeline(context: string, end: TokenKind): PipeNode {
    const { at } = this.peekSolid();
    const { declared, assigns } = this.declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.nextSolid();
      if (token.kind === end) break;
      if (!OPERANDS.has(token.kind)) this.unexpected(token, context);
      this.at -= 1;
      commands.push(this.command());
    }
    if (commands.length === 0) this.fail(`missing value for ${context}`);
    for (const [index, command] of commands.entries()) {
      const first = command.operands[0]?.kind ?? 'nil';
      if (index > 0 && ['bool', 'dot', 'nil', 'number', 'string'].includes(first)) {
        this.fail(`non executable command in pipeline stage ${index + 1}`);
      }
    }
    return { kind: 'pipe', at, assigns, declared, commands };
  }

  protected declarations(context: string): {
    readonly declared: readonly VariableNode[];
    readonly assigns: boolean;
  } {
    const declared: VariableNode[] = [];
    let assigns = false;
    for (;;) {
      const variable = this.peekSolid();
      if (variable.kind !== 'variable') break;
      const back = this.at;
      this.at += 1;
      const next = this.peekSolid();
      if (next.kind === 'assign' || next.kind === 'declare') {
        assigns = next.kind === 'assign';
        this.at += 1;
        declared.push(this.declare(variable));
        break;
      }
      if (next.kind !== 'char' || next.value !== ',') {
        this.at = back;
        break;
      }
      this.at += 1;
      declared.push(this.declare(variable));
      if (context !== 'range' || declared.length >= 2)
        this.fail(`too many declarations in ${context}`);
      const following = this.peekSolid().kind;
      if (following !== 'variable' && following !== 'right' && following !== 'rightParen') {
        this.fail('range can only initialize variables');
      }
    }
    return { declared, assigns };
  }

  protected declare(token: Token): VariableNode {
    this.variables.push(token.value);
    return { kind: 'variable', at: token.at, names: token.value.split('.') };
  }

  protected command(): CommandNode {
    const { at } = this.peekSolid();
    const operands: OperandNode[] = [];
    for (;;) {
      this.peekSolid();
      const operand = this.operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'right' || token.kind === 'rightParen') this.at -= 1;
      else if (token.kind !== 'pipe') this.unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) this.fail('empty command');
    return { kind: 'command', at, operands };
  }

  protected operand(): OperandNode | undefined {
    const node = this.term();
    if (node === undefined || this.peek().kind !== 'field') return node;
    const { at } = this.peek();
    const names: string[] = [];
    while (this.peek().kind === 'field') names.push(this.next().value.slice(1));
    switch (node.kind) {
      case 'field':
      case 'variable':
        return { kind: node.kind, at, names: [...node.names, ...names] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot': {
        const shown =
          node.kind === 'string'
            ? node.quoted
            : node.kind === 'number'
              ? node.text
              : node.kind === 'dot'
                ? '.'
                : node.kind === 'nil'
                  ? 'nil'
                  : String(node.value);
        return this.fail(`unexpected . after term ${quoteText(shown)}`);
      }
      default:
        return { kind: 'chain', at, node, names };
    }
  }

  protected term(): OperandNode | undefined {
    const token = this.nextSolid();
    const { at, value } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.hasFunction(value)) this.fail(`function ${quoteText(value)} not defined`, value);
        return { kind: 'identifier', at, name: value };
      case 'dot':
        return { kind: 'dot', at };
      case 'nil':
        return { kind: 'nil', at };
      case 'variable': {
        if (!this.variables.includes(value)) this.fail(`undefined variable ${quoteText(value)}`);
        return { kind: 'variable', at, names: [value] };
      }
      case 'field':
        return { kind: 'field', at, names: [value.slice(1)] };
      case 'bool':
        return { kind: 'bool', at, value: value === 'true' };
      case 'character':
      case 'complex':
      case 'number': {
        const number = numberNode(token);
        return typeof number === 'string' ? this.fail(number) : number;
      }
      case 'leftParen':
        return this.deeper(() => this.pipeline('parenthesized pipeline', 'rightParen'));
      case 'string':
      case 'raw': {
        const text = unquoteText(value) ?? this.fail('invalid syntax');
        return { kind: 'string', at, quoted: value, value: text };
      }
      default:
        this.at -= 1;
        return undefined;
    }
  }
}
