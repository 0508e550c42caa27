import { resolve } from 'node:path';
import { InvalidInputError, systemClock } from '@engramkit/core';
import { type Component, inspectExport } from '@engramkit/engram';
import type { GovernedFunction } from '@engramkit/functions';
import { cacheDirectoryOf, loadExports } from '@engramkit/runtime';
import { secretsFromSources } from '@engramkit/secrets';
import type { CommandCall } from '../command.js';
import { readJsonArgument } from '../json-argument.js';
import { secretSources } from '../secret-flags.js';
import { stateDirectory } from '../state-directory.js';

/** The package that the commands of functions need. */
export type FunctionsLibrary = typeof import('@engramkit/functions');

/** Where a command keeps what it records. */
export function recordsDirectory(call: CommandCall): string {
  return stateDirectory({ flag: call.flags.text('directory'), directory: call.directory });
}

/** The functions that modules export: functions as they are, batch engrams as functions, lists of both. */
export async function functionsOf(
  modules: readonly string[],
  call: CommandCall,
  library: FunctionsLibrary,
): Promise<readonly GovernedFunction[]> {
  const functions: GovernedFunction[] = [];
  for (const given of modules) {
    const file = resolve(call.directory, given);
    const loaded = await loadExports(file, {
      cacheDirectory: cacheDirectoryOf(recordsDirectory(call)),
      clock: systemClock,
    });
    const found: GovernedFunction[] = [];
    const seen = new Set<unknown>();
    for (const [name, value] of loaded.exports) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (seen.has(one)) continue;
        seen.add(one);
        const made = await functionOf(one, name === 'default' ? given : name, call, library);
        if (made !== undefined) found.push(made);
      }
    }
    if (found.length === 0) {
      throw new InvalidInputError(`${given} exports no function`, {
        code: 'EXPORT_NOT_FOUND',
        details: { file: loaded.file, found: [...loaded.exports.keys()] },
        hint: 'Export the result of defineFunction, governed or defineBatch, an instance of a FunctionPlugin, or a list of them.',
      });
    }
    functions.push(...found);
  }
  return functions;
}

async function functionOf(
  value: unknown,
  name: string,
  call: CommandCall,
  library: FunctionsLibrary,
): Promise<GovernedFunction | undefined> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return undefined;
  // Looked at by its members: the module may have another copy of the package.
  const members = value as Partial<GovernedFunction>;
  if (typeof members.function_id === 'string' && typeof members.handle === 'function') {
    return value as GovernedFunction;
  }
  const { component } = inspectExport(value);
  if (component === undefined) return undefined;
  const batch: Component = 'kind' in component ? component : component.batch;
  if (batch.kind !== 'batch') return undefined;
  const { env, flags, directory } = call;
  const config = flags.text('config');
  const secrets = secretSources(flags.texts('secret'), directory);
  return library.functionFromBatch(batch, {
    name: idFrom(name),
    config:
      config === undefined
        ? {}
        : await readJsonArgument('--config', config, { directory, stdin: process.stdin }),
    secrets: { open: ({ signal }) => secretsFromSources(secrets, { env, signal }) },
  });
}

/** A function id from the name of a file or an export. */
function idFrom(name: string): string {
  const stem =
    name
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/\.[a-z]+$/, '') ?? '';
  return stem
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^[^a-z]+|-+$/g, '');
}
