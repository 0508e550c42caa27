import type { GuestTool } from '../engine/protocol.js';
import type { SessionJournal } from './session-journal.js';
import { type TopStatement, topStatements } from './top-statements.js';

/** A Python program with what lets a session remember. */
export interface BuiltProgram {
  readonly code: string;
  /** How many lines stand before the author's own. */
  readonly linesBefore: number;
  /** The line, of the author's, whose columns are moved, and by how much. */
  readonly moved: { readonly line: number; readonly by: number } | undefined;
  readonly imports: readonly string[];
  readonly functions: readonly (readonly [string, string])[];
}

/** Packs values so that they come back as what they were. */
const PACKING = `def __pack(v):
    if v is None or isinstance(v, (bool, int, str)):
        return v
    if isinstance(v, float):
        return ["f", v]
    if isinstance(v, list):
        return ["l", [__pack(i) for i in v]]
    if isinstance(v, tuple):
        return ["t", [__pack(i) for i in v]]
    if isinstance(v, dict):
        return ["d", [[__pack(k), __pack(w)] for k, w in v.items()]]
    if isinstance(v, set):
        return ["s", [__pack(i) for i in v]]
    if isinstance(v, bytes):
        return ["b", v.hex()]
    return ["x", str(type(v))]
def __unpack(v):
    if not isinstance(v, list):
        return v
    k = v[0]
    c = v[1]
    if k == "f":
        return float(c)
    if k == "i":
        return int(c)
    if k == "l":
        return [__unpack(i) for i in c]
    if k == "t":
        return tuple([__unpack(i) for i in c])
    if k == "s":
        return set([__unpack(i) for i in c])
    if k == "b":
        return bytes.fromhex(c)
    return {__unpack(e[0]): __unpack(e[1]) for e in c}
__value = None
`;

/** A function without a name of its own, which may still call itself by the name that it gets. */
const LAMBDA = /^\w+\s*=\s*lambda\b/;

const ARROW = '__value = (';

/** Puts a program between what the session knows and what it shall remember. */
export function buildProgram(
  code: string,
  journal: SessionJournal,
  tools: readonly GuestTool[],
  inputs: readonly string[],
): BuiltProgram {
  const statements = topStatements(code);
  const own = new Set(statements.flatMap(({ names }) => names));
  const sourceOf = ({ start, end }: TopStatement): string => code.slice(start, end);
  const functions = new Map(journal.functions);
  for (const statement of statements) {
    for (const name of statement.names) functions.delete(name);
    if (statement.kind !== 'function') continue;
    for (const name of statement.names) functions.set(name, sourceOf(statement));
  }
  const imports = statements.filter(({ kind }) => kind === 'import').map(sourceOf);
  const lambdas = statements.flatMap((statement) => {
    const [name] = statement.names;
    return name !== undefined && LAMBDA.test(sourceOf(statement)) ? [name] : [];
  });
  const before = [
    PACKING,
    // The engine resolves a global when it reads the function that uses it: what is defined later must have been named before.
    ...[...functions.keys(), ...lambdas].map((name) => `${name} = None\n`),
    ...tools.map(({ name, awaited }) => wrapper(name, awaited)),
    ...journal.imports.map((source) => `${source}\n`),
    ...Object.keys(journal.values).map((name) => `${name} = __unpack(__s[${quoted(name)}])\n`),
    ...inputs.map((name) => `${name} = __unpack(__i[${quoted(name)}])\n`),
    ...journal.functions.map(([, source]) => `${source}\n`),
  ].join('');
  const last = statements.at(-1);
  const valued = last?.kind === 'expression' ? last : undefined;
  const text =
    valued === undefined
      ? code
      : `${code.slice(0, valued.start)}${ARROW}${code.slice(valued.start, valued.end)})${code.slice(valued.end)}`;
  const names = new Set([...Object.keys(journal.values), ...inputs, ...own]);
  for (const name of functions.keys()) names.delete(name);
  const after = [...names]
    .filter((name) => !name.startsWith('__') && name !== 'result')
    .map(keeping);
  const end = `\ntry:\n    __finish(__pack(result))\nexcept NameError:\n    __finish(__pack(__value))\n`;
  return {
    code: `${before}${text}\n${after.join('')}${end}`,
    linesBefore: before.split('\n').length - 1,
    moved:
      valued === undefined ? undefined : { line: lineOf(code, valued.start), by: ARROW.length },
    imports: [...new Set([...journal.imports, ...imports])],
    functions: [...functions],
  };
}

function wrapper(name: string, awaited: boolean): string {
  return `${awaited ? 'async ' : ''}def ${name}(*a, **k):\n    return __call(${quoted(name)}, a, k)\n`;
}

function keeping(name: string): string {
  return `try:\n    __keep(${quoted(name)}, __pack(${name}))\nexcept NameError:\n    pass\n`;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

function lineOf(code: string, at: number): number {
  return code.slice(0, at).split('\n').length;
}
