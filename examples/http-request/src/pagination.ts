import type { Config, Inputs } from './config.js';
import { atPath } from './json-path.js';

/** Where a series of pages stands. */
export interface PageState {
  readonly inputs: Inputs;
  /** The value of the updated parameter; unused in the other mode. */
  readonly value: string;
}

/** Before the first page: the request as it was asked for. */
export function firstPage(config: Config, inputs: Inputs): PageState {
  return { inputs, value: config.pagination.updateParam?.initialValue ?? '' };
}

/**
 * The request for the next page, or `undefined` when there is none.
 *
 * Throws when the next address leaves the origin: credentials would go to somebody else.
 */
export function nextPage(
  config: Config,
  state: PageState,
  answered: { readonly url: URL; readonly body: unknown },
): PageState | undefined {
  const { mode, nextURLPath, updateParam } = config.pagination;
  if (mode === 'nextUrl') {
    if (nextURLPath === '') throw new Error("config 'pagination.nextURLPath' is required");
    const next = atPath(answered.body, nextURLPath);
    if (typeof next !== 'string' || next === '') return undefined;
    const url = new URL(next, answered.url);
    if (url.origin !== answered.url.origin) {
      throw new Error(`pagination refuses an origin change to ${url.origin}`);
    }
    return { inputs: { ...state.inputs, url: url.href, params: {} }, value: '' };
  }
  if (mode !== 'updateParam') return undefined;
  if (updateParam === undefined) throw new Error("config 'pagination.updateParam' is required");
  const value = nextValue(updateParam, state.value, answered.body);
  if (value === undefined) return undefined;
  const params = { ...state.inputs.params, [updateParam.name]: value };
  return { inputs: { ...state.inputs, params }, value };
}

function nextValue(
  update: NonNullable<Config['pagination']['updateParam']>,
  current: string,
  body: unknown,
): string | undefined {
  if (update.type === 'cursor') {
    if (update.cursorPath === '') throw new Error("config 'updateParam.cursorPath' is required");
    const cursor = atPath(body, update.cursorPath);
    return typeof cursor === 'string' && cursor !== '' ? cursor : undefined;
  }
  const number = Number(current);
  if (current.trim() === '' || !Number.isInteger(number)) {
    throw new Error(`the parameter ${update.name} is not a whole number: ${current}`);
  }
  return String(number + update.increment);
}
