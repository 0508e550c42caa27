import { EngramkitError, isStandardSchema } from '@engramkit/core';
import { loadJsonSchema } from '@engramkit/descriptor';
import type { Component } from '@engramkit/engram';
import type { LoadedModule } from '@engramkit/runtime';
import type { CommandCall, ExitCode } from '../command.js';
import { printable, wrap } from '../layout.js';
import { loadForCommand } from '../load-for-command.js';
import type { Output, Style } from '../terminal.js';
import { importFrom } from './describe.js';

/** One thing that is good, doubtful or wrong about a module. */
interface CheckFinding {
  readonly verdict: 'fine' | 'notice' | 'problem';
  readonly text: string;
  readonly fix?: string;
  readonly code?: string;
}

/** `engramkit check <module>`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, terminal } = call;
  const [given = ''] = positionals;
  const findings = await findingsFor(call, given);
  const problems = findings.filter(({ verdict }) => verdict === 'problem').length;
  const exitCode = problems === 0 ? 0 : 1;
  const { stdout } = terminal;
  if (flags.on('json')) {
    const document = { status: problems === 0 ? 'fine' : 'problems', exitCode, findings };
    stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return exitCode;
  }
  for (const finding of findings) stdout.write(findingLines(finding, stdout));
  const verdict =
    problems === 0 ? 'is in order' : `has ${problems} problem${problems === 1 ? '' : 's'}`;
  stdout.write(`${stdout.paint(problems === 0 ? 'green' : 'red', `${given} ${verdict}.`)}\n`);
  return exitCode;
}

async function findingsFor(call: CommandCall, file: string): Promise<CheckFinding[]> {
  let loaded: LoadedModule;
  try {
    loaded = await loadForCommand(call, file);
  } catch (thrown) {
    return [problemOf(thrown)];
  }
  const findings: CheckFinding[] = [
    {
      verdict: 'fine',
      text: `loads in ${loaded.loadMs.toFixed(0)} ms, export ${loaded.exportName}`,
    },
  ];
  for (const component of loaded.components) {
    findings.push(...metadataFindings(component, loaded));
    findings.push(...(await schemaFindings(component, loaded)));
  }
  return findings;
}

function metadataFindings({ kind, spec }: Component, loaded: LoadedModule): CheckFinding[] {
  const findings: CheckFinding[] = [
    { verdict: 'fine', text: `${kind} ${loaded.name} ${loaded.version}` },
  ];
  if (spec.name === undefined) {
    findings.push({
      verdict: 'notice',
      text: `${kind} has no name; ${loaded.name} is taken from the file`,
      fix: `Give it one: name: '${loaded.name}'. It stays the same when the file moves.`,
    });
  }
  if (spec.version === undefined) {
    findings.push({
      verdict: 'notice',
      text: `${kind} has no version`,
      fix: "Give it one: version: '0.1.0'.",
    });
  }
  if (spec.description === undefined) {
    findings.push({
      verdict: 'notice',
      text: `${kind} has no description`,
      fix: 'Say in one sentence what it does; catalogs show it.',
    });
  }
  for (const secret of spec.secrets ?? []) {
    // Source: bobrapet-batch section 5.2: such logical names are never delivered by the operator.
    if (!secret.endsWith('_NAME') && !secret.includes('__')) continue;
    findings.push({
      verdict: 'problem',
      text: `the secret ${secret} can never be delivered in a cluster`,
      fix: 'Choose a name without two underscores in a row that does not end in _NAME.',
      code: 'SECRET_NAME_UNDELIVERABLE',
    });
  }
  return findings;
}

async function schemaFindings(
  { kind, spec }: Component,
  loaded: LoadedModule,
): Promise<CheckFinding[]> {
  const findings: CheckFinding[] = [];
  for (const member of ['config', 'inputs', 'output'] as const) {
    const schema = spec[member];
    if (schema === undefined) {
      if (member === 'config' || kind === 'impulse') continue;
      findings.push({
        verdict: 'notice',
        text: `${kind} declares no schema for its ${member}`,
        fix: `Declare one, so that wrong ${member} ${member === 'inputs' ? 'are' : 'is'} refused with a path.`,
      });
    } else if (isStandardSchema(schema)) {
      try {
        await loadJsonSchema(schema, {
          direction: member === 'output' ? 'output' : 'input',
          what: `the ${member} schema`,
          importModule: importFrom(loaded),
        });
        findings.push({
          verdict: 'fine',
          text: `${kind} ${member} schema (${schema['~standard'].vendor}) has a JSON Schema form`,
        });
      } catch (thrown) {
        findings.push(problemOf(thrown));
      }
    }
  }
  return findings;
}

function problemOf(thrown: unknown): CheckFinding {
  const { message, hint, code } = EngramkitError.from(thrown);
  return { verdict: 'problem', text: message, ...(hint === undefined ? {} : { fix: hint }), code };
}

const MARKS: Readonly<Record<CheckFinding['verdict'], readonly [mark: string, style: Style]>> = {
  fine: ['✔', 'green'],
  notice: ['!', 'yellow'],
  problem: ['✖', 'red'],
};

function findingLines({ verdict, text, fix, code }: CheckFinding, output: Output): string {
  const [mark, style] = MARKS[verdict];
  const width = Math.max(30, Math.min(output.columns, 110) - 4);
  // Messages about syntax carry lines of source, which keep their form.
  const body = text.includes('\n') ? printable(text).split('\n') : wrap(printable(text), width);
  const lines = body.map((line, index) =>
    index === 0 ? `${output.paint(style, mark)} ${line}` : `  ${line}`,
  );
  if (fix !== undefined) {
    lines.push(
      ...wrap(printable(fix), width - 2).map((line, index) =>
        index === 0 ? `  ${output.paint('cyan', '→')} ${line}` : `    ${line}`,
      ),
    );
  }
  if (code !== undefined) lines.push(output.paint('dim', `  ${code}`));
  return `${lines.join('\n')}\n`;
}
