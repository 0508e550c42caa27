import type { GuestTool } from '../engine/protocol.js';
import { type Diagnostic, diagnostic, type Span } from '../wire/run-types.js';
import { maskSource } from './mask-source.js';

/** Built-ins that reach outside or make code of text. Source: sandbox section 5.8. */
const FORBIDDEN_CALL = /(?<![\w.])(open|eval|exec|compile|__import__|input|breakpoint)\s*\(/g;
/** Modules of other places. */
const FORBIDDEN_MODULE =
  /^[ \t]*(?:import|from)\s+(subprocess|socket|ctypes|shutil|multiprocessing|threading|signal|http|urllib|requests|importlib|inspect|gc|builtins)\b/gm;

/** Finds what cannot work before anything runs; looks outside of strings and comments only. */
export function pythonStaticChecks(
  code: string,
  tools: readonly GuestTool[],
): readonly Diagnostic[] {
  const masked = maskSource(code);
  const ours = new Set(tools.map(({ name }) => name));
  for (const [, name] of masked.matchAll(/\bdef\s+(\w+)|(?<![\w.])(\w+)\s*=(?!=)/g))
    if (name) ours.add(name);
  const findings: Diagnostic[] = [];
  for (const found of masked.matchAll(FORBIDDEN_CALL)) {
    const name = found[1] ?? '';
    const before = masked.slice(0, found.index);
    if (ours.has(name) || /\bdef\s+$/.test(before)) continue;
    findings.push(refusal(`'${name}' is not available`, spanAt(code, found.index, name.length)));
  }
  for (const found of masked.matchAll(FORBIDDEN_MODULE)) {
    const at = found.index + found[0].length - (found[1] ?? '').length;
    findings.push(
      refusal(
        `the module '${found[1]}' is not available`,
        spanAt(code, at, (found[1] ?? '').length),
      ),
    );
  }
  return findings.sort((one, other) => (one.span?.line ?? 0) - (other.span?.line ?? 0));
}

function refusal(message: string, span: Span): Diagnostic {
  const hint = 'Only capabilities reach outside; list_tools() shows them.';
  return diagnostic('error', 'UNSUPPORTED_FEATURE', message, { hint, span });
}

function spanAt(code: string, at: number, length: number): Span {
  const lines = code.slice(0, at).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return { line: lines.length, column, end_line: lines.length, end_column: column + length };
}
