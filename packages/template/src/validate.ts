import type { JsonValue } from '@engramkit/core';
import { parseOrThrow } from './compiled.js';
import { TemplateError } from './errors.js';
import { functionsFor } from './functions/registry.js';
import type { TemplateFunction } from './functions/signature.js';
import { isMap } from './go/values.js';
import { jsonSize } from './json-size.js';
import type { CommandNode, ListNode, OperandNode, PipeNode } from './nodes.js';
import { BARE_ROOTS, normalizeTemplate } from './normalize.js';
import { showPath, TEMPLATE_KEY } from './resolve.js';

/** What templates in one place of a document may use. Source: template section 7. */
export interface TemplateRules {
  /** How messages call the place; default `this`. */
  readonly name?: string;
  /** The allowed roots, such as `inputs` and `steps`. */
  readonly roots: readonly string[];
  /** Whether `range` is allowed; default false. */
  readonly allowRange?: boolean;
  /** Whether `now` is allowed; default false. */
  readonly allowNow?: boolean;
  /** Whether the random functions are allowed; default false. */
  readonly allowRandom?: boolean;
}

/** One finding of a linter. */
export interface TemplateIssue {
  /** Where it is, such as `$.with.url`. */
  readonly path: string;
  /** What is wrong, without the path. */
  readonly message: string;
  /** `TEMPLATE_SYNTAX`, `TEMPLATE_FUNCTION_BLOCKED`, `TEMPLATE_ROOT`, `TEMPLATE_RANGE`, `TEMPLATE_INCLUSION`, … */
  readonly code: string;
  /** What to do. */
  readonly hint: string;
}

/** How {@link validateTemplates} is told what is allowed. */
export interface ValidateTemplatesOptions {
  /** The rules for all templates, or for those under a path; no rules means that the value there is not looked at. */
  readonly rules:
    | TemplateRules
    | ((path: ReadonlyArray<string | number>) => TemplateRules | undefined);
}

/** Documents with more JSON than this are refused. Source: template section 7. */
const MOST_JSON_BYTES = 1_048_576;
const DEEPEST = 256;

/**
 * Checks every template in a JSON value before anything runs; an empty list means that all are fine.
 *
 * Like the operator it also takes `.name` inside of `range` and `with` for a root: write `$item.name` there.
 */
export function validateTemplates(
  value: JsonValue,
  options: ValidateTemplatesOptions,
): readonly TemplateIssue[] {
  if (jsonSize(value, MOST_JSON_BYTES) > MOST_JSON_BYTES) {
    return [
      {
        path: '$',
        message: `template JSON exceeds max validation size of ${MOST_JSON_BYTES} bytes`,
        code: 'TEMPLATE_LIMIT',
        hint: 'Move large values into storage, and reference them.',
      },
    ];
  }
  const { rules } = options;
  const issues: TemplateIssue[] = [];
  const visit = (item: JsonValue, path: ReadonlyArray<string | number>): void => {
    if (path.length > DEEPEST) return;
    if (typeof item === 'string') {
      const applied = typeof rules === 'function' ? rules(path) : rules;
      if (applied !== undefined) issues.push(...validateTemplate(item, applied, showPath(path)));
    } else if (Array.isArray(item)) {
      for (const [at, element] of item.entries()) visit(element, [...path, at]);
    } else if (isMap(item)) {
      for (const [key, entry] of Object.entries(item)) {
        if (key === TEMPLATE_KEY && typeof entry !== 'string') {
          issues.push({
            path: showPath([...path, key]),
            message: `${TEMPLATE_KEY} must be a string`,
            code: 'TEMPLATE_INVALID_VALUE',
            hint: 'Give the template as a text.',
          });
        } else visit(entry as JsonValue, [...path, key]);
      }
    }
  };
  visit(value, []);
  return issues;
}

