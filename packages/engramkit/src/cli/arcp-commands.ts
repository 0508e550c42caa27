import type { CommandSpec, FlagSpec } from './command.js';

const json: FlagSpec = {
  type: 'switch',
  summary: 'Write one JSON document to standard output; everything else goes to standard error.',
};
const directory: FlagSpec = {
  type: 'text',
  placeholder: 'PATH',
  summary: 'Where sessions and jobs are kept; default .engramkit beside the nearest package.json.',
};

/** `agent`: hosting agents. */
export const agent: CommandSpec = {
  name: 'agent',
  summary: 'Serve agents, engrams and governed functions over ARCP.',
  usage: 'serve <modules…>',
  positionals: { least: 2, most: 200 },
  flags: {
    port: { type: 'text', placeholder: 'PORT', summary: 'Default 7070; 0 takes any free port.' },
    host: { type: 'text', placeholder: 'HOST', summary: 'Where to listen; default 127.0.0.1.' },
    path: { type: 'text', placeholder: 'PATH', summary: 'Default /arcp.' },
    'allowed-host': {
      type: 'text',
      placeholder: 'NAME',
      summary: 'A further name that the Host header may carry, or *; repeatable.',
      repeatable: true,
    },
    'token-file': {
      type: 'text',
      placeholder: 'FILE',
      summary: 'Who may connect: TOKEN=PRINCIPAL, one per line.',
    },
    tokens: {
      type: 'text',
      placeholder: 'TOKEN=PRINCIPAL,…',
      summary: 'The same on the command line, where others can see it: for trials.',
    },
    stdio: {
      type: 'switch',
      summary: 'Serve one session over standard input and output instead of a port.',
    },
    secret: {
      type: 'text',
      placeholder: 'NAME=env:VAR|file:PATH',
      summary: 'One secret for the engrams; repeatable.',
      repeatable: true,
    },
    'in-memory': {
      type: 'switch',
      summary: 'Keep sessions and jobs in memory only: a restart forgets them.',
    },
    directory,
  },
  notes: [
    'Sessions and jobs survive a restart: clients resume, jobs that were running end with a retryable error.',
    'A module is a file, or a folder with agents.ts, src/agents.ts, index.ts or src/index.ts.',
    'The first line of standard output is JSON: url, host, port, pid and the agents.',
    'The first Ctrl-C lets running jobs finish, the second stops at once.',
  ],
  examples: [
    {
      line: 'engramkit agent serve agents.ts --token-file tokens.txt',
      does: 'on port 7070 of this machine',
    },
    { line: 'engramkit agent serve agents.ts --port 0 --tokens tok=alice', does: 'for a trial' },
    { line: 'engramkit agent serve agents.ts --stdio', does: 'as a child process' },
  ],
  load: () => import('./commands/agent.js'),
};

/** `arcp`: using agents. */
export const arcp: CommandSpec = {
  name: 'arcp',
  summary: 'Submit jobs to agents, watch, list and cancel them.',
  usage: '<submit | watch | jobs | cancel | agents | doctor> [agent | job]',
  positionals: { least: 1, most: 2 },
  flags: {
    url: {
      type: 'text',
      placeholder: 'URL',
      summary: 'The runtime; default ARCP_URL, else ws://127.0.0.1:7070/arcp.',
    },
    token: {
      type: 'text',
      placeholder: 'env:VAR|file:PATH',
      summary: 'Where the token is; default env:ARCP_TOKEN.',
    },
    input: {
      type: 'text',
      placeholder: 'JSON|@FILE|-',
      summary: 'submit: the input: JSON text, @file (JSON or YAML), or - for standard input.',
      short: 'i',
    },
    lease: {
      type: 'text',
      placeholder: 'JSON|@FILE',
      summary: 'submit: what the job may do: capabilities with patterns.',
    },
    'expires-at': {
      type: 'text',
      placeholder: 'TIME',
      summary: 'submit: when the lease ends, such as 2030-01-01T00:00:00Z.',
    },
    'max-runtime': {
      type: 'text',
      placeholder: 'SECONDS',
      summary: 'submit: how long it may run.',
    },
    key: {
      type: 'text',
      placeholder: 'KEY',
      summary: 'submit: makes it safe to repeat: the same key is the same job.',
    },
    detach: { type: 'switch', summary: 'submit: print the id of the job and do not wait.' },
    reason: { type: 'text', placeholder: 'TEXT', summary: 'cancel: why.' },
    status: {
      type: 'text',
      placeholder: 'STATE',
      summary: 'jobs: only those in this state; repeatable.',
      repeatable: true,
    },
    agent: { type: 'text', placeholder: 'NAME', summary: 'jobs: only those of this agent.' },
    limit: { type: 'text', placeholder: 'COUNT', summary: 'jobs: at most so many; default 100.' },
    json,
  },
  notes: [
    'Exit codes of submit and watch: 0 success, 1 error or cancelled, 124 timed out.',
    'Ctrl-C during submit cancels the job; most runtimes let only the session that submitted a job cancel it.',
  ],
  examples: [
    {
      line: `engramkit arcp submit echo --input '{"msg":"hi"}'`,
      does: 'run a job and show its result',
    },
    { line: 'engramkit arcp submit slow --detach', does: 'start it and print its id' },
    { line: 'engramkit arcp watch job_01J…', does: 'what it did and does' },
    { line: 'engramkit arcp jobs --status running --json', does: 'for scripts' },
    { line: 'engramkit arcp doctor', does: 'whether the runtime can be used from here' },
  ],
  load: () => import('./commands/arcp.js'),
};
