import {
  FunctionError,
  FunctionLimitError,
  FunctionOffloadedError,
  OffloadedDataError,
  TemplateError,
  TemplateLimitError,
} from './errors.js';
import {
  type FunctionEnvironment,
  type ParameterType,
  type TemplateFunction,
  TYPE_TEXT,
} from './functions/signature.js';
import { byteLength } from './go/bytes.js';
import { entriesOf, printValue } from './go/format.js';
import { quoteText } from './go/quote.js';
import {
  GoInt,
  GoObject,
  isList,
  isMap,
  isTrue,
  itemsOf,
  ownValue,
  StringList,
  StringTable,
  typeName,
} from './go/values.js';
import { methodOf } from './methods.js';
import {
  type AnyNode,
  type BranchNode,
  type CommandNode,
  type ListNode,
  nodeText,
  type OperandNode,
  type ParsedTemplate,
  type PipeNode,
  type TemplateNode,
} from './nodes.js';
import { TEMPLATE_NAME } from './parser.js';

/** What one evaluation may use. */
export interface EvaluationContext {
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly environment: FunctionEnvironment;
  /** Most bytes of output, 0 for no limit. */
  readonly maxOutputBytes: number;
  /** Throws when time is up or the caller gave up; called every few hundred steps. */
  readonly checkpoint: () => void;
}

/** Marks that a command got nothing from the pipe before it. */
const NOTHING = Symbol('nothing');
const EMPTY_MAP: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));
/** Templates may include each other this deeply. */
const DEEPEST_INCLUSION = 500;
/** Longest value that is repeated in a message. */
const SHOWN_VALUE = 500;
const STEPS_PER_CHECK = 255;

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

class Evaluation {
  readonly #template: ParsedTemplate;
  readonly #context: EvaluationContext;
  #out = '';
  #steps = 0;
  #depth = 0;
  #node: AnyNode;
  #templateName = TEMPLATE_NAME;
  /** Variables by position: names, values, and whether the value is seen as an `interface {}`. */
  #names: string[] = [];
  #values: unknown[] = [];
  #boxed: boolean[] = [];

  constructor(template: ParsedTemplate, context: EvaluationContext) {
    this.#template = template;
    this.#context = context;
    this.#node = template.root;
  }

  run(scope: unknown): string {
    this.#names = ['$'];
    this.#values = [scope];
    this.#boxed = [false];
    try {
      this.#list(scope, false, this.#template.root);
    } catch (thrown) {
      if (thrown instanceof RangeError)
        throw this.#limit(`value or template nests or grows too far: ${thrown.message}`, thrown);
      throw thrown;
    }
    return this.#out;
  }

