import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EngramkitError, InvalidInputError } from '@engramkit/core';

/** A place in a source file; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** How many characters are marked; default 1. */
  readonly length?: number;
}

/** `file:line:column`. */
export function positionText({ file, line, column }: SourcePosition): string {
  return `${file}:${line}:${column}`;
}

/** A module that does not parse, with the line and a mark under the place. */
export function moduleSyntaxError(
  text: string,
  position: SourcePosition,
  lineText: string,
): InvalidInputError {
  const frame = codeFrame(position, lineText);
  return new InvalidInputError(`${positionText(position)}: ${text}\n${frame}`, {
    code: 'MODULE_SYNTAX_ERROR',
    details: { file: position.file, line: position.line, column: position.column, frame },
    hint: 'Correct the line and run again.',
  });
}

/** A package that a module imports and that is not installed. */
export function missingDependency(
  specifier: string,
  importer: string,
  position?: SourcePosition,
): EngramkitError {
  const name = packageName(specifier);
  return new EngramkitError(
    `${position === undefined ? importer : positionText(position)} imports ${specifier}, which is not installed`,
    {
      code: 'MISSING_DEPENDENCY',
      details: { package: name, importer },
      hint: `Run \`${installCommand(dirname(importer))} ${name}\`.`,
    },
  );
}

function codeFrame({ line, column, length = 1 }: SourcePosition, lineText: string): string {
  const gutter = String(line);
  const shown = lineText.slice(0, 200).replaceAll('\t', ' ');
  const width = Math.max(1, Math.min(length, shown.length - column + 1));
  return `  ${gutter} | ${shown}\n  ${' '.repeat(gutter.length)} | ${' '.repeat(Math.max(0, column - 1))}${'^'.repeat(width)}`;
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The command of the package manager whose lock file is nearest. */
function installCommand(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'pnpm-lock.yaml'))) return 'pnpm add';
    if (existsSync(join(at, 'yarn.lock'))) return 'yarn add';
    if (existsSync(join(at, 'bun.lock')) || existsSync(join(at, 'bun.lockb'))) return 'bun add';
    if (existsSync(join(at, 'package-lock.json')) || at === dirname(at)) return 'npm install';
  }
}
