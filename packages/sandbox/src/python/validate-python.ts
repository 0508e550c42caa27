import { parseJson } from '@engramkit/core';
import type { GuestTool } from '../engine/protocol.js';
import { type Diagnostic, diagnostic } from '../wire/run-types.js';
import { pythonProblem } from './python-problem.js';
import { packInputs } from './python-values.js';
import { imageJournal } from './session-journal.js';
import { pythonStaticChecks } from './static-checks.js';

/** The engine's reader, as far as it is used. */
export type MontyReader = new (
  code: string,
  options: { readonly scriptName: string },
) => { typeCheck(prefix: string): void };

/** What is to be checked, and what the session knows. */
export interface PythonToValidate {
  readonly code: string;
  readonly tools: readonly GuestTool[];
  readonly image: Uint8Array | undefined;
  readonly inputsText: string;
}

/** Everything that can be found in a Python program without running it. Source: sandbox section 5.8. */
export function validatePython(Reader: MontyReader, what: PythonToValidate): readonly Diagnostic[] {
  const { code, tools, image, inputsText } = what;
  const findings = [...pythonStaticChecks(code, tools)];
  const journal = imageJournal(image);
  const known = [
    ...Object.keys(journal.values),
    ...journal.functions.map(([name]) => name),
    ...Object.keys(packInputs(inputsText)),
  ];
  const prefix = [
    'from typing import Any\n',
    ...known.map((name) => `${name}: Any = None\n`),
    ...tools.map(
      ({ name, awaited }) =>
        `${awaited ? 'async ' : ''}def ${name}(*a: Any, **k: Any) -> Any:\n    raise NotImplementedError()\n`,
    ),
    ...journal.imports.map((source) => `${source}\n`),
  ].join('');
  try {
    new Reader(code, { scriptName: 'main.py' }).typeCheck(prefix);
  } catch (thrown) {
    findings.push(...typeFindings(thrown, prefix.split('\n').length));
  }
  return findings;
}

interface TypeFinding {
  readonly code: string;
  readonly message: string;
  readonly location: { readonly row: number; readonly column: number };
  readonly end_location: { readonly row: number; readonly column: number };
}

/** What the type checker calls what the wire calls otherwise. */
const CODE_OF_FINDING: Readonly<Record<string, string>> = {
  'unresolved-reference': 'UNKNOWN_TOOL',
  'unresolved-import': 'UNSUPPORTED_FEATURE',
};

/** What the type checker finds, in the author's lines. */
function typeFindings(thrown: unknown, linesBefore: number): readonly Diagnostic[] {
  const { displayDiagnostics } = thrown as { displayDiagnostics?: (format: string) => string };
  if (displayDiagnostics === undefined) {
    const turn = pythonProblem(thrown, undefined, false);
    return turn.kind === 'failed' ? [{ severity: 'error', ...turn.error }] : [];
  }
  const text = displayDiagnostics.call(thrown, 'json');
  const found = parseJson(text, {
    what: 'the findings',
    prototypeKeys: 'keep',
  }) as unknown as readonly TypeFinding[];
  return found
    .filter(({ location }) => location.row > linesBefore)
    .map(({ code, message, location, end_location: end }) =>
      diagnostic('error', CODE_OF_FINDING[code] ?? 'TYPE_ERROR', message, {
        span: {
          line: location.row - linesBefore,
          column: location.column,
          end_line: end.row - linesBefore,
          end_column: end.column,
        },
      }),
    );
}