  #place(): { readonly line: number; readonly column: number } {
    const before = this.#template.text.slice(0, this.#node.at);
    const lineStart = before.lastIndexOf('\n') + 1;
    let line = 1;
    for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line += 1;
    return { line, column: byteLength(before.slice(lineStart)) };
  }

  /** The beginning of every message: where it happened, in Go's words. */
  #prefix(place: { readonly line: number; readonly column: number }): string {
    const at = `${TEMPLATE_NAME}:${place.line}:${place.column}`;
    return `template: ${at}: executing ${quoteText(this.#templateName)} at <${nodeText(this.#node)}>: `;
  }

  #fail(message: string, cause?: unknown): never {
    const place = this.#place();
    throw new TemplateError(this.#prefix(place) + message, {
      ...place,
      code: 'TEMPLATE_EXECUTION',
      hint: 'Check the types of the values that this action reads.',
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #limit(message: string, cause?: unknown): TemplateLimitError {
    const place = this.#place();
    return new TemplateLimitError(this.#prefix(place) + message, {
      ...place,
      code: 'TEMPLATE_LIMIT',
      hint: 'Make the template or its values smaller.',
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #step(): void {
    this.#steps += 1;
    if ((this.#steps & STEPS_PER_CHECK) === 0) this.#context.checkpoint();
  }

  #write(text: string): void {
    const { maxOutputBytes } = this.#context;
    // A UTF-16 unit is at most three bytes, so most outputs need no exact count.
    if (maxOutputBytes > 0 && (this.#out.length + text.length) * 3 > maxOutputBytes) {
      const written = byteLength(this.#out);
      const added = byteLength(text);
      if (written + added > maxOutputBytes) {
        throw new TemplateLimitError(
          `template output exceeds max bytes (current=${written}, writing=${added}, max=${maxOutputBytes})`,
          {
            ...this.#place(),
            code: 'TEMPLATE_LIMIT',
            hint: 'Render less, or raise BUBU_TEMPLATE_MAX_OUTPUT_BYTES.',
          },
        );
      }
    }
    this.#out += text;
  }

  #list(dot: unknown, dotBoxed: boolean, list: ListNode): Flow {
    const { nodes } = list;
    for (let index = 0; index < nodes.length; index += 1) {
      const node = nodes[index];
      if (node === undefined) break;
      this.#step();
      this.#node = node;
      let flow: Flow = Flow.Next;
      switch (node.kind) {
        case 'text':
          this.#write(node.text);
          break;
        case 'action': {
          const value = this.#pipe(dot, dotBoxed, node.pipe);
          if (node.pipe.declared.length === 0) {
            this.#node = node;
            this.#write(value === undefined ? '<no value>' : printValue(value));
          }
          break;
        }
        case 'if':
        case 'with':
          flow = this.#branch(dot, dotBoxed, node);
          break;
        case 'range':
          flow = this.#range(dot, dotBoxed, node);
          break;
        case 'template':
          this.#include(dot, dotBoxed, node);
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

  #branch(dot: unknown, dotBoxed: boolean, node: BranchNode): Flow {
    const mark = this.#names.length;
    const value = this.#pipe(dot, dotBoxed, node.pipe);
    let flow: Flow = Flow.Next;
    if (isTrue(value))
      flow =
        node.kind === 'with'
          ? this.#list(value, false, node.list)
          : this.#list(dot, dotBoxed, node.list);
    else if (node.otherwise !== undefined) flow = this.#list(dot, dotBoxed, node.otherwise);
    this.#pop(mark);
    return flow;
  }

  #range(dot: unknown, dotBoxed: boolean, node: BranchNode): Flow {
    const outer = this.#names.length;
    const value = this.#pipe(dot, dotBoxed, node.pipe);
    const mark = this.#names.length;
    const { declared } = node.pipe;
    let ran = false;
    /** One turn; true when the loop ends. */
    const turn = (index: unknown, element: unknown, boxed: boolean): boolean => {
      ran = true;
      this.#step();
      if (declared.length > 0) this.#declareTurn(node.pipe, index, element, boxed);
      const flow = this.#list(element, boxed, node.list);
      this.#pop(mark);
      return flow === Flow.Break;
    };
    if (value instanceof GoInt) {
      if (declared.length > 1)
        this.#fail(`can't use ${value.value} to iterate over more than one variable`);
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
      this.#fail(`range can't iterate over ${shorten(printValue(value))}`);
    }
    let flow: Flow = Flow.Next;
    if (!ran && node.otherwise !== undefined) flow = this.#list(dot, dotBoxed, node.otherwise);
    this.#pop(outer);
    return flow;
  }

  #declareTurn(pipe: PipeNode, index: unknown, element: unknown, boxed: boolean): void {
    const { declared, assigns } = pipe;
    const top = this.#names.length;
    if (assigns) {
      const [first, second] = declared;
      if (second === undefined) this.#assign(first?.names[0] ?? '', element, boxed);
      else {
        this.#assign(first?.names[0] ?? '', index, false);
        this.#assign(second.names[0] ?? '', element, boxed);
      }
      return;
    }
    this.#values[top - 1] = element;
    this.#boxed[top - 1] = boxed;
    if (declared.length > 1) {
      this.#values[top - 2] = index;
      this.#boxed[top - 2] = false;
    }
  }

  #include(dot: unknown, dotBoxed: boolean, node: TemplateNode): void {
    const list =
      this.#template.definitions.get(node.name) ??
      (node.name === TEMPLATE_NAME ? this.#template.root : undefined);
    if (list === undefined) this.#fail(`template ${quoteText(node.name)} not defined`);
    if (this.#depth >= DEEPEST_INCLUSION)
      throw this.#limit(`exceeded maximum template depth (${DEEPEST_INCLUSION})`);
    const value = node.pipe === undefined ? undefined : this.#pipe(dot, dotBoxed, node.pipe);
    const saved = [this.#names, this.#values, this.#boxed, this.#templateName] as const;
    this.#names = ['$'];
    this.#values = [value];
    this.#boxed = [false];
    this.#templateName = node.name;
    this.#depth += 1;
    this.#list(value, false, list);
    this.#depth -= 1;
    [this.#names, this.#values, this.#boxed, this.#templateName] = saved;
  }

  #pop(mark: number): void {
    this.#names.length = mark;
    this.#values.length = mark;
    this.#boxed.length = mark;
  }

  #find(name: string): number {
    const at = this.#names.lastIndexOf(name);
    if (at < 0) this.#fail(`undefined variable: ${name}`);
    return at;
  }

  #assign(name: string, value: unknown, boxed: boolean): void {
    const at = this.#find(name);
    this.#values[at] = value;
    this.#boxed[at] = boxed;
  }

  /** A pipeline's value; nil interfaces have become untyped nil, that is `undefined`. */
  #pipe(dot: unknown, dotBoxed: boolean, pipe: PipeNode): unknown {
    this.#node = pipe;
    let value: unknown = NOTHING;
    for (const command of pipe.commands)
      value = this.#command(dot, dotBoxed, command, value) ?? undefined;
    for (const variable of pipe.declared) {
      const name = variable.names[0] ?? '';
      if (pipe.assigns) this.#assign(name, value, false);
      else {
        this.#names.push(name);
        this.#values.push(value);
        this.#boxed.push(false);
      }
    }
    return value;
  }

  #command(dot: unknown, dotBoxed: boolean, command: CommandNode, final: unknown): unknown {
    const first = command.operands[0];
    if (first === undefined) return undefined;
    switch (first.kind) {
      case 'field':
        this.#node = first;
        return this.#chain(dot, dotBoxed, dot, dotBoxed, first.names, 0, command.operands, final);
      case 'identifier':
        this.#node = first;
        return this.#function(dot, dotBoxed, first.name, command, command.operands, final);
      case 'variable':
        return this.#variable(dot, dotBoxed, first.names, first, command.operands, final);
      case 'chain':
        return this.#chained(dot, dotBoxed, first, command.operands, final);
      case 'pipe':
        this.#notAFunction(command.operands, final);
        return this.#pipe(dot, dotBoxed, first);
      default:
    }
    this.#node = first;
    this.#notAFunction(command.operands, final);
    if (first.kind === 'dot') return dot;
    if (first.kind === 'nil') this.#fail('nil is not a command');
    return this.#constant(first);
  }

  #constant(node: OperandNode): unknown {
    this.#node = node;
    if (node.kind === 'string' || node.kind === 'bool') return node.value;
    if (node.kind !== 'number') return undefined;
    if (node.ideal === undefined) this.#fail(`${node.text} overflows int`);
    return node.ideal;
  }

  #notAFunction(operands: readonly OperandNode[], final: unknown): void {
    if (operands.length > 1 || final !== NOTHING) {
      const [first] = operands;
      this.#fail(
        `can't give argument to non-function ${first === undefined ? '' : nodeText(first)}`,
      );
    }
  }

  #variable(
    dot: unknown,
    dotBoxed: boolean,
    names: readonly string[],
    node: OperandNode,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    this.#node = node;
    const at = this.#find(names[0] ?? '');
    const value = this.#values[at];
    if (names.length === 1) {
      this.#notAFunction(operands, final);
      return value;
    }
    return this.#chain(dot, dotBoxed, value, this.#boxed[at] === true, names, 1, operands, final);
  }

  #chained(
    dot: unknown,
    dotBoxed: boolean,
    node: OperandNode & { readonly kind: 'chain' },
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    this.#node = node;
    if (node.node.kind === 'nil')
      this.#fail(`indirection through explicit nil in ${nodeText(node)}`);
    const receiver = this.#operand(dot, dotBoxed, node.node);
    return this.#chain(dot, dotBoxed, receiver, false, node.names, 0, operands, final);
  }

  /** An operand in front of fields: its value without a wanted type. */
  #operand(dot: unknown, dotBoxed: boolean, node: OperandNode): unknown {
    this.#node = node;
    if (node.kind === 'pipe') return this.#pipe(dot, dotBoxed, node);
    if (node.kind === 'identifier')
      return this.#function(dot, dotBoxed, node.name, node, [], NOTHING);
    return this.#argument(dot, dotBoxed, 'value', node);
  }

  #chain(
    dot: unknown,
    dotBoxed: boolean,
    from: unknown,
    fromBoxed: boolean,
    names: readonly string[],
    start: number,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    let receiver = from;
    let boxed = fromBoxed;
    const last = names.length - 1;
    for (let index = start; index <= last; index += 1) {
      const name = names[index] ?? '';
      const isMapValue = isMap(receiver);
      const ends = index === last;
      if (ends) receiver = this.#field(dot, dotBoxed, receiver, boxed, name, operands, final);
      else receiver = this.#field(dot, dotBoxed, receiver, boxed, name, [], NOTHING);
      boxed = isMapValue;
    }
    return receiver;
  }

  #field(
    dot: unknown,
    dotBoxed: boolean,
    receiver: unknown,
    boxed: boolean,
    name: string,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    if (receiver === undefined) return undefined;
    if (receiver === null) this.#fail(`nil pointer evaluating interface {}.${name}`);
    if (receiver instanceof GoObject) {
      const method = methodOf(receiver, name);
      if (method !== undefined)
        return this.#invoke(dot, dotBoxed, method, name, this.#node, operands, final);
    } else if (isMap(receiver)) {
      if (operands.length > 1 || final !== NOTHING)
        this.#fail(`${name} is not a method but has arguments`);
      return ownValue(receiver, name) ?? null;
    } else if (receiver instanceof StringTable) {
      if (operands.length > 1 || final !== NOTHING)
        this.#fail(`${name} is not a method but has arguments`);
      return receiver.entries.get(name) ?? '';
    }
    return this.#fail(
      `can't evaluate field ${name} in type ${boxed ? 'interface {}' : typeName(receiver)}`,
    );
  }

  #function(
    dot: unknown,
    dotBoxed: boolean,
    name: string,
    node: AnyNode,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    const found = this.#context.functions.get(name);
    if (found !== undefined) return this.#invoke(dot, dotBoxed, found, name, node, operands, final);
    if (name === 'and' || name === 'or') return this.#logic(dot, dotBoxed, name, operands, final);
    if (name === 'call') return this.#call(dot, dotBoxed, node, operands, final);
    return this.#fail(`${quoteText(name)} is not a defined function`);
  }

  #logic(
    dot: unknown,
    dotBoxed: boolean,
    name: 'and' | 'or',
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    const given = Math.max(operands.length - 1, 0);
    if (given === 0 && final === NOTHING)
      this.#fail(`wrong number of args for ${name}: want at least 1 got 0`);
    let value: unknown;
    for (let index = 1; index < operands.length; index += 1) {
      const operand = operands[index];
      if (operand === undefined) continue;
      value = this.#argument(dot, dotBoxed, 'value', operand);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === NOTHING ? value : final;
  }

  /** Values are never functions, so `call` can only say why it cannot call. */
  #call(
    dot: unknown,
    dotBoxed: boolean,
    node: AnyNode,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    const values = operands
      .slice(1)
      .map((operand) => this.#argument(dot, dotBoxed, 'value', operand));
    if (final !== NOTHING) values.push(final);
    if (values.length === 0) this.#fail('wrong number of args for call: want at least 1 got 0');
    const [callee] = values;
    const named = operands[1];
    const shown =
      named !== undefined
        ? nodeText(named)
        : typeof callee === 'string'
          ? callee
          : `<${typeName(callee)} Value>`;
    this.#node = node;
    if (callee === undefined) this.#fail('error calling call: call of nil');
    return this.#fail(`error calling call: non-function ${shown} of type ${typeName(callee)}`);
  }

  #invoke(
    dot: unknown,
    dotBoxed: boolean,
    found: TemplateFunction,
    name: string,
    node: AnyNode,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    const { parameters, rest } = found;
    const given = operands.length > 0 ? operands.length - 1 : 0;
    const total = final === NOTHING ? given : given + 1;
    if (rest !== undefined) {
      if (total < parameters.length)
        this.#fail(
          `wrong number of args for ${name}: want at least ${parameters.length} got ${given}`,
        );
    } else if (total !== parameters.length) {
      this.#fail(`wrong number of args for ${name}: want ${parameters.length} got ${total}`);
    }
    const args: unknown[] = [];
    for (let index = 0; index < given; index += 1) {
      const operand = operands[index + 1];
      if (operand !== undefined)
        args.push(this.#argument(dot, dotBoxed, parameters[index] ?? rest ?? 'any', operand));
    }
    if (final !== NOTHING) args.push(this.#checked(final, parameters[given] ?? rest ?? 'any'));
    try {
      return this.#bounded(found.call(args, this.#context.environment));
    } catch (thrown) {
      this.#node = node;
      if (thrown instanceof FunctionError) this.#fail(`error calling ${name}: ${thrown.message}`);
      if (thrown instanceof FunctionLimitError)
        throw this.#limit(`error calling ${name}: ${thrown.message}`);
      if (thrown instanceof FunctionOffloadedError) {
        const place = this.#place();
        throw OffloadedDataError.because(thrown.message, {
          ...place,
          prefix: `${this.#prefix(place)}error calling ${name}: `,
        });
      }
      throw thrown;
    }
  }

  #bounded(value: unknown): unknown {
    if (typeof value === 'string' && value.length > this.#context.environment.largestValue) {
      throw new FunctionLimitError('resulting text is too large');
    }
    return value;
  }

  #argument(dot: unknown, dotBoxed: boolean, type: ParameterType, node: OperandNode): unknown {
    this.#node = node;
    switch (node.kind) {
      case 'dot':
        return this.#checked(dot, type);
      case 'nil':
        if (type === 'any') return null;
        if (type === 'value') return undefined;
        return type === 'map' ? EMPTY_MAP : this.#fail(`cannot assign nil to ${TYPE_TEXT[type]}`);
      case 'field':
        return this.#checked(
          this.#chain(dot, dotBoxed, dot, dotBoxed, node.names, 0, [], NOTHING),
          type,
        );
      case 'variable':
        return this.#checked(this.#variable(dot, dotBoxed, node.names, node, [], NOTHING), type);
      case 'pipe':
        return this.#checked(this.#pipe(dot, dotBoxed, node), type);
      case 'identifier':
        return this.#checked(this.#function(dot, dotBoxed, node.name, node, [], NOTHING), type);
      case 'chain':
        return this.#checked(this.#chained(dot, dotBoxed, node, [], NOTHING), type);
      default:
    }
    if (type === 'any' || type === 'value') return this.#constant(node);
    if (type === 'string' && node.kind === 'string') return node.value;
    if (type === 'bool' && node.kind === 'bool') return node.value;
    if (type === 'int' && node.kind === 'number' && node.int !== undefined)
      return new GoInt('int', node.int);
    if (type === 'float64' && node.kind === 'number' && node.float !== undefined) return node.float;
    if (type === 'map' || type === 'time')
      this.#fail(`can't handle ${nodeText(node)} for arg of type ${TYPE_TEXT[type]}`);
    const wanted = type === 'int' ? 'integer' : type === 'float64' ? 'float' : type;
    return this.#fail(`expected ${wanted}; found ${nodeText(node)}`);
  }

  #checked(value: unknown, type: ParameterType): unknown {
    if (type === 'any') return value ?? null;
    if (type === 'value') return value ?? undefined;
    if (value === undefined)
      return type === 'map' ? EMPTY_MAP : this.#fail(`invalid value; expected ${TYPE_TEXT[type]}`);
    const found = value === null ? 'interface {}' : typeName(value);
    if (found !== TYPE_TEXT[type])
      this.#fail(`wrong type for value; expected ${TYPE_TEXT[type]}; got ${found}`);
    return value;
  }
}

function shorten(text: string): string {
  return text.length <= SHOWN_VALUE ? text : `${text.slice(0, SHOWN_VALUE)}…`;
}
