import type { JsonValue } from '@engramkit/core';
import { createTemplateEngine, type TemplateEngineOptions, type TemplateScope } from './engine.js';
import type { TemplateIssue } from './validate.js';
import { validateTemplates } from './validate.js';

const engine = createTemplateEngine({ limits: { timeoutMs: 100 } });
const scope: TemplateScope = { inputs: { a: [1, null] } };

export const rendered: string = engine.render('', scope);
export const evaluated: JsonValue = engine.evaluate('', scope);
export const condition: boolean = engine.condition('', scope, {
  signal: new AbortController().signal,
});
export const resolved: JsonValue = engine.resolve({ a: '' }, scope, {
  isLiteral: (path) => path[0] === 'a',
});
export const issues: readonly TemplateIssue[] = validateTemplates('', {
  rules: { roots: ['inputs'] },
});

// @ts-expect-error a function is no JSON value
engine.evaluate('', { inputs: () => 1 });
// @ts-expect-error dates are no JSON values
engine.resolve(new Date(), scope);
// @ts-expect-error limits have names
export const unknownLimit: TemplateEngineOptions = { limits: { maxOutput: 1 } };
// @ts-expect-error rules name the allowed roots
validateTemplates('', { rules: {} });
