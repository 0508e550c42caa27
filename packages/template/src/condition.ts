import { type JsonValue, trimSpace } from '@engramkit/core';
import { TemplateError } from './errors.js';
import { toLower } from './functions/text-case.js';
import { quoteText } from './go/quote.js';
import { typeName } from './go/values.js';

const TRUE: ReadonlySet<string> = new Set(['true', '1', 'yes', 'y']);
const FALSE: ReadonlySet<string> = new Set(['false', '0', 'no', 'n', '']);
const SHOWN = 200;

/** The truth of an evaluated condition. Source: template section 2. */
export function readCondition(value: JsonValue): boolean {
  if (typeof value === 'boolean') return value;
  const hint = 'A condition gives a boolean, or one of true, 1, yes, y, false, 0, no, n.';
  if (typeof value !== 'string') {
    throw new TemplateError(`condition did not resolve to boolean, got ${typeName(value)}`, {
      code: 'TEMPLATE_EXECUTION',
      hint,
    });
  }
  const word = toLower(trimSpace(value));
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  throw new TemplateError(
    `condition did not resolve to boolean: ${quoteText(value.slice(0, SHOWN))}`,
    { code: 'TEMPLATE_EXECUTION', hint },
  );
}
