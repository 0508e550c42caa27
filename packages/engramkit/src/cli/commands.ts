import type { CommandSpec, FlagSpec } from './command.js';

const json: FlagSpec = {
  type: 'switch',
  summary:
    'Write one JSON document to standard output, whatever happens; everything else goes to standard error.',
};
const directory: FlagSpec = {
  type: 'text',
  placeholder: 'PATH',
  summary: 'Where runs are kept; default .engramkit beside the nearest package.json.',
};
const exportName: FlagSpec = {
  type: 'text',
  placeholder: 'NAME',
  summary: 'The export to take when the module has several components.',
};

/** `run`: the whole way of one invocation on this machine. */
const run: CommandSpec = {
  name: 'run',
  summary: 'Run a component on this machine.',
  usage: '<module>',
  positionals: { least: 1, most: 1 },
  flags: {
    inputs: {
      type: 'text',
      placeholder: 'JSON|@FILE|-',
      summary: 'The inputs: JSON text, @file (JSON or YAML), or - for standard input.',
      short: 'i',
    },
    config: {
      type: 'text',
      placeholder: 'JSON|@FILE|-',
      summary: 'The config, in the same forms.',
      short: 'c',
    },
    secret: {
      type: 'text',
      placeholder: 'NAME=env:VAR|file:PATH',
      summary: 'One secret, from an environment variable or a file; repeatable.',
      repeatable: true,
    },
    timeout: {
      type: 'text',
      placeholder: 'DURATION',
      summary: 'How long the run may take, such as 30s, 1m30s or 500ms; default no limit.',
    },
    'load-timeout': {
      type: 'text',
      placeholder: 'DURATION',
      summary: 'How long importing the module may take; default 30s.',
    },
    watch: {
      type: 'switch',
      summary: 'Run again whenever the module or a file that it imports changes.',
    },
    export: exportName,
    step: {
      type: 'text',
      placeholder: 'NAME',
      summary: 'The step name that the component sees in its story; default its own name.',
    },
    directory,
    json,
    quiet: {
      type: 'switch',
      summary: 'Show no progress and no report, only log lines and problems.',
      short: 'q',
    },
    'log-level': {
      type: 'text',
      placeholder: 'LEVEL',
      summary: 'debug, info, warn or error; default info.',
    },
  },
  notes: [
    'Exit codes: 0 succeeded, 1 failed, 124 the timeout passed, 2 the command line is wrong.',
    'Secrets never appear on the command line: name the variable or the file that holds the value.',
  ],
  examples: [
    { line: `engramkit run greet.ts --inputs '{"who":"Ada"}'`, does: 'inputs as JSON' },
    {
      line: 'engramkit run greet.ts --inputs @inputs.yaml --timeout 30s',
      does: 'inputs from a file',
    },
    {
      line: 'engramkit run fetch.ts --secret bearer_token=env:API_TOKEN',
      does: 'a secret from a variable',
    },
    {
      line: 'cat week.json | engramkit run digest.ts --inputs - --json | jq .output',
      does: 'in a pipeline',
    },
  ],
  load: () => import('./commands/run.js'),
};

const describe: CommandSpec = {
  name: 'describe',
  summary: 'Show what a component is: kind, version, config, inputs, output, secrets.',
  usage: '<module>',
  positionals: { least: 1, most: 1 },
  flags: { json, export: exportName },
  examples: [
    { line: 'engramkit describe greet.ts', does: 'for people' },
    { line: 'engramkit describe greet.ts --json', does: 'with JSON Schemas, for programs' },
  ],
  load: () => import('./commands/describe.js'),
};

const check: CommandSpec = {
  name: 'check',
  summary: 'Check a module without running it; exit code 1 when something is wrong.',
  usage: '<module>',
  positionals: { least: 1, most: 1 },
  flags: { json, export: exportName },
  notes: [
    'Loads the module, then checks its exports, name, version, secret names and whether its schemas have a JSON Schema form.',
  ],
  examples: [{ line: 'engramkit check greet.ts', does: 'before a commit, or in CI' }],
  load: () => import('./commands/check.js'),
};

const runs: CommandSpec = {
  name: 'runs',
  summary: 'List the runs on this machine, or show one.',
  usage: '<list | show> [id]',
  positionals: { least: 1, most: 2 },
  flags: {
    directory,
    json,
    limit: {
      type: 'text',
      placeholder: 'COUNT',
      summary: 'How many runs to list, newest first; default 20.',
    },
  },
  examples: [
    { line: 'engramkit runs list', does: 'the newest runs' },
    { line: 'engramkit runs show 01j9', does: 'one run, by the beginning of its id' },
  ],
  load: () => import('./commands/runs.js'),
};

const doctor: CommandSpec = {
  name: 'doctor',
  summary: 'Look for what could go wrong on this machine and say how to mend it.',
  usage: '',
  positionals: { least: 0, most: 0 },
  flags: { directory, json },
  examples: [{ line: 'engramkit doctor', does: 'exit code 1 when something is broken' }],
  load: () => import('./commands/doctor.js'),
};

const help: CommandSpec = {
  name: 'help',
  summary: 'Show help for a command.',
  usage: '[command]',
  positionals: { least: 0, most: 1 },
  flags: {},
  examples: [{ line: 'engramkit help run', does: 'every flag of run' }],
  load: () => import('./commands/help.js'),
};

/** Every command, in the order of the help. Adding one takes a spec here and a module under `commands/`. */
export const commands: readonly CommandSpec[] = [run, check, describe, runs, doctor, help];
