import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { JsonObject } from '@engramkit/core';
import { type ComponentDescription, describeComponent } from '@engramkit/descriptor';
import type { LoadedModule } from '@engramkit/runtime';
import type { CommandCall, ExitCode } from '../command.js';
import { printable } from '../layout.js';
import { loadForCommand } from '../load-for-command.js';
import { schemaLines } from '../schema-view.js';
import type { Output } from '../terminal.js';

/** `engramkit describe <module>`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, terminal } = call;
  const [given = ''] = positionals;
  const loaded = await loadForCommand(call, given);
  const descriptions = await Promise.all(
    loaded.components.map((component) =>
      describeComponent(component, {
        module: given,
        name: loaded.name,
        importModule: importFrom(loaded),
      }),
    ),
  );
  const { stdout } = terminal;
  if (flags.on('json')) {
    // A module with two modes has two descriptions; one is the ordinary case and stands alone.
    const document = descriptions.length === 1 ? descriptions[0] : descriptions;
    stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    stdout.write(descriptions.map((one) => describeText(one, stdout)).join('\n'));
  }
  return 0;
}

/** Imports a package as the author's module would find it. */
export function importFrom(loaded: LoadedModule): (specifier: string) => Promise<unknown> {
  const { resolve: find } = createRequire(loaded.file);
  return (specifier) => import(pathToFileURL(find(specifier)).href);
}

function describeText(description: ComponentDescription, output: Output): string {
  const { name, version, kind, secrets, config, inputs } = description;
  const lines = [
    `${output.paint('bold', printable(`${name} ${version}`))}  ${output.paint('dim', kind)}`,
  ];
  if (description.description !== undefined) lines.push(printable(description.description));
  const section = (title: string, schema: JsonObject | undefined, without: string): void => {
    lines.push('', output.paint('bold', title));
    if (schema === undefined) lines.push(`  ${output.paint('dim', without)}`);
    else lines.push(...schemaLines(schema, output).map((line) => `  ${line}`));
  };
  section('Config', config, 'any JSON object');
  section('Inputs', inputs, 'any JSON object');
  section('Output', description.output, 'any JSON value');
  lines.push('', output.paint('bold', 'Secrets'));
  if (secrets.length === 0) lines.push(`  ${output.paint('dim', 'none')}`);
  for (const secret of secrets) lines.push(`  ${output.paint('cyan', printable(secret))}`);
  return `${lines.join('\n')}\n`;
}
