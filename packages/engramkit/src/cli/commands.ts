import { agent, arcp } from './arcp-commands.js';
import { start } from './cluster-commands.js';
import type { CommandSpec, FlagSpec } from './command.js';
import { execute as executeRun } from './commands/run.js';
import { invoke, manifest, serve } from './function-commands.js';

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
      summary: 'The inputs: JSON or YAML text, @file, or - for standard input.',
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
    parent: {
      type: 'text',
      placeholder: 'RUN',
      summary: 'The id of the run that started this one, for the record and the ledger.',
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
  // Not on demand: the build puts what every run needs into the program's one file.
  load: async () => ({ execute: executeRun }),
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

const ledger: CommandSpec = {
  name: 'ledger',
  summary: 'Read, verify, export and sign the ledger of runs and sessions.',
  usage: '<list | show | verify | export | repair | key> [id]',
  positionals: { least: 1, most: 3 },
  flags: {
    directory,
    json,
    limit: {
      type: 'text',
      placeholder: 'COUNT',
      summary: 'How many runs to list, newest first; default 20.',
    },
    session: {
      type: 'text',
      placeholder: 'ID',
      summary: 'Verify or export this session instead of the runs.',
    },
    format: {
      type: 'text',
      placeholder: 'FORMAT',
      summary:
        'turtle (default), n-quads, n-triples, json-ld, prov-json, openlineage, session or in-toto.',
    },
    output: {
      type: 'text',
      placeholder: 'FILE',
      summary: 'Where an export goes; default standard output.',
      short: 'o',
    },
    name: {
      type: 'text',
      placeholder: 'NAME',
      summary: 'What signatures call a new key; default the name of this machine.',
    },
  },
  notes: [
    'Verification names the first bad entry and the kind of damage, and exits with 1.',
    'A damaged end keeps runs from being recorded; ledger repair cuts it off and keeps it beside the ledger.',
    'Keys: ledger key generate, list, show <id>, rotate, revoke <id>. ENGRAMKIT_LEDGER_PASSPHRASE encrypts private keys.',
  ],
  examples: [
    { line: 'engramkit ledger list', does: 'the newest runs' },
    { line: 'engramkit ledger verify', does: 'every entry, checkpoint and signature' },
    { line: 'engramkit ledger export --format turtle -o runs.ttl', does: 'W3C PROV of all runs' },
    { line: 'engramkit ledger key generate', does: 'sign checkpoints from now on' },
  ],
  load: () => import('./commands/ledger.js'),
};

const cid: CommandSpec = {
  name: 'cid',
  summary: 'Name the content of a JSON document.',
  usage: '<file>',
  positionals: { least: 1, most: 1 },
  flags: {
    scheme: {
      type: 'text',
      placeholder: 'SCHEME',
      summary:
        'python (default), jcs, serde-sha3, cidv1-raw, cidv1-json, cidv1-dag-json or cidv1-dag-cbor.',
    },
    json,
  },
  examples: [
    { line: 'engramkit cid result.json', does: 'as the Python packages compute it' },
    { line: 'engramkit cid result.json --scheme cidv1-dag-json', does: 'an IPLD identifier' },
  ],
  load: () => import('./commands/cid.js'),
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
export const commands: readonly CommandSpec[] = [
  run,
  check,
  describe,
  runs,
  ledger,
  cid,
  serve,
  invoke,
  manifest,
  start,
  agent,
  arcp,
  doctor,
  help,
];
