import {
  FunctionError,
  FunctionLimitError,
  FunctionOffloadedError,
  OffloadedDataError,
} from './errors.js';
import { EvaluationState } from './evaluation-state.js';
import { type ParameterType, type TemplateFunction, TYPE_TEXT } from './functions/signature.js';
import { quoteText } from './go/quote.js';
import { GoInt, isTrue, typeName } from './go/values.js';
import { type AnyNode, nodeText, type OperandNode, type PipeNode } from './nodes.js';

/** Marks that a command got nothing from the pipe before it. */
export const NOTHING = Symbol('nothing');
const EMPTY_MAP: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));

/** Calls functions: finds them, evaluates and checks their arguments, places their errors. */
export abstract class FunctionCalls extends EvaluationState {
  protected abstract pipe(dot: unknown, dotBoxed: boolean, pipe: PipeNode): unknown;
  protected abstract constant(node: OperandNode): unknown;
  protected abstract variable(
    dot: unknown,
    dotBoxed: boolean,
    names: readonly string[],
    node: OperandNode,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown;
  protected abstract chained(
    dot: unknown,
    dotBoxed: boolean,
    node: OperandNode & { readonly kind: 'chain' },
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown;
  protected abstract chain(
    dot: unknown,
    dotBoxed: boolean,
    from: unknown,
    fromBoxed: boolean,
    names: readonly string[],
    start: number,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown;

  protected function(
    dot: unknown,
    dotBoxed: boolean,
    name: string,
    node: AnyNode,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    const found = this.context.functions.get(name);
    if (found !== undefined) return this.invoke(dot, dotBoxed, found, name, node, operands, final);
    if (name === 'and' || name === 'or') return this.logic(dot, dotBoxed, name, operands, final);
    if (name === 'call') return this.call(dot, dotBoxed, node, operands, final);
    return this.fail(`${quoteText(name)} is not a defined function`);
  }

  protected logic(
    dot: unknown,
    dotBoxed: boolean,
    name: 'and' | 'or',
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    const given = Math.max(operands.length - 1, 0);
    if (given === 0 && final === NOTHING)
      this.fail(`wrong number of args for ${name}: want at least 1 got 0`);
    let value: unknown;
    for (let index = 1; index < operands.length; index += 1) {
      const operand = operands[index];
      if (operand === undefined) continue;
      value = this.argument(dot, dotBoxed, 'value', operand);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === NOTHING ? value : final;
  }

  /** Values are never functions, so `call` can only say why it cannot call. */
  protected call(
    dot: unknown,
    dotBoxed: boolean,
    node: AnyNode,
    operands: readonly OperandNode[],
    final: unknown,
  ): unknown {
    const values = operands
      .slice(1)
      .map((operand) => this.argument(dot, dotBoxed, 'value', operand));
    if (final !== NOTHING) values.push(final);
    if (values.length === 0) this.fail('wrong number of args for call: want at least 1 got 0');
    const [callee] = values;
    const named = operands[1];
    const shown =
      named !== undefined
        ? nodeText(named)
        : typeof callee === 'string'
          ? callee
          : `<${typeName(callee)} Value>`;
    this.node = node;
    if (callee === undefined) this.fail('error calling call: call of nil');
    return this.fail(`error calling call: non-function ${shown} of type ${typeName(callee)}`);
  }

  protected invoke(
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
        this.fail(
          `wrong number of args for ${name}: want at least ${parameters.length} got ${given}`,
        );
    } else if (total !== parameters.length) {
      this.fail(`wrong number of args for ${name}: want ${parameters.length} got ${total}`);
    }
    const args: unknown[] = [];
    for (let index = 0; index < given; index += 1) {
      const operand = operands[index + 1];
      if (operand !== undefined)
        args.push(this.argument(dot, dotBoxed, parameters[index] ?? rest ?? 'any', operand));
    }
    if (final !== NOTHING) args.push(this.checked(final, parameters[given] ?? rest ?? 'any'));
    try {
      return this.bounded(found.call(args, this.context.environment));
    } catch (thrown) {
      this.node = node;
      if (thrown instanceof FunctionError) this.fail(`error calling ${name}: ${thrown.message}`);
      if (thrown instanceof FunctionLimitError)
        throw this.limit(`error calling ${name}: ${thrown.message}`);
      if (thrown instanceof FunctionOffloadedError) {
        const place = this.place();
        throw OffloadedDataError.because(thrown.message, {
          ...place,
          prefix: `${this.prefix(place)}error calling ${name}: `,
        });
      }
      throw thrown;
    }
  }

  protected bounded(value: unknown): unknown {
    if (typeof value === 'string' && value.length > this.context.environment.largestValue) {
      throw new FunctionLimitError('resulting text is too large');
    }
    return value;
  }

  protected argument(
    dot: unknown,
    dotBoxed: boolean,
    type: ParameterType,
    node: OperandNode,
  ): unknown {
    this.node = node;
    switch (node.kind) {
      case 'dot':
        return this.checked(dot, type);
      case 'nil':
        if (type === 'any') return null;
        if (type === 'value') return undefined;
        return type === 'map' ? EMPTY_MAP : this.fail(`cannot assign nil to ${TYPE_TEXT[type]}`);
      case 'field':
        return this.checked(
          this.chain(dot, dotBoxed, dot, dotBoxed, node.names, 0, [], NOTHING),
          type,
        );
      case 'variable':
        return this.checked(this.variable(dot, dotBoxed, node.names, node, [], NOTHING), type);
      case 'pipe':
        return this.checked(this.pipe(dot, dotBoxed, node), type);
      case 'identifier':
        return this.checked(this.function(dot, dotBoxed, node.name, node, [], NOTHING), type);
      case 'chain':
        return this.checked(this.chained(dot, dotBoxed, node, [], NOTHING), type);
      default:
    }
    if (type === 'any' || type === 'value') return this.constant(node);
    if (type === 'string' && node.kind === 'string') return node.value;
    if (type === 'bool' && node.kind === 'bool') return node.value;
    if (type === 'int' && node.kind === 'number' && node.int !== undefined)
      return new GoInt('int', node.int);
    if (type === 'float64' && node.kind === 'number' && node.float !== undefined) return node.float;
    if (type === 'map' || type === 'time')
      this.fail(`can't handle ${nodeText(node)} for arg of type ${TYPE_TEXT[type]}`);
    const wanted = type === 'int' ? 'integer' : type === 'float64' ? 'float' : type;
    return this.fail(`expected ${wanted}; found ${nodeText(node)}`);
  }

  protected checked(value: unknown, type: ParameterType): unknown {
    if (type === 'any') return value ?? null;
    if (type === 'value') return value ?? undefined;
    if (value === undefined)
      return type === 'map' ? EMPTY_MAP : this.fail(`invalid value; expected ${TYPE_TEXT[type]}`);
    const found = value === null ? 'interface {}' : typeName(value);
    if (found !== TYPE_TEXT[type])
      this.fail(`wrong type for value; expected ${TYPE_TEXT[type]}; got ${found}`);
    return value;
  }
}
