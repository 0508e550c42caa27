import { quoteText, unquoteText } from './go/quote.js';
import { type Token, type TokenKind, tokenize, tokenText } from './lexer.js';
import type {
  BranchNode,
  CommandNode,
  ListNode,
  OperandNode,
  ParsedTemplate,
  PipeNode,
  StatementNode,
  TemplateNode,
  VariableNode,
} from './nodes.js';
import { numberNode } from './number-literal.js';

/** The template's name in messages. Source: bobrapet-batch section 2.4. */
export const TEMPLATE_NAME = 'bubu';
/** Parentheses and blocks may nest this deeply. */
const DEEPEST = 500;

/** A text that is not a template. */
export class ParseProblem extends Error {
  constructor(
    message: string,
    readonly line: number,
    /** The name of the function that is not there, if that is the problem. */
    readonly functionName: string | undefined = undefined,
    readonly isLimit = false,
  ) {
    super(message);
  }
}

/** What ends a list of statements. */
interface EndMark {
  readonly kind: 'end' | 'else';
  readonly at: number;
}

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

/** Parses a template; throws {@link ParseProblem}. */
export function parseTemplate(
  text: string,
  hasFunction: (name: string) => boolean,
): ParsedTemplate {
  return new Parser(text, hasFunction).parse();
}

class Parser {
  readonly #text: string;
  readonly #hasFunction: (name: string) => boolean;
  readonly #tokens: readonly Token[];
  readonly #definitions = new Map<string, ListNode>();
  /** Index of the next token, and of the furthest one that was looked at: errors name its line. */
  #at = 0;
  #furthest = 0;
  #variables: string[] = ['$'];
  #ranges = 0;
  #depth = 0;
  #actionLine = 0;

  constructor(text: string, hasFunction: (name: string) => boolean) {
    this.#text = text;
    this.#hasFunction = hasFunction;
    this.#tokens = tokenize(text);
  }

  parse(): ParsedTemplate {
    const nodes: StatementNode[] = [];
    const at = this.#peek().at;
    while (this.#peek().kind !== 'eof') {
      if (this.#isDefinition()) {
        this.#definition();
        continue;
      }
      const node = this.#statement();
      if (isEnd(node)) this.#fail(`unexpected {{${node.kind}}}`);
      else nodes.push(node);
    }
    const root: ListNode = { kind: 'list', at, nodes };
    return { text: this.#text, root, definitions: this.#definitions };
  }

  #token(index: number): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(index, last)] ?? { kind: 'eof', value: '', at: 0, line: 1 };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #peek(): Token {
    if (this.#at > this.#furthest) this.#furthest = this.#at;
    return this.#token(this.#at);
  }

  #nextSolid(): Token {
    while (this.#peek().kind === 'space') this.#at += 1;
    return this.#next();
  }

  #peekSolid(): Token {
    while (this.#peek().kind === 'space') this.#at += 1;
    return this.#peek();
  }

  #fail(message: string, functionName?: string): never {
    const { line } = this.#token(this.#furthest);
    throw new ParseProblem(`template: ${TEMPLATE_NAME}:${line}: ${message}`, line, functionName);
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.#fail(`unexpected ${tokenText(token)} in ${context}`);
    let extra = '';
    if (this.#actionLine !== 0 && this.#actionLine !== token.line) {
      extra = ` in action started at ${TEMPLATE_NAME}:${this.#actionLine}`;
      if (token.value.endsWith(' action')) extra = extra.slice(' in action'.length);
    }
    return this.#fail(token.value + extra);
  }

