import { FunctionCalls, NOTHING } from './function-calls.js';
import { GoObject, isMap, ownValue, StringTable, typeName } from './go/values.js';
import { methodOf } from './methods.js';
import { type CommandNode, nodeText, type OperandNode, type PipeNode } from './nodes.js';

/** Evaluates pipelines, commands, variables and chains of fields. */
export class Expressions extends FunctionCalls {
  /** A pipeline's value; nil interfaces have become untyped nil, that is `undefined`. */
  protected override pipe(dot: unknown, dotBoxed: boolean, pipe: PipeNode): unknown {
    this.node = pipe;
    let value: unknown = NOTHING;
    for (const command of pipe.commands)
      value = this.command(dot, dotBoxed, command, value) ?? undefined;
    for (const variable of pipe.declared) {
      const name = variable.names[0] ?? '';
      if (pipe.assigns) this.assign(name, value, false);
      else {
        this.names.push(name);
        this.values.push(value);
        this.boxed.push(false);
      }
    }
    return value;
  }

  protected command(
    dot: unknown,
    dotBoxed: boolean,
    command: CommandNode,
    final: unknown,
  ): unknown {
    const first = command.operands[0];
    if (first === undefined) return undefined;
    switch (first.kind) {
      case 'field':
        this.node = first;
        return this.chain(dot, dotBoxed, dot, dotBoxed, first.names, 0, command.operands, final);
      case 'identifier':
        this.node = first;
        return this.function(dot, dotBoxed, first.name, command, command.operands, final);
      case 'variable':
        return this.variable(dot, dotBoxed, first.names, first, command.operands, final);
      case 'chain':
        return this.chained(dot, dotBoxed, first, command.operands, final);
      case 'pipe':
        this.notAFunction(command.operands, final);
        return this.pipe(dot, dotBoxed, first);
      default:
    }
    this.node = first;
    this.notAFunction(command.operands, final);
    if (first.kind === 'dot') return dot;
    if (first.kind === 'nil') this.fail('nil is not a command');
    return this.constant(first);
  }

  protected override constant(node: OperandNode): unknown {
    this.node = node;
    if (node.kind === 'string' || node.kind === 'bool') return node.value;
    if (node.kind !== 'number') return undefined;
    if (node.ideal === undefined) this.fail(`${node.text} overflows int`);
    return node.ideal;
  }

  protected notAFunction(operands: readonly OperandNode[], final: unknown): void {
    if (operands.length > 1 || final !== NOTHING) {
      const [first] = operands;
      this.fail(
        `can't give argument to non-function ${first === undefined ? '' : nodeText(first)}`,
      );
    }
  }

  protected override variable(
    dot: unknown,
    dotBoxed: boolean,
    names: readonly string[],
    node: OperandNode,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    this.node = node;
    const at = this.find(names[0] ?? '');
    const value = this.values[at];
    if (names.length === 1) {
      this.notAFunction(operands, final);
      return value;
    }
    return this.chain(dot, dotBoxed, value, this.boxed[at] === true, names, 1, operands, final);
  }

  protected override chained(
    dot: unknown,
    dotBoxed: boolean,
    node: OperandNode & { readonly kind: 'chain' },
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    this.node = node;
    if (node.node.kind === 'nil')
      this.fail(`indirection through explicit nil in ${nodeText(node)}`);
    const receiver = this.operand(dot, dotBoxed, node.node);
    return this.chain(dot, dotBoxed, receiver, false, node.names, 0, operands, final);
  }

  /** An operand in front of fields: its value without a wanted type. */
  protected operand(dot: unknown, dotBoxed: boolean, node: OperandNode): unknown {
    this.node = node;
    if (node.kind === 'pipe') return this.pipe(dot, dotBoxed, node);
    if (node.kind === 'identifier')
      return this.function(dot, dotBoxed, node.name, node, [], NOTHING);
    return this.argument(dot, dotBoxed, 'value', node);
  }

  protected override chain(
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
      if (ends) receiver = this.field(dot, dotBoxed, receiver, boxed, name, operands, final);
      else receiver = this.field(dot, dotBoxed, receiver, boxed, name, [], NOTHING);
      boxed = isMapValue;
    }
    return receiver;
  }

  protected field(
    dot: unknown,
    dotBoxed: boolean,
    receiver: unknown,
    boxed: boolean,
    name: string,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    if (receiver === undefined) return undefined;
    if (receiver === null) this.fail(`nil pointer evaluating interface {}.${name}`);
    if (receiver instanceof GoObject) {
      const method = methodOf(receiver, name);
      if (method !== undefined)
        return this.invoke(dot, dotBoxed, method, name, this.node, operands, final);
    } else if (isMap(receiver)) {
      if (operands.length > 1 || final !== NOTHING)
        this.fail(`${name} is not a method but has arguments`);
      return ownValue(receiver, name) ?? null;
    } else if (receiver instanceof StringTable) {
      if (operands.length > 1 || final !== NOTHING)
        this.fail(`${name} is not a method but has arguments`);
      return receiver.entries.get(name) ?? '';
    }
    return this.fail(
      `can't evaluate field ${name} in type ${boxed ? 'interface {}' : typeName(receiver)}`,
    );
  }
}
