import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AgentDefinition, AgentFunction } from '@engramkit/agent';
import { InvalidInputError, parseJson, systemClock } from '@engramkit/core';
import { inspectExport } from '@engramkit/engram';
import { cacheDirectoryOf, loadExports } from '@engramkit/runtime';
import type { CommandCall } from '../command.js';
import { secretSources } from '../secret-flags.js';
import { runtimeDirectory } from './agent.js';

type AgentLibrary = typeof import('@engramkit/agent');

/** Where the agents of a folder are looked for, when its package.json names no `main`. */
const ENTRIES = ['agents', 'src/agents', 'index', 'src/index'].flatMap((stem) =>
  ['.ts', '.mts', '.mjs', '.js'].map((extension) => stem + extension),
);

/** The agents that the modules export: agents as they are, engrams and governed functions made into agents. */
export async function agentsOf(
  modules: readonly string[],
  call: CommandCall,
  library: AgentLibrary,
): Promise<readonly AgentDefinition[]> {
  const agents: AgentDefinition[] = [];
  for (const given of modules) {
    const file = entryOf(given, call.directory);
    const loaded = await loadExports(file, {
      cacheDirectory: cacheDirectoryOf(runtimeDirectory(call)),
      clock: systemClock,
    });
    const found = new Set<AgentDefinition>();
    const seen = new Set<unknown>();
    for (const [name, value] of loaded.exports) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (seen.has(one)) continue;
        seen.add(one);
        const agent = agentOf(one, `${given}, export ${name}`, call, library);
        if (agent !== undefined) found.add(agent);
      }
    }
    if (found.size === 0) {
      throw new InvalidInputError(`${given} exports no agent`, {
        code: 'EXPORT_NOT_FOUND',
        details: { file: loaded.file, found: [...loaded.exports.keys()] },
        hint: 'Export the result of defineAgent, defineBatch, defineEngram or defineFunction, or a list of them.',
      });
    }
    agents.push(...found);
  }
  return agents;
}

function agentOf(
  value: unknown,
  where: string,
  call: CommandCall,
  library: AgentLibrary,
): AgentDefinition | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return undefined;
  // Looked at by its members: the module may have another copy of the package.
  const members = value as Partial<AgentDefinition & AgentFunction>;
  if (typeof members.name === 'string' && typeof members.handler === 'function')
    return value as AgentDefinition;
  if (typeof members.function_id === 'string' && typeof members.handle === 'function') {
    return library.agentFromFunction(value as AgentFunction);
  }
  const { component } = inspectExport(value);
  if (component === undefined) return undefined;
  const batch = 'kind' in component ? component : component.batch;
  if (batch.kind !== 'batch') return undefined;
  try {
    return library.agentFromComponent(batch, {
      secrets: secretSources(call.flags.texts('secret'), call.directory),
      env: call.env,
    });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new InvalidInputError(`${where}: ${cause.message}`, { code: 'AGENT_INVALID', cause });
  }
}

/** A folder stands for its entry: `main` of its package.json, else the first usual name. */
function entryOf(given: string, directory: string): string {
  const path = resolve(directory, given);
  if (!existsSync(path) || !statSync(path).isDirectory()) return path;
  const manifest = join(path, 'package.json');
  if (existsSync(manifest)) {
    const { main } = parseJson(readFileSync(manifest, 'utf8'), { what: manifest }) as {
      readonly main?: unknown;
    };
    if (typeof main === 'string') return join(path, main);
  }
  const found = ENTRIES.find((entry) => existsSync(join(path, entry)));
  if (found !== undefined) return join(path, found);
  throw new InvalidInputError(`${given} is a folder without agents`, {
    code: 'MODULE_NOT_FOUND',
    hint: `Name a file, put "main" into its package.json, or have one of ${ENTRIES.slice(0, 8).join(', ')}.`,
  });
}
