import type { CommandSpec, FlagSpec } from './command.js';

const exportName: FlagSpec = {
  type: 'text',
  placeholder: 'NAME',
  summary: 'The export to take when the module has several components.',
};

/** `start`: the entry point of a container. */
export const start: CommandSpec = {
  name: 'start',
  summary: 'Run a module as what the operator started this container as.',
  usage: '<module>',
  positionals: { least: 1, most: 1 },
  flags: {
    export: exportName,
    'defer-retries': {
      type: 'switch',
      summary: 'Leave retryable failures to the operator, which then tries the step again.',
    },
  },
  notes: [
    'BUBU_STEPRUN_NAME makes it the pod of a step, BUBU_IMPULSE_NAME the workload of an impulse; else it runs on this machine.',
    'Exit codes: 0 succeeded, 1 failed, 124 the step timeout passed. A status that cannot be written is a JSON line instead.',
  ],
  examples: [{ line: 'engramkit start /app/component.mjs', does: 'the command of an image' }],
  load: () => import('./commands/start.js'),
};