/** Checks one template text; `path` says where it stands, default `$`. */
export function validateTemplate(
  text: string,
  rules: TemplateRules,
  path = '$',
): readonly TemplateIssue[] {
  if (!text.includes('{{')) return [];
  try {
    const parsed = parseOrThrow(normalizeTemplate(text), allowedFunctions(rules));
    const found = new Map<string, TemplateIssue>();
    const check = new RuleCheck(rules, (message, code, hint) =>
      found.set(message, { path, message, code, hint }),
    );
    check.list(parsed.root);
    return [...found.values()];
  } catch (thrown) {
    if (!(thrown instanceof TemplateError)) throw thrown;
    return [{ path, message: thrown.message, code: thrown.code, hint: thrown.hint ?? '' }];
  }
}

function allowedFunctions(rules: TemplateRules): ReadonlyMap<string, TemplateFunction> {
  const allowed = new Map(functionsFor(true));
  for (const [name, found] of functionsFor(false)) {
    if (allowed.has(name)) continue;
    if (name === 'now' ? rules.allowNow === true : rules.allowRandom === true)
      allowed.set(name, found);
  }
  return allowed;
}

class RuleCheck {
  readonly #rules: TemplateRules;
  readonly #report: (message: string, code: string, hint: string) => void;

  constructor(rules: TemplateRules, report: (message: string, code: string, hint: string) => void) {
    this.#rules = rules;
    this.#report = report;
  }

  get #place(): string {
    const name = this.#rules.name?.trim() ?? '';
    return name === '' ? 'this' : name;
  }

  list(list: ListNode): void {
    for (const node of list.nodes) {
      if (node.kind === 'range' && this.#rules.allowRange !== true) {
        this.#report(
          `range is not allowed for ${this.#place} templates`,
          'TEMPLATE_RANGE',
          'Use join, toJson or index instead of a loop.',
        );
      }
      if (node.kind === 'template') {
        const hint = 'Write the text where it is needed; templates cannot include others here.';
        this.#report(
          `template inclusion is not supported (${node.name})`,
          'TEMPLATE_INCLUSION',
          hint,
        );
      } else if ('pipe' in node) this.#pipe(node.pipe);
      if ('list' in node) {
        this.list(node.list);
        if (node.otherwise !== undefined) this.list(node.otherwise);
      }
    }
  }

  #pipe(pipe: PipeNode): void {
    for (const command of pipe.commands) this.#command(command);
  }

  #command(command: CommandNode): void {
    this.#accessor(command);
    for (const operand of command.operands) this.#operand(operand);
  }

  /** `index . "root"`, `get . "root"` and `dig "root" … .` name a root as well. */
  #accessor(command: CommandNode): void {
    const [first, second, third] = command.operands;
    if (first?.kind !== 'identifier') return;
    const isIndex = first.name === 'index' || first.name === 'get';
    if (isIndex && isDot(second) && third?.kind === 'string') this.#root(third.value);
    if (first.name === 'dig' && isDot(command.operands.at(-1)) && second?.kind === 'string')
      this.#root(second.value);
  }

  #operand(operand: OperandNode): void {
    if (operand.kind === 'field') this.#root(operand.names[0] ?? '');
    else if (operand.kind === 'pipe') this.#pipe(operand);
    else if (operand.kind === 'chain') {
      if (isDot(operand.node)) this.#root(operand.names[0] ?? '');
      else this.#operand(operand.node);
    }
  }

  #root(root: string): void {
    if (this.#rules.roots.includes(root)) return;
    const known = BARE_ROOTS.has(root);
    const allowed = this.#rules.roots.map((name) => `.${name}`).join(', ');
    const hint = known
      ? `Allowed here: ${allowed}.`
      : `Start with one of ${allowed}; inside range and with, name the element: {{ range $item := … }}{{ $item.${root} }}.`;
    this.#report(
      `${known ? '' : 'unknown '}context '${root}' is not allowed for ${this.#place} templates`,
      'TEMPLATE_ROOT',
      hint,
    );
  }
}

/** `.` itself, also in parentheses. */
function isDot(operand: OperandNode | undefined): boolean {
  if (operand?.kind === 'dot') return true;
  if (operand?.kind !== 'pipe' || operand.commands.length !== 1) return false;
  const [command] = operand.commands;
  return command?.operands.length === 1 && isDot(command.operands[0]);
}
