import { quoteText, unquoteBody } from './go/quote.js';

/** Roots that may be written without a leading dot. Source: template section 3. */
export const BARE_ROOTS: ReadonlySet<string> = new Set(['inputs', 'steps', 'packet']);
/** A template with more bracket accesses than this is left as it is; it would nest too deeply to parse anyway. */
const MOST_SUBSCRIPTS = 1_000;
const WORD = /[A-Za-z0-9_]/;
const WORD_START = /[A-Za-z_]/;
/** The dollar sign belongs to it too, so that `$.inputs["a"]` works; without it such a template does not parse at all. */
const RECEIVER = /[A-Za-z0-9_.$-]/;

/**
 * Rewrites actions into plain Go template syntax: bare roots get a dot, `value["key"]` becomes `(index value "key")`.
 *
 * Text outside of actions, comments and literals stay as they are. Source: template section 3, bobrapet-batch section 2.4.
 */
export function normalizeTemplate(text: string): string {
  let out = '';
  let from = 0;
  for (;;) {
    const open = text.indexOf('{{', from);
    if (open < 0) return out + text.slice(from);
    const start = text[open + 2] === '-' ? open + 3 : open + 2;
    const end = actionEnd(text, start);
    if (end < 0) return out + text.slice(from);
    out += text.slice(from, start);
    const action = text.slice(start, text[end - 1] === '-' && end > start ? end - 1 : end);
    out += action.trimStart().startsWith('/*') ? action : normalizeAction(action);
    out += text.slice(start + action.length, end + 2);
    from = end + 2;
  }
}

/** Where the action's `}}` starts, literals and a leading comment respected; -1 when it does not end. */
export function actionEnd(text: string, start: number): number {
  let at = start;
  while (/[ \t\n\r]/.test(text[at] ?? '')) at += 1;
  if (text.startsWith('/*', at)) {
    const close = text.indexOf('*/', at + 2);
    if (close < 0) return -1;
    at = close + 2;
  }
  while (at < text.length - 1) {
    const next = text[at];
    if (next === '}' && text[at + 1] === '}') return at;
    at = next === '"' || next === "'" || next === '`' ? literalEnd(text, at) : at + 1;
  }
  return -1;
}

/** The index after a literal that starts at `at`; the end of the text when it is not closed. */
function literalEnd(text: string, at: number): number {
  const quote = text[at];
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === quote) return end + 1;
    if (text[end] === '\\' && quote !== '`') end += 1;
  }
  return text.length;
}

function normalizeAction(action: string): string {
  let out = '';
  let subscripts = 0;
  const open: number[] = [];
  /** Where the parenthesis opens that closes at a position of `out`. */
  const opening = new Map<number, number>();
  for (let at = 0; at < action.length; ) {
    const next = action[at] ?? '';
    if (next === '"' || next === "'" || next === '`') {
      const end = literalEnd(action, at);
      out += action.slice(at, end);
      at = end;
    } else if (WORD_START.test(next)) {
      let end = at + 1;
      while (WORD.test(action[end] ?? '')) end += 1;
      const word = action.slice(at, end);
      const previous = action[at - 1] ?? '';
      if (BARE_ROOTS.has(word) && previous !== '.' && previous !== '$' && !WORD.test(previous))
        out += '.';
      out += word;
      at = end;
    } else {
      const subscript =
        next === '[' && subscripts < MOST_SUBSCRIPTS ? readSubscript(action, at) : undefined;
      const start = subscript === undefined ? out.length : receiverStart(out, opening);
      if (subscript !== undefined && start < out.length) {
        subscripts += 1;
        out = `${out.slice(0, start)}(index ${out.slice(start)} ${quoteText(subscript.key)})`;
        opening.set(out.length - 1, start);
        at = subscript.end;
        continue;
      }
      if (next === '(') open.push(out.length);
      if (next === ')') opening.set(out.length, open.pop() ?? 0);
      out += next;
      at += 1;
    }
  }
  return out;
}

/** Reads `["key"]` or `['key']`. */
function readSubscript(
  action: string,
  at: number,
): { readonly key: string; readonly end: number } | undefined {
  const quote = action[at + 1];
  if (quote !== '"' && quote !== "'") return undefined;
  const end = literalEnd(action, at + 1);
  if (action[end - 1] !== quote || end - 1 === at + 1 || action[end] !== ']') return undefined;
  const key = unquoteBody(action.slice(at + 2, end - 1), quote);
  return key === undefined ? undefined : { key, end: end + 1 };
}

function receiverStart(out: string, opening: ReadonlyMap<number, number>): number {
  let start = out.length;
  while (start > 0) {
    const previous = out[start - 1] ?? '';
    if (RECEIVER.test(previous)) start -= 1;
    else if (previous === ')') start = opening.get(start - 1) ?? 0;
    else break;
  }
  return start;
}
