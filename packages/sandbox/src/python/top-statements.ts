import { maskSource } from './mask-source.js';

/** One statement at the outermost level of a program. */
export interface TopStatement {
  /** Offsets of its text, without a comment behind it. */
  readonly start: number;
  readonly end: number;
  readonly kind: 'function' | 'import' | 'expression' | 'other';
  /** Names that it may bind at the outermost level. */
  readonly names: readonly string[];
}

/** Words that begin a statement that is no expression. */
const STATEMENT_WORD =
  /^(?:if|for|while|try|with|def|class|async|import|from|return|raise|pass|break|continue|del|global|nonlocal|assert|match|type|@)\b|^@/;
const CONTINUES = /^(?:else|elif|except|finally)\b/;
const NAME = /[A-Za-z_]\w*/g;

/** The statements of a program at its outermost level, as far as their places and names matter. Wrong programs give something. */
export function topStatements(source: string): readonly TopStatement[] {
  const masked = maskSource(source);
  const groups: [number, number][] = [];
  for (const [start, end] of logicalLines(masked)) {
    const text = masked.slice(start, end);
    const indented = /^[ \t]/.test(masked.slice(lineStart(masked, start), start));
    const last = groups.at(-1);
    const decorated =
      last !== undefined &&
      /^@[^\n]*$/.test(
        masked
          .slice(...last)
          .split('\n')
          .at(-1) ?? '',
      );
    if (last !== undefined && (indented || CONTINUES.test(text) || decorated)) last[1] = end;
    else groups.push([start, end]);
  }
  return groups.flatMap(([start, end]) => split(masked, start, end));
}

function split(masked: string, start: number, end: number): readonly TopStatement[] {
  const text = masked.slice(start, end);
  if (/^(?:@|(?:async\s+)?def\b)/.test(text)) {
    const name = /(?:^|\n)(?:async\s+)?def\s+(\w+)/.exec(text)?.[1];
    return [{ start, end, kind: 'function', names: name === undefined ? [] : [name] }];
  }
  if (STATEMENT_WORD.test(text) && !/^(?:import|from|pass|del|assert|raise|global)\b/.test(text)) {
    return [{ start, end, kind: 'other', names: compoundNames(text) }];
  }
  const parts: TopStatement[] = [];
  let from = 0;
  for (const at of [...outside(text, ';'), text.length]) {
    const lead = /^\s*/.exec(text.slice(from, at))?.[0].length ?? 0;
    const part = text.slice(from + lead, at).trimEnd();
    if (part !== '') {
      const begin = start + from + lead;
      parts.push({ start: begin, end: begin + part.length, ...simple(part) });
    }
    from = at + 1;
  }
  return parts;
}

function simple(text: string): Pick<TopStatement, 'kind' | 'names'> {
  if (/^(?:import|from)\b/.test(text)) return { kind: 'import', names: [] };
  if (STATEMENT_WORD.test(text)) return { kind: 'other', names: [] };
  const names = assignedNames(text);
  const isExpression = names === undefined;
  return {
    kind: isExpression ? 'expression' : 'other',
    names: [...(names ?? []), ...walrusNames(text)],
  };
}

/** The names that an assignment binds; `undefined` when the text is none. */
function assignedNames(text: string): readonly string[] | undefined {
  const annotated = /^([A-Za-z_]\w*)\s*:(?!=)/.exec(text);
  if (annotated && !/^lambda\b/.test(text)) return [annotated[1] ?? ''];
  const signs = outside(text, '=').filter(
    (at) => text[at + 1] !== '=' && !/[=!<>:]/.test(text[at - 1] ?? ''),
  );
  const shifts = outside(text, '=').filter((at) => /(?:<<|>>)$/.test(text.slice(0, at)));
  const all = [...signs, ...shifts].sort((one, other) => one - other);
  if (all.length === 0) return undefined;
  const names: string[] = [];
  let from = 0;
  for (const at of all) {
    const target = text.slice(from, at).replace(/(?:\*\*|\/\/|>>|<<|[-+*/%@&|^])$/, '');
    if (/^[\s\w,()*[\]]+$/.test(target) && !/\w\s*\[/.test(target))
      names.push(...(target.match(NAME) ?? []));
    from = at + 1;
  }
  return names;
}

function walrusNames(text: string): readonly string[] {
  return [...text.matchAll(/\b([A-Za-z_]\w*)\s*:=/g)].map(([, name]) => name ?? '');
}

/** Names bound by a loop, a branch or the like; functions inside bind their own. */
function compoundNames(text: string): readonly string[] {
  const names: string[] = [...walrusNames(text)];
  let inner: number | undefined;
  for (const line of text.split('\n')) {
    const indent = /^\s*/.exec(line)?.[0].length ?? 0;
    if (line.trim() === '') continue;
    if (inner !== undefined && indent > inner) continue;
    inner = undefined;
    const body = line.trim();
    const def = /^(?:async\s+)?def\s+(\w+)/.exec(body);
    if (def) inner = indent;
    for (const [, target] of body.matchAll(/\bfor\s+(.+?)\s+in\b/g))
      names.push(...((target ?? '').match(NAME) ?? []));
    for (const [, name] of body.matchAll(/\bas\s+([A-Za-z_]\w*)/g)) names.push(name ?? '');
    const rest = body
      .replace(/^(?:if|while|for|with|elif|else|try|except|finally)\b[^:]*:/, '')
      .trim();
    for (const part of rest.split(';')) names.push(...(assignedNames(part.trim()) ?? []));
  }
  return names.filter((name) => name !== '');
}

/** Where a character stands outside of brackets. */
function outside(text: string, wanted: string): readonly number[] {
  const found: number[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    else if (char === wanted && depth === 0) found.push(at);
  }
  return found;
}

/** Lines that belong together: inside of brackets, or after a backslash. */
function logicalLines(masked: string): readonly (readonly [start: number, end: number])[] {
  const lines: [number, number][] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= masked.length; at++) {
    const char = masked[at];
    if (char !== undefined && '([{'.includes(char)) depth += 1;
    else if (char !== undefined && ')]}'.includes(char)) depth = Math.max(0, depth - 1);
    if (char !== undefined && (char !== '\n' || depth > 0 || masked[at - 1] === '\\')) continue;
    const text = masked.slice(from, at);
    const lead = /^\s*/.exec(text)?.[0].length ?? 0;
    if (text.trim() !== '') lines.push([from + lead, from + text.trimEnd().length]);
    from = at + 1;
  }
  return lines;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}
