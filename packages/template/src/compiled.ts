import { trimSpace } from '@engramkit/core';
import { referencesOf, type TemplateReferences } from './analysis.js';
import { TemplateError, TemplateLimitError } from './errors.js';
import { GO_FUNCTIONS, isNondeterministic, SPECIAL_FUNCTIONS } from './functions/registry.js';
import type { TemplateFunction } from './functions/signature.js';
import type { ParsedTemplate } from './nodes.js';
import { actionEnd, normalizeTemplate } from './normalize.js';
import { parseTemplate } from './parser.js';
import { parsePath, type ValuePath } from './paths.js';
import { ParseProblem } from './token-reader.js';

/** A template text, prepared as far as it can be without data. */
export interface CompiledTemplate {
  /** The path that the whole text is, if it is one. */
  readonly path: ValuePath | undefined;
  /** Parses on first use. */
  readonly parsed: () => ParsedTemplate;
  readonly references: () => TemplateReferences;
  /** Whether the text is one action that uses only Go's own functions: then its output may be typed. */
  readonly isSingle: () => boolean;
}

/** Prepares a template text. Source: bobrapet-batch section 2.4. */
export function compileTemplate(
  source: string,
  functions: ReadonlyMap<string, TemplateFunction>,
): CompiledTemplate {
  const text = normalizeTemplate(source);
  const trimmed = trimSpace(text);
  let parsed: ParsedTemplate | undefined;
  let references: TemplateReferences | undefined;
  const parse = (): ParsedTemplate => {
    parsed ??= parseOrThrow(text, functions);
    return parsed;
  };
  const refer = (): TemplateReferences => {
    references ??= referencesOf(parse());
    return references;
  };
  return {
    path: pathOf(trimmed),
    parsed: parse,
    references: refer,
    isSingle: () => {
      if (!trimmed.startsWith('{{') || !trimmed.endsWith('}}')) return false;
      const start = text.indexOf('{{');
      const end = start + trimmed.length;
      const inside = parse().root.nodes.filter(
        (node) => node.kind !== 'text' || (node.at >= start && node.at < end),
      );
      return (
        inside.length === 1 &&
        inside[0]?.kind === 'action' &&
        [...refer().functions].every((name) => GO_FUNCTIONS.has(name))
      );
    },
  };
}

function pathOf(trimmed: string): ValuePath | undefined {
  if (!trimmed.startsWith('{{') || actionEnd(trimmed, 2) !== trimmed.length - 2) return undefined;
  return parsePath(trimSpace(trimmed.slice(2, -2)));
}

/** Parses normalised text; problems become template errors. */
export function parseOrThrow(
  text: string,
  functions: ReadonlyMap<string, TemplateFunction>,
): ParsedTemplate {
  try {
    return parseTemplate(text, (name) => functions.has(name) || SPECIAL_FUNCTIONS.has(name));
  } catch (thrown) {
    if (thrown instanceof RangeError) {
      throw new TemplateLimitError('template nests too deeply', {
        code: 'TEMPLATE_LIMIT',
        hint: 'Split the template.',
        cause: thrown,
      });
    }
    if (!(thrown instanceof ParseProblem)) throw thrown;
    const { message, line, functionName, isLimit } = thrown;
    if (isLimit)
      throw new TemplateLimitError(message, {
        code: 'TEMPLATE_LIMIT',
        line,
        hint: 'Split the template.',
      });
    const blocked = functionName !== undefined && isNondeterministic(functionName);
    throw new TemplateError(message, {
      code: blocked ? 'TEMPLATE_FUNCTION_BLOCKED' : 'TEMPLATE_SYNTAX',
      line,
      hint: blocked
        ? `${functionName} gives another result each time and is not allowed here; pass the value in as an input.`
        : hintFor(message, functionName),
    });
  }
}

function hintFor(message: string, functionName: string | undefined): string {
  if (functionName !== undefined)
    return 'Use a function of the dialect; values start with a dot, such as .inputs.name.';
  if (message.includes("U+005B '['"))
    return 'Write (index .inputs.items 0) for an element, value["key"] for a key.';
  return 'Correct the template; literal braces are written as {{ "{{" }}.';
}
