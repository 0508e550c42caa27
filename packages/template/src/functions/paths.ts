import { type FunctionTable, fn, text } from './signature.js';

/** `path.Clean`. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!rooted) kept.push('..');
  }
  const joined = (rooted ? '/' : '') + kept.join('/');
  return joined === '' ? '.' : joined;
}

function basePath(path: string): string {
  if (path === '') return '.';
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  const trimmed = path.slice(0, end);
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

function extension(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot);
}

const base = fn('string', (args) => basePath(text(args, 0)));
const dir = fn('string', (args) =>
  cleanPath(text(args, 0).slice(0, text(args, 0).lastIndexOf('/') + 1)),
);
const clean = fn('string', (args) => cleanPath(text(args, 0)));
const ext = fn('string', (args) => extension(text(args, 0)));
const isAbs = fn('string', (args) => text(args, 0).startsWith('/'));

/** Functions on paths; they never look at a file system. Source: template section 6. */
export const PATHS: FunctionTable = {
  base,
  dir,
  clean,
  ext,
  isAbs,
  osBase: base,
  osDir: dir,
  osClean: clean,
  osExt: ext,
  osIsAbs: isAbs,
};
