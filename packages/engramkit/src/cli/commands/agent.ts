import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { ArcpRuntime } from '@engramkit/agent';
import { EngramkitError } from '@engramkit/core';
import type { CommandCall, ExitCode } from '../command.js';
import { importOptional } from '../optional-package.js';
import { stateDirectory } from '../state-directory.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';
import { agentsOf } from './agent-modules.js';
import { type ServedTokens, servedTokens } from './agent-tokens.js';

const COMMAND = 'agent serve';

/** `engramkit agent serve <modules…>`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const [what = '', ...modules] = call.positionals;
  if (what !== 'serve') {
    const meant = suggest(what, ['serve']);
    throw new UsageError(`unknown agent command "${what}"`, {
      hint: `${meant === undefined ? 'There is' : 'Did you mean'} "agent serve <modules…>".`,
    });
  }
  const stdio = call.flags.on('stdio');
  const port = portOf(call.flags.text('port'));
  const tokens = servedTokens(call, { needed: !stdio });
  const library = await importOptional(
    '@engramkit/agent',
    () => import('@engramkit/agent'),
    COMMAND,
  );
  const node = await importOptional(
    '@engramkit/agent',
    () => import('@engramkit/agent/node'),
    COMMAND,
  );
  const agents = await agentsOf(modules, call, library);
  const runtime = await openRuntime(
    (eventLog) =>
      library.createArcpRuntime({
        agents,
        authenticate: authenticator(tokens, library),
        ...(eventLog === undefined ? {} : { eventLog: node.fileEventLog({ directory: eventLog }) }),
        onLogFailure: (error) =>
          call.terminal.stderr.write(
            `engramkit: the event log cannot be written (${EngramkitError.from(error).message})\n`,
          ),
      }),
    stdio || call.flags.on('in-memory') ? [] : logDirectories(call, port),
  );
  const stop = stopSignal();
  if (stdio) {
    const served = node.serveStdio(runtime, standardStreams());
    await Promise.race([served, stop.asked]);
  } else {
    const host = call.flags.text('host') ?? '127.0.0.1';
    await using server = await node.listenArcp(runtime, {
      host,
      port,
      path: pathOf(call.flags.text('path')),
      allowedHosts: allowedHosts(call.flags.texts('allowed-host'), host),
    });
    call.terminal.stdout.write(
      `${JSON.stringify({
        url: server.url,
        host,
        port: server.port,
        pid: process.pid,
        agents: agents.map(({ name, version }) =>
          version === undefined ? name : `${name}@${version}`,
        ),
      })}\n`,
    );
    await stop.asked;
    call.terminal.stderr.write('Finishing the running jobs; press Ctrl-C again to stop at once.\n');
    await Promise.race([server.close(), stop.insisted]);
  }
  await Promise.race([close(runtime), stop.insisted]);
  return 0;
}

/** How many runtimes of one project may share a port number, which only any free port (0) allows. */
const MOST_TWINS = 16;

/** Where sessions and jobs are kept: one directory for each port. */
function logDirectories(call: CommandCall, port: number): readonly string[] {
  const base = join(runtimeDirectory(call), 'arcp', `port-${port}`);
  if (port !== 0) return [base];
  return Array.from({ length: MOST_TWINS }, (_, at) => (at === 0 ? base : `${base}-${at + 1}`));
}

/** Opens a runtime on the first directory that no other process uses. */
async function openRuntime(
  open: (eventLog: string | undefined) => ArcpRuntime,
  directories: readonly string[],
): Promise<ArcpRuntime> {
  if (directories.length === 0) return open(undefined);
  let refusal: unknown;
  for (const directory of directories) {
    const runtime = open(directory);
    try {
      await runtime.ready;
      return runtime;
    } catch (error) {
      refusal = error;
      if (EngramkitError.from(error).code !== 'EVENT_LOG_LOCKED') break;
    }
  }
  throw refusal;
}

const close = (runtime: ArcpRuntime): Promise<void> => runtime.close();

/** Frames go over the real standard output; what modules print goes to standard error. */
function standardStreams(): { readonly input: Readable; readonly output: Writable } {
  const { stdin, stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  const output: Writable = Object.create(stdout, { write: { value: write } });
  stdout.write = stderr.write.bind(stderr);
  return { input: stdin, output };
}

function authenticator(
  tokens: ServedTokens,
  { staticTokens }: { readonly staticTokens: typeof import('@engramkit/agent').staticTokens },
) {
  // A parent process that talks over pipes has started us: it needs no token unless some are given.
  return tokens === undefined ? () => 'local' : staticTokens(tokens);
}

function stopSignal(): { readonly asked: Promise<void>; readonly insisted: Promise<void> } {
  let ask = (): void => undefined;
  let insist = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const insisted = new Promise<void>((resolve) => {
    insist = resolve;
  });
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) ask();
    else insist();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { asked, insisted };
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 7070;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port ${text} is no port`, {
    hint: 'Write a number from 1 to 65535, or 0 for any free port.',
  });
}

function pathOf(text: string | undefined): string {
  if (text === undefined) return '/arcp';
  if (/^\/[^?#\s]*$/.test(text)) return text;
  throw new UsageError(`--path ${text} is no path`, { hint: 'Write it like --path /arcp.' });
}

/** Names that may stand in the Host header; beyond this machine, the one that is listened on as well. */
function allowedHosts(given: readonly string[], host: string): readonly string[] | '*' {
  if (given.includes('*')) return '*';
  return ['localhost', '127.0.0.1', '::1', host, ...given];
}

/** The directory for what a runtime keeps. */
export function runtimeDirectory(call: CommandCall): string {
  return stateDirectory({ flag: call.flags.text('directory'), directory: call.directory });
}
