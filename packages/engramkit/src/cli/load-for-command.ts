import { systemClock } from '@engramkit/core';
import { cacheDirectoryOf, type LoadedModule, loadModule } from '@engramkit/runtime';
import type { CommandCall } from './command.js';
import { stateDirectory } from './state-directory.js';

/** Loads the module that a command looks at without running it. */
export function loadForCommand(call: CommandCall, moduleFile: string): Promise<LoadedModule> {
  const { flags, directory } = call;
  const state = stateDirectory({ flag: flags.text('directory'), directory });
  return loadModule(moduleFile, {
    cacheDirectory: cacheDirectoryOf(state),
    clock: systemClock,
    exportName: flags.text('export'),
  });
}
