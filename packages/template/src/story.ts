import type { JsonValue } from '@engramkit/core';
import { referencesOf } from './analysis.js';
import { parseOrThrow } from './compiled.js';
import { TemplateError } from './errors.js';
import { functionsFor } from './functions/registry.js';
import { isMap, ownValue } from './go/values.js';
import { normalizeTemplate } from './normalize.js';
import { showPath } from './resolve.js';
import { type TemplateIssue, type TemplateRules, validateTemplates } from './validate.js';

type Path = ReadonlyArray<string | number>;

/** Lists of steps in the specification of a story. Source: bobrapet-batch section 11.5. */
const STEP_LISTS: ReadonlySet<string | number> = new Set(['steps', 'compensations', 'finally']);
const BATCH_WITH: TemplateRules = {
  name: 'step with',
  roots: ['inputs', 'steps'],
  allowRange: true,
  allowNow: true,
  allowRandom: true,
};
const REALTIME_WITH: TemplateRules = {
  name: 'realtime step with',
  roots: ['inputs'],
  allowRange: true,
};
const RUNTIME: TemplateRules = {
  name: 'step runtime',
  roots: ['inputs', 'steps', 'packet'],
  allowRange: true,
  allowNow: true,
};
const IF: TemplateRules = { name: 'step if', roots: ['inputs', 'steps'], allowRange: true };
const STREAMING_IF: TemplateRules = { ...IF, roots: ['inputs', 'steps', 'packet'], allowNow: true };
const CONDITION: TemplateRules = {
  name: 'postExecution condition',
  roots: ['inputs', 'steps'],
  allowRange: true,
};
const KEY: TemplateRules = {
  name: 'idempotencyKeyTemplate',
  roots: ['inputs', 'steps'],
  allowRange: true,
};
const OUTPUT: TemplateRules = {
  name: 'story output',
  roots: ['inputs', 'steps'],
  allowRange: true,
};

/**
 * Checks all templates of a Story, each by the rules of the field that it stands in, and that the steps they name exist.
 *
 * Takes the whole resource (`{ apiVersion, kind, metadata, spec }`) or only its `spec`; paths start at what was given. A realtime
 * story may use only `inputs` in `with`, and `packet` in `runtime`. Source: template section 7, bobrapet-batch section 11.5.
 */
export function validateStoryTemplates(story: JsonValue): readonly TemplateIssue[] {
  const whole = isMap(story) ? story : {};
  const inner = ownValue(whole, 'spec');
  const spec = isMap(inner) ? inner : whole;
  const prefix = isMap(inner) ? 1 : 0;
  const realtime = ownValue(spec, 'pattern') === 'realtime';
  const names = stepNames(spec);
  const issues: TemplateIssue[] = [];
  const rules = (path: Path): TemplateRules | undefined => {
    if (prefix === 1 && path[0] !== 'spec') return undefined;
    return rulesFor(path.slice(prefix), realtime);
  };
  issues.push(...validateTemplates(story, { rules }));
  eachText(story, [], (text, path) => {
    if (rules(path) !== undefined) issues.push(...unknownSteps(text, path, names));
  });
  return issues;
}

function rulesFor(path: Path, realtime: boolean): TemplateRules | undefined {
  if (path[0] === 'output') return OUTPUT;
  if (!STEP_LISTS.has(path[0] ?? '')) return undefined;
  switch (path[2]) {
    case 'with':
      // Steps inside of a parallel step are written in its `with`; they follow the rules of steps.
      if (path[3] === 'steps' && typeof path[4] === 'number')
        return rulesFor(['steps', ...path.slice(4)], realtime);
      return realtime ? REALTIME_WITH : BATCH_WITH;
    case 'runtime':
      return RUNTIME;
    case 'if':
      return realtime ? STREAMING_IF : IF;
    case 'idempotencyKeyTemplate':
      return KEY;
    case 'postExecution':
      return path[3] === 'condition' ? CONDITION : undefined;
    default:
      return undefined;
  }
}

/** The names that templates can use for steps: as written, and with `_` for what is no letter, digit or `_`. */
function stepNames(spec: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const collect = (container: unknown, depth: number): void => {
    if (!isMap(container) || depth > 8) return;
    for (const list of ['steps', 'compensations', 'finally']) {
      const steps = ownValue(container, list);
      if (!Array.isArray(steps)) continue;
      for (const step of steps) {
        if (!isMap(step)) continue;
        for (const key of ['name', 'id']) {
          const name = ownValue(step, key);
          if (typeof name === 'string') names.add(name).add(name.replaceAll(/[^A-Za-z0-9_]/g, '_'));
        }
        collect(ownValue(step, 'with'), depth + 1);
      }
    }
  };
  collect(spec, 0);
  return names;
}

function unknownSteps(
  text: string,
  path: Path,
  names: ReadonlySet<string>,
): readonly TemplateIssue[] {
  if (!text.includes('{{')) return [];
  try {
    const { steps } = referencesOf(parseOrThrow(normalizeTemplate(text), functionsFor(false)));
    return [...steps]
      .filter((name) => !names.has(name))
      .map((name) => ({
        path: showPath(path),
        message: `step ${JSON.stringify(name)} is not part of this story`,
        code: 'TEMPLATE_UNKNOWN_STEP',
        hint:
          names.size === 0
            ? 'The story has no steps with a name.'
            : `Steps: ${[...names].sort().join(', ')}.`,
      }));
  } catch (thrown) {
    if (thrown instanceof TemplateError) return []; // Reported as what it is by the check of the rules.
    throw thrown;
  }
}

function eachText(value: JsonValue, path: Path, look: (text: string, path: Path) => void): void {
  if (path.length > 256) return;
  if (typeof value === 'string') look(value, path);
  else if (Array.isArray(value))
    for (const [at, item] of value.entries()) eachText(item, [...path, at], look);
  else if (isMap(value))
    for (const [key, item] of Object.entries(value))
      eachText(item as JsonValue, [...path, key], look);
}
