import type { CommandSpec, FlagSpec } from './command.js';

const json: FlagSpec = {
  type: 'switch',
  summary: 'Write one JSON document to standard output; everything else goes to standard error.',
};
const directory: FlagSpec = {
  type: 'text',
  placeholder: 'PATH',
  summary: 'Where calls are recorded; default .engramkit beside the nearest package.json.',
};
const secret: FlagSpec = {
  type: 'text',
  placeholder: 'NAME=env:VAR|file:PATH',
  summary: 'One secret for the engrams; repeatable.',
  repeatable: true,
};
const config: FlagSpec = {
  type: 'text',
  placeholder: 'JSON|@FILE|-',
  summary: 'The config of the engrams.',
  short: 'c',
};

/** `serve`: governed functions over HTTP. */
export const serve: CommandSpec = {
  name: 'serve',
  summary: 'Serve governed functions and batch engrams over HTTP.',
  usage: '<modules…>',
  positionals: { least: 1, most: 200 },
  flags: {
    port: {
      type: 'text',
      placeholder: 'PORT',
      summary: 'Default 8080, or $PORT; 0 takes any free port.',
    },
    host: { type: 'text', placeholder: 'HOST', summary: 'Where to listen; default 127.0.0.1.' },
    'token-file': {
      type: 'text',
      placeholder: 'FILE',
      summary: 'Who may call: TOKEN=PRINCIPAL, one per line.',
    },
    tokens: {
      type: 'text',
      placeholder: 'TOKEN=PRINCIPAL,…',
      summary: 'The same on the command line, where others can see it: for trials.',
    },
    anonymous: {
      type: 'switch',
      summary:
        'Answer everybody, also beyond this machine: for hosts behind a proxy that checks callers.',
    },
    'no-ledger': { type: 'switch', summary: 'Keep the record of calls in memory only.' },
    watch: {
      type: 'switch',
      summary: 'Start again whenever a module or a file that it imports changes.',
    },
    secret,
    config,
    directory,
  },
  notes: [
    'Calls are recorded in the ledger "functions"; /lineage/<cid> shows what led to what.',
    'The first signal finishes the requests that are in flight; a second one ends at once.',
  ],
  examples: [
    { line: 'engramkit serve greet.ts', does: 'on http://127.0.0.1:8080, with a page to try it' },
    {
      line: 'engramkit serve *.ts --host 0.0.0.0 --token-file tokens.txt',
      does: 'for callers with a token',
    },
  ],
  load: () => import('./commands/serve.js'),
};

/** `invoke`: one call of one function. */
export const invoke: CommandSpec = {
  name: 'invoke',
  summary: 'Call one governed function on this machine.',
  usage: '<module> [function]',
  positionals: { least: 1, most: 2 },
  flags: {
    event: {
      type: 'text',
      placeholder: 'JSON|@FILE|-',
      summary: 'The event: JSON text, @file or - for standard input; default {}.',
      short: 'e',
    },
    context: {
      type: 'text',
      placeholder: 'JSON|@FILE',
      summary: 'The context, such as {"gsap_context_id": "…"}.',
    },
    'no-ledger': { type: 'switch', summary: 'Do not record the call.' },
    secret,
    config,
    directory,
    json,
  },
  notes: ['Exit codes: 0 the function succeeded, 1 it did not, 2 the command line is wrong.'],
  examples: [
    {
      line: `engramkit invoke greet.ts --event '{"name":"Ada"}'`,
      does: 'the only function of a module',
    },
    {
      line: 'engramkit invoke billing.ts billing-processor --event @receipt.json --json',
      does: 'for programs',
    },
  ],
  load: () => import('./commands/invoke.js'),
};

/** `manifest`: what a cluster needs. */
export const manifest: CommandSpec = {
  name: 'manifest',
  summary: 'Write the Kubernetes manifests of a module, for Knative or the operator of stories.',
  usage: '<module>',
  positionals: { least: 1, most: 1 },
  flags: {
    for: { type: 'text', placeholder: 'TARGET', summary: 'knative (default) or bobrapet.' },
    image: { type: 'text', placeholder: 'IMAGE', summary: 'The container image; needed.' },
    namespace: { type: 'text', placeholder: 'NAME', summary: 'Default "default".', short: 'n' },
    production: {
      type: 'switch',
      summary: "Add probes, a hardened security context and today's scale annotations.",
    },
    triggers: { type: 'switch', summary: 'Add one Knative Eventing Trigger per event.' },
    json: { type: 'switch', summary: 'Write JSON instead of YAML.' },
    directory,
  },
  examples: [
    {
      line: 'engramkit manifest greet.ts --image registry.example/greet:1 | kubectl apply -f -',
      does: 'deploy',
    },
  ],
  load: () => import('./commands/manifest.js'),
};
