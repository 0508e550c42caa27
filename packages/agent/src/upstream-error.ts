import { ArcpError } from '@engramkit/arcp';

const BUDGET_CODES: ReadonlySet<string> = new Set([
  'BUDGET_EXHAUSTED',
  'budget_exhausted',
  'insufficient_quota',
]);
const PAYMENT_REQUIRED = 402;
const FORBIDDEN = 403;

/**
 * The error of a job for what a provider of models said: a used-up budget is `BUDGET_EXHAUSTED`, a refused model
 * `PERMISSION_DENIED`, anything else passes through unchanged. Nothing of the provider's payload is kept but the message.
 *
 * Source: arcp section 7.1, C-20 and C-21.
 */
export function translateUpstreamError(thrown: unknown, model?: string): unknown {
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof ArcpError) return thrown;
  const error = thrown as Readonly<Record<string, unknown>>;
  const inner = objectOf(error.error);
  const details = { upstream_class: className(thrown) };
  const statuses = [error.status, error.statusCode, objectOf(error.response).status];
  const codes = [error.code, error.type, inner.code, inner.type].map(String);
  const message =
    typeof error.message === 'string' && error.message !== ''
      ? error.message
      : 'the provider refused';
  if (codes.some((code) => BUDGET_CODES.has(code)) || statuses.includes(PAYMENT_REQUIRED))
    return new ArcpError('BUDGET_EXHAUSTED', message, { details, cause: thrown });
  const aboutModel = model !== undefined || /model/i.test(`${message} ${codes.join(' ')}`);
  if (statuses.includes(FORBIDDEN) && aboutModel) {
    return new ArcpError('PERMISSION_DENIED', message, {
      details: {
        ...details,
        capability: 'model.use',
        ...(model === undefined ? {} : { target: model }),
      },
      cause: thrown,
    });
  }
  return thrown;
}

function className(thrown: object): string {
  const name = (thrown.constructor as { readonly name?: unknown } | undefined)?.name;
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
