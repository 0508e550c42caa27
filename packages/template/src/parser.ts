import { quoteText } from './go/quote.js';
import type { BranchNode, ListNode, ParsedTemplate, StatementNode, TemplateNode } from './nodes.js';
import { PipelineParser } from './pipeline-parser.js';
import type { Token } from './token.js';

/** What ends a list of statements. */
interface EndMark {
  readonly kind: 'end' | 'else';
  readonly at: number;
}

/** Parses a template; throws {@link ParseProblem}. */
export function parseTemplate(
  text: string,
  hasFunction: (name: string) => boolean,
): ParsedTemplate {
  return new Parser(text, hasFunction).parse();
}

/** Parses text, actions and blocks. */
class Parser extends PipelineParser {
  readonly #definitions = new Map<string, ListNode>();
  #ranges = 0;

  parse(): ParsedTemplate {
    const nodes: StatementNode[] = [];
    const at = this.peek().at;
    while (this.peek().kind !== 'eof') {
      if (this.isDefinition()) {
        this.definition();
        continue;
      }
      const node = this.statement();
      if (isEnd(node)) this.fail(`unexpected {{${node.kind}}}`);
      else nodes.push(node);
    }
    const root: ListNode = { kind: 'list', at, nodes };
    return { text: this.text, root, definitions: this.#definitions };
  }

  protected isDefinition(): boolean {
    if (this.peek().kind !== 'left') return false;
    const back = this.at;
    this.at += 1;
    const token = this.nextSolid();
    if (token.kind === 'keyword' && token.value === 'define') return true;
    this.at = back;
    return false;
  }

  protected definition(): void {
    const context = 'define clause';
    const name = this.quotedName(this.nextSolid(), context);
    this.expectRight(context);
    this.separately(name, context);
  }

  /** The body of a definition or block: its own variables, ended by `end`. */
  protected separately(name: string, context: string): void {
    const { variables, ranges } = { variables: this.variables, ranges: this.#ranges };
    this.variables = ['$'];
    this.#ranges = 0;
    const [list, end] = this.deeper(() => this.list());
    if (end.kind !== 'end') this.fail(`unexpected {{${end.kind}}} in ${context}`);
    this.variables = variables;
    this.#ranges = ranges;
    const known = this.#definitions.get(name);
    if (known === undefined || isEmptyList(known)) this.#definitions.set(name, list);
    else if (!isEmptyList(list))
      this.fail(`template: multiple definition of template ${quoteText(name)}`);
  }

  protected list(): readonly [ListNode, EndMark] {
    const nodes: StatementNode[] = [];
    const at = this.peekSolid().at;
    while (this.peekSolid().kind !== 'eof') {
      const node = this.statement();
      if (isEnd(node)) return [{ kind: 'list', at, nodes }, node];
      nodes.push(node);
    }
    return this.fail('unexpected EOF');
  }

  protected statement(): StatementNode | EndMark {
    const token = this.nextSolid();
    if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.value };
    if (token.kind !== 'left') return this.unexpected(token, 'input');
    this.actionLine = token.line;
    const node = this.action();
    this.actionLine = 0;
    return node;
  }

  protected action(): StatementNode | EndMark {
    const token = this.nextSolid();
    if (token.kind === 'keyword') {
      switch (token.value) {
        case 'block':
          return this.block();
        case 'break':
        case 'continue':
          return this.leave(token, token.value);
        case 'else':
          return this.else();
        case 'end':
          return { kind: 'end', at: this.expectRight('end').at };
        case 'if':
        case 'with':
        case 'range':
          return this.branch(token.value);
        case 'template':
          return this.template();
        default:
      }
    }
    this.at -= 1;
    const { at } = this.peek();
    return { kind: 'action', at, pipe: this.pipeline('command', 'right') };
  }

  protected leave(token: Token, kind: 'break' | 'continue'): StatementNode {
    const next = this.nextSolid();
    if (next.kind !== 'right') this.unexpected(next, `{{${kind}}}`);
    if (this.#ranges === 0) this.fail(`{{${kind}}} outside {{range}}`);
    return { kind, at: token.at };
  }

  protected else(): EndMark {
    const next = this.peekSolid();
    if (next.kind === 'keyword' && (next.value === 'if' || next.value === 'with'))
      return { kind: 'else', at: next.at };
    return { kind: 'else', at: this.expectRight('else').at };
  }

  protected branch(kind: 'if' | 'with' | 'range'): BranchNode {
    return this.deeper(() => {
      const known = this.variables.length;
      const pipe = this.pipeline(kind, 'right');
      if (kind === 'range') this.#ranges += 1;
      const [list, next] = this.list();
      if (kind === 'range') this.#ranges -= 1;
      let otherwise: ListNode | undefined;
      if (next.kind === 'else') {
        const following = this.peek();
        if (kind !== 'range' && following.kind === 'keyword' && following.value === kind) {
          this.at += 1;
          otherwise = { kind: 'list', at: next.at, nodes: [this.branch(kind)] };
        } else {
          const [rest, end] = this.list();
          if (end.kind !== 'end') this.fail(`expected end; found {{${end.kind}}}`);
          otherwise = rest;
        }
      }
      this.variables.length = known;
      return { kind, at: pipe.at, pipe, list, otherwise };
    });
  }

  protected block(): TemplateNode {
    const context = 'block clause';
    const token = this.nextSolid();
    const name = this.quotedName(token, context);
    const pipe = this.pipeline(context, 'right');
    this.separately(name, context);
    return { kind: 'template', at: token.at, name, pipe };
  }

  protected template(): TemplateNode {
    const context = 'template clause';
    const token = this.nextSolid();
    const name = this.quotedName(token, context);
    if (this.nextSolid().kind === 'right')
      return { kind: 'template', at: token.at, name, pipe: undefined };
    this.at -= 1;
    return { kind: 'template', at: token.at, name, pipe: this.pipeline(context, 'right') };
  }
}

function isEmptyList(list: ListNode): boolean {
  return list.nodes.every((node) => node.kind === 'text' && node.text.trim() === '');
}

function isEnd(node: StatementNode | EndMark): node is EndMark {
  return node.kind === 'end' || node.kind === 'else';
}