  #deeper<Value>(parse: () => Value): Value {
    this.#depth += 1;
    if (this.#depth > DEEPEST) {
      const { line } = this.#token(this.#furthest);
      throw new ParseProblem(
        `template: ${TEMPLATE_NAME}:${line}: max expression depth exceeded`,
        line,
        undefined,
        true,
      );
    }
    const value = parse();
    this.#depth -= 1;
    return value;
  }

  #isDefinition(): boolean {
    if (this.#peek().kind !== 'left') return false;
    const back = this.#at;
    this.#at += 1;
    const token = this.#nextSolid();
    if (token.kind === 'keyword' && token.value === 'define') return true;
    this.#at = back;
    return false;
  }

  #definition(): void {
    const context = 'define clause';
    const name = this.#quotedName(this.#nextSolid(), context);
    this.#expectRight(context);
    this.#separately(name, context);
  }

  /** The body of a definition or block: its own variables, ended by `end`. */
  #separately(name: string, context: string): void {
    const { variables, ranges } = { variables: this.#variables, ranges: this.#ranges };
    this.#variables = ['$'];
    this.#ranges = 0;
    const [list, end] = this.#deeper(() => this.#list());
    if (end.kind !== 'end') this.#fail(`unexpected {{${end.kind}}} in ${context}`);
    this.#variables = variables;
    this.#ranges = ranges;
    const known = this.#definitions.get(name);
    if (known === undefined || isEmptyList(known)) this.#definitions.set(name, list);
    else if (!isEmptyList(list))
      this.#fail(`template: multiple definition of template ${quoteText(name)}`);
  }

  #quotedName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'raw') this.#unexpected(token, context);
    return unquoteText(token.value) ?? this.#fail('invalid syntax');
  }

  #expectRight(context: string): Token {
    const token = this.#nextSolid();
    if (token.kind !== 'right') this.#unexpected(token, context);
    return token;
  }

  #list(): readonly [ListNode, EndMark] {
    const nodes: StatementNode[] = [];
    const at = this.#peekSolid().at;
    while (this.#peekSolid().kind !== 'eof') {
      const node = this.#statement();
      if (isEnd(node)) return [{ kind: 'list', at, nodes }, node];
      nodes.push(node);
    }
    return this.#fail('unexpected EOF');
  }

  #statement(): StatementNode | EndMark {
    const token = this.#nextSolid();
    if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.value };
    if (token.kind !== 'left') return this.#unexpected(token, 'input');
    this.#actionLine = token.line;
    const node = this.#action();
    this.#actionLine = 0;
    return node;
  }

  #action(): StatementNode | EndMark {
    const token = this.#nextSolid();
    if (token.kind === 'keyword') {
      switch (token.value) {
        case 'block':
          return this.#block();
        case 'break':
        case 'continue':
          return this.#leave(token, token.value);
        case 'else':
          return this.#else();
        case 'end':
          return { kind: 'end', at: this.#expectRight('end').at };
        case 'if':
        case 'with':
        case 'range':
          return this.#branch(token.value);
        case 'template':
          return this.#template();
        default:
      }
    }
    this.#at -= 1;
    const { at } = this.#peek();
    return { kind: 'action', at, pipe: this.#pipeline('command', 'right') };
  }

  #leave(token: Token, kind: 'break' | 'continue'): StatementNode {
    const next = this.#nextSolid();
    if (next.kind !== 'right') this.#unexpected(next, `{{${kind}}}`);
    if (this.#ranges === 0) this.#fail(`{{${kind}}} outside {{range}}`);
    return { kind, at: token.at };
  }

  #else(): EndMark {
    const next = this.#peekSolid();
    if (next.kind === 'keyword' && (next.value === 'if' || next.value === 'with'))
      return { kind: 'else', at: next.at };
    return { kind: 'else', at: this.#expectRight('else').at };
  }

  #branch(kind: 'if' | 'with' | 'range'): BranchNode {
    return this.#deeper(() => {
      const known = this.#variables.length;
      const pipe = this.#pipeline(kind, 'right');
      if (kind === 'range') this.#ranges += 1;
      const [list, next] = this.#list();
      if (kind === 'range') this.#ranges -= 1;
      let otherwise: ListNode | undefined;
      if (next.kind === 'else') {
        const following = this.#peek();
        if (kind !== 'range' && following.kind === 'keyword' && following.value === kind) {
          this.#at += 1;
          otherwise = { kind: 'list', at: next.at, nodes: [this.#branch(kind)] };
        } else {
          const [rest, end] = this.#list();
          if (end.kind !== 'end') this.#fail(`expected end; found {{${end.kind}}}`);
          otherwise = rest;
        }
      }
      this.#variables.length = known;
      return { kind, at: pipe.at, pipe, list, otherwise };
    });
  }

  #block(): TemplateNode {
    const context = 'block clause';
    const token = this.#nextSolid();
    const name = this.#quotedName(token, context);
    const pipe = this.#pipeline(context, 'right');
    this.#separately(name, context);
    return { kind: 'template', at: token.at, name, pipe };
  }

  #template(): TemplateNode {
    const context = 'template clause';
    const token = this.#nextSolid();
    const name = this.#quotedName(token, context);
    if (this.#nextSolid().kind === 'right')
      return { kind: 'template', at: token.at, name, pipe: undefined };
    this.#at -= 1;
    return { kind: 'template', at: token.at, name, pipe: this.#pipeline(context, 'right') };
  }

  #pipeline(context: string, end: TokenKind): PipeNode {
    const { at } = this.#peekSolid();
    const { declared, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#nextSolid();
      if (token.kind === end) break;
      if (!OPERANDS.has(token.kind)) this.#unexpected(token, context);
      this.#at -= 1;
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    for (const [index, command] of commands.entries()) {
      const first = command.operands[0]?.kind ?? 'nil';
      if (index > 0 && ['bool', 'dot', 'nil', 'number', 'string'].includes(first)) {
        this.#fail(`non executable command in pipeline stage ${index + 1}`);
      }
    }
    return { kind: 'pipe', at, assigns, declared, commands };
  }

  #declarations(context: string): {
    readonly declared: readonly VariableNode[];
    readonly assigns: boolean;
  } {
    const declared: VariableNode[] = [];
    let assigns = false;
    for (;;) {
      const variable = this.#peekSolid();
      if (variable.kind !== 'variable') break;
      const back = this.#at;
      this.#at += 1;
      const next = this.#peekSolid();
      if (next.kind === 'assign' || next.kind === 'declare') {
        assigns = next.kind === 'assign';
        this.#at += 1;
        declared.push(this.#declare(variable));
        break;
      }
      if (next.kind !== 'char' || next.value !== ',') {
        this.#at = back;
        break;
      }
      this.#at += 1;
      declared.push(this.#declare(variable));
      if (context !== 'range' || declared.length >= 2)
        this.#fail(`too many declarations in ${context}`);
      const following = this.#peekSolid().kind;
      if (following !== 'variable' && following !== 'right' && following !== 'rightParen') {
        this.#fail('range can only initialize variables');
      }
    }
    return { declared, assigns };
  }

  #declare(token: Token): VariableNode {
    this.#variables.push(token.value);
    return { kind: 'variable', at: token.at, names: token.value.split('.') };
  }

  #command(): CommandNode {
    const { at } = this.#peekSolid();
    const operands: OperandNode[] = [];
    for (;;) {
      this.#peekSolid();
      const operand = this.#operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.#next();
      if (token.kind === 'space') continue;
      if (token.kind === 'right' || token.kind === 'rightParen') this.#at -= 1;
      else if (token.kind !== 'pipe') this.#unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) this.#fail('empty command');
    return { kind: 'command', at, operands };
  }

  #operand(): OperandNode | undefined {
    const node = this.#term();
    if (node === undefined || this.#peek().kind !== 'field') return node;
    const { at } = this.#peek();
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#next().value.slice(1));
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
        return this.#fail(`unexpected . after term ${quoteText(shown)}`);
      }
      default:
        return { kind: 'chain', at, node, names };
    }
  }

  #term(): OperandNode | undefined {
    const token = this.#nextSolid();
    const { at, value } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.#hasFunction(value))
          this.#fail(`function ${quoteText(value)} not defined`, value);
        return { kind: 'identifier', at, name: value };
      case 'dot':
        return { kind: 'dot', at };
      case 'nil':
        return { kind: 'nil', at };
      case 'variable': {
        if (!this.#variables.includes(value)) this.#fail(`undefined variable ${quoteText(value)}`);
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
        return typeof number === 'string' ? this.#fail(number) : number;
      }
      case 'leftParen':
        return this.#deeper(() => this.#pipeline('parenthesized pipeline', 'rightParen'));
      case 'string':
      case 'raw': {
        const text = unquoteText(value) ?? this.#fail('invalid syntax');
        return { kind: 'string', at, quoted: value, value: text };
      }
      default:
        this.#at -= 1;
        return undefined;
    }
  }
}

function isEmptyList(list: ListNode): boolean {
  return list.nodes.every((node) => node.kind === 'text' && node.text.trim() === '');
}

function isEnd(node: StatementNode | EndMark): node is EndMark {
  return node.kind === 'end' || node.kind === 'else';
}
