// Public API of @engramkit/template. Named exports only; adding a line here is an API decision.
export type {
  EvaluationOptions,
  ResolveOptions,
  TemplateEngine,
  TemplateEngineOptions,
  TemplateLimits,
  TemplateScope,
} from './engine.js';
export { createTemplateEngine } from './engine.js';
export type { TemplateErrorOptions, TemplatePosition } from './errors.js';
export {
  EvaluationBlockedError,
  OffloadedDataError,
  TemplateError,
  TemplateLimitError,
} from './errors.js';
export { functionNames } from './functions/registry.js';
export { normalizeTemplate } from './normalize.js';
export { TEMPLATE_KEY, TEMPLATE_VARIABLES_KEY } from './resolve.js';
export { STORAGE_PATH_KEY, STORAGE_REF_KEY } from './storage-reference.js';
export { validateStoryTemplates } from './story.js';
export type { TemplateIssue, TemplateRules, ValidateTemplatesOptions } from './validate.js';
export { validateTemplate, validateTemplates } from './validate.js';
