/**
 * A compiled lease pattern: one star is any run without a slash, two stars any run at all, everything else is literal.
 *
 * Two stars between slashes also match a single slash; two stars after a last slash also match the directory itself.
 * Source: arcp section 5.2.
 */
export interface Glob {
  readonly pattern: string;
  matches(target: string): boolean;
}

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'star' }
  | { readonly kind: 'globstar' };

const CACHE_LIMIT = 4096;
const cache = new Map<string, Glob>();

/** The compiled form of a pattern; cached, linear in pattern times target, never exponential. */
export function compileGlob(pattern: string): Glob {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const alternatives = expand(pattern).map(tokenize);
  const glob: Glob = {
    pattern,
    matches: (target) => alternatives.some((tokens) => matchTokens(tokens, target)),
  };
  if (cache.size >= CACHE_LIMIT) cache.delete(cache.keys().next().value as string);
  cache.set(pattern, glob);
  return glob;
}

/** Whether the pattern covers the target. */
export function globMatches(pattern: string, target: string): boolean {
  return compileGlob(pattern).matches(target);
}

/** A pattern that ends in a slash and two stars also stands for the directory itself. */
function expand(pattern: string): readonly string[] {
  const alternatives = [pattern];
  let rest = pattern;
  while (rest.endsWith('/**') && rest.length > 3) {
    rest = rest.slice(0, -3);
    alternatives.push(rest);
  }
  return alternatives;
}

function tokenize(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') tokens.push({ kind: 'text', text });
    text = '';
  };
  for (let at = 0; at < pattern.length; ) {
    if (pattern[at] !== '*') {
      text += pattern[at];
      at += 1;
      continue;
    }
    let stars = 0;
    while (pattern[at + stars] === '*') stars += 1;
    flush();
    tokens.push({ kind: stars === 1 ? 'star' : 'globstar' });
    at += stars;
  }
  flush();
  return tokens;
}

/** A set of positions in the target is moved token by token: no backtracking. */
function matchTokens(tokens: readonly Token[], target: string): boolean {
  let positions: Uint8Array = new Uint8Array(target.length + 1);
  positions[0] = 1;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    const next = new Uint8Array(target.length + 1);
    let any = false;
    if (token.kind === 'text') {
      for (let at = 0; at <= target.length; at += 1) {
        if (positions[at] === 1 && target.startsWith(token.text, at)) {
          next[at + token.text.length] = 1;
          any = true;
        }
      }
    } else {
      let open = false;
      for (let at = 0; at <= target.length; at += 1) {
        if (positions[at] === 1) open = true;
        if (open) {
          next[at] = 1;
          any = true;
        }
        if (token.kind === 'star' && target[at] === '/') open = false;
      }
      // Between slashes two stars may stand for no segment at all: the slash before is then the slash after.
      const before = tokens[index - 1];
      const after = tokens[index + 1];
      if (
        token.kind === 'globstar' &&
        before?.kind === 'text' &&
        before.text.endsWith('/') &&
        after?.kind === 'text' &&
        after.text.startsWith('/')
      ) {
        for (let at = 1; at <= target.length; at += 1) if (positions[at] === 1) next[at - 1] = 1;
      }
    }
    if (!any) return false;
    positions = next;
  }
  return positions[target.length] === 1;
}
