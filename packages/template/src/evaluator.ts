import type { EvaluationContext } from './evaluation-state.js';
import { Expressions } from './expressions.js';
import { entriesOf, printValue } from './go/format.js';
import { quoteText } from './go/quote.js';
import { GoInt, isList, isMap, isTrue, itemsOf, StringList, StringTable } from './go/values.js';
import type { BranchNode, ListNode, ParsedTemplate, PipeNode, TemplateNode } from './nodes.js';
import { TEMPLATE_NAME } from './token-reader.js';

/** Templates may include each other this deeply. */
const DEEPEST_INCLUSION = 500;
/** Longest value that is repeated in a message. */
const SHOWN_VALUE = 500;

const Flow = {
  Next: 0,
  Break: 1,
  Continue: 2,
} as const;
type Flow = (typeof Flow)[keyof typeof Flow];

/** Renders a parsed template over a map of variables. */
export function execute(
  template: ParsedTemplate,
  scope: unknown,
  context: EvaluationContext,
): string {
  const evaluation = new Evaluation(template, context);
  return evaluation.run(scope);
}

/** Walks over statements and writes the output. */
class Evaluation extends Expressions {
  run(scope: unknown): string {
    this.names = ['$'];
    this.values = [scope];
    this.boxed = [false];
    try {
      this.list(scope, false, this.template.root);
    } catch (thrown) {
      if (thrown instanceof RangeError)
        throw this.limit(`value or template nests or grows too far: ${thrown.message}`, thrown);
      throw thrown;
    }
    return this.out;
  }

  protected list(dot: unknown, dotBoxed: boolean, list: ListNode): Flow {
    const { nodes } = list;
    for (let index = 0; index < nodes.length; index += 1) {
      const node = nodes[index];
      if (node === undefined) break;
      this.step();
      this.node = node;
      let flow: Flow = Flow.Next;
      switch (node.kind) {
        case 'text':
          this.write(node.text);
          break;
        case 'action': {
          const value = this.pipe(dot, dotBoxed, node.pipe);
          if (node.pipe.declared.length === 0) {
            this.node = node;
            this.write(value === undefined ? '<no value>' : printValue(value));
          }
          break;
        }
        case 'if':
        case 'with':
          flow = this.branch(dot, dotBoxed, node);
          break;
        case 'range':
          flow = this.range(dot, dotBoxed, node);
          break;
        case 'template':
          this.include(dot, dotBoxed, node);
          break;
        case 'break':
          return Flow.Break;
        case 'continue':
          return Flow.Continue;
      }
      if (flow !== Flow.Next) return flow;
    }
    return Flow.Next;
  }

  protected branch(dot: unknown, dotBoxed: boolean, node: BranchNode): Flow {
    const mark = this.names.length;
    const value = this.pipe(dot, dotBoxed, node.pipe);
    let flow: Flow = Flow.Next;
    if (isTrue(value))
      flow =
        node.kind === 'with'
          ? this.list(value, false, node.list)
          : this.list(dot, dotBoxed, node.list);
    else if (node.otherwise !== undefined) flow = this.list(dot, dotBoxed, node.otherwise);
    this.pop(mark);
    return flow;
  }

  protected range(dot: unknown, dotBoxed: boolean, node: BranchNode): Flow {
    const outer = this.names.length;
    const value = this.pipe(dot, dotBoxed, node.pipe);
    const mark = this.names.length;
    const { declared } = node.pipe;
    let ran = false;
    /** One turn; true when the loop ends. */
    const turn = (index: unknown, element: unknown, boxed: boolean): boolean => {
      ran = true;
      this.step();
      if (declared.length > 0) this.declareTurn(node.pipe, index, element, boxed);
      const flow = this.list(element, boxed, node.list);
      this.pop(mark);
      return flow === Flow.Break;
    };
    if (value instanceof GoInt) {
      if (declared.length > 1)
        this.fail(`can't use ${value.value} to iterate over more than one variable`);
      for (let at = 0n; at < value.value; at += 1n)
        if (turn(undefined, new GoInt(value.kind, at), false)) break;
    } else if (isList(value)) {
      const items = itemsOf(value);
      const boxed = !(value instanceof StringList);
      for (let at = 0; at < items.length; at += 1) {
        if (turn(declared.length > 1 ? GoInt.of(at) : undefined, items[at] ?? null, boxed)) break;
      }
    } else if (value instanceof StringTable) {
      for (const [key, entry] of entriesOf(value)) if (turn(key, entry, false)) break;
    } else if (isMap(value)) {
      for (const [key, entry] of entriesOf(value)) if (turn(key, entry ?? null, true)) break;
    } else if (value !== undefined) {
      this.fail(`range can't iterate over ${shorten(printValue(value))}`);
    }
    let flow: Flow = Flow.Next;
    if (!ran && node.otherwise !== undefined) flow = this.list(dot, dotBoxed, node.otherwise);
    this.pop(outer);
    return flow;
  }

  protected declareTurn(pipe: PipeNode, index: unknown, element: unknown, boxed: boolean): void {
    const { declared, assigns } = pipe;
    const top = this.names.length;
    if (assigns) {
      const [first, second] = declared;
      if (second === undefined) this.assign(first?.names[0] ?? '', element, boxed);
      else {
        this.assign(first?.names[0] ?? '', index, false);
        this.assign(second.names[0] ?? '', element, boxed);
      }
      return;
    }
    this.values[top - 1] = element;
    this.boxed[top - 1] = boxed;
    if (declared.length > 1) {
      this.values[top - 2] = index;
      this.boxed[top - 2] = false;
    }
  }

  protected include(dot: unknown, dotBoxed: boolean, node: TemplateNode): void {
    const list =
      this.template.definitions.get(node.name) ??
      (node.name === TEMPLATE_NAME ? this.template.root : undefined);
    if (list === undefined) this.fail(`template ${quoteText(node.name)} not defined`);
    if (this.depth >= DEEPEST_INCLUSION)
      throw this.limit(`exceeded maximum template depth (${DEEPEST_INCLUSION})`);
    const value = node.pipe === undefined ? undefined : this.pipe(dot, dotBoxed, node.pipe);
    const saved = [this.names, this.values, this.boxed, this.templateName] as const;
    this.names = ['$'];
    this.values = [value];
    this.boxed = [false];
    this.templateName = node.name;
    this.depth += 1;
    this.list(value, false, list);
    this.depth -= 1;
    [this.names, this.values, this.boxed, this.templateName] = saved;
  }
}

function shorten(text: string): string {
  return text.length <= SHOWN_VALUE ? text : `${text.slice(0, SHOWN_VALUE)}…`;
}
