import { resolve } from 'node:path';
import { systemClock } from '@engramkit/core';
import type { FunctionsServer, MemoryChronicle } from '@engramkit/functions';
import { fileIdempotencyStore } from '@engramkit/ids';
import { createLogger, createRedaction, wantsColors } from '@engramkit/runtime';
import type { CommandCall, ExitCode } from '../command.js';
import { importOptional } from '../optional-package.js';
import { UsageError } from '../usage-error.js';
import { servedTokens } from './agent-tokens.js';
import { functionsOf, recordsDirectory } from './function-modules.js';

/** `engramkit serve <modules…>`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, terminal, env, directory } = call;
  const port = portOf(flags.text('port') ?? env.PORT ?? '8080');
  if (flags.on('watch')) {
    const { watchAndRun } = await import('../watch.js');
    return await watchAndRun(call, ...positionals.map((module) => resolve(directory, module)));
  }
  const host = flags.text('host') ?? '127.0.0.1';
  const tokens = servedTokens(call, { needed: false });
  const library = await importOptional(
    '@engramkit/functions',
    () => import('@engramkit/functions'),
    'serve',
  );
  using logger = createLogger({
    destination: {
      isTTY: terminal.stderr.interactive,
      write: (text) => terminal.stderr.write(text),
    },
    colors: wantsColors(env, { isTTY: terminal.stderr.interactive }),
    redaction: createRedaction(),
    clock: systemClock,
  });
  const registry = new library.FunctionRegistry({ patterns: true });
  for (const one of await functionsOf(positionals, call, library)) registry.register(one);
  await using records = flags.on('no-ledger') ? inMemory(library) : await inLedger(call, library);
  const runtime = new library.FunctionRuntime(registry, records.chronicle, {
    logger,
    idempotency: {
      store: fileIdempotencyStore(`${recordsDirectory(call)}/functions-once`),
      keepMs: KEEP_RESULTS_MS,
    },
  });
  const server = await library.serveFunctions(runtime, {
    host,
    port,
    ...(tokens === undefined ? {} : { authenticate: library.sharedTokens(tokenMap(tokens)) }),
    ...(flags.on('anonymous') ? { anonymous: true } : {}),
  });
  const functions = registry.entries().map(({ attributes }) => attributes.function_id);
  const { url } = server;
  terminal.stdout.write(
    `${JSON.stringify({ url, host, port: server.port, pid: process.pid, functions })}\n`,
  );
  return await untilSignal(server, call);
}

/** Results of calls with a key are kept for a week. */
const KEEP_RESULTS_MS = 7 * 24 * 3_600_000;

interface Records extends AsyncDisposable {
  readonly chronicle: Pick<MemoryChronicle, 'append' | 'find'>;
}

function inMemory(library: typeof import('@engramkit/functions')): Records {
  return { chronicle: library.memoryChronicle(), [Symbol.asyncDispose]: async () => undefined };
}

/** The ledger of functions, open until the command ends. */
export async function inLedger(
  call: CommandCall,
  library: typeof import('@engramkit/functions'),
): Promise<Records> {
  const { openLedger } = await import('@engramkit/provenance');
  const ledger = await openLedger({
    directory: `${recordsDirectory(call)}/ledger`,
    name: 'functions',
    header: { purpose: 'calls of functions' },
    waitMs: 5_000,
  });
  return {
    chronicle: library.ledgerChronicle(ledger),
    [Symbol.asyncDispose]: () => ledger.release(),
  };
}

async function untilSignal(server: FunctionsServer, { terminal }: CommandCall): Promise<ExitCode> {
  let insist = (): void => undefined;
  const insisted = new Promise<{ readonly abandoned: number }>((end) => {
    insist = () => end({ abandoned: server.inFlight });
  });
  await new Promise<void>((asked) => {
    let signals = 0;
    const onSignal = (): void => {
      signals += 1;
      if (signals === 1) asked();
      else insist();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
  const left = server.inFlight;
  if (left > 0)
    terminal.stderr.write(
      `Answering ${left} request${left === 1 ? '' : 's'}; a second signal ends at once.\n`,
    );
  const { abandoned } = await Promise.race([server.close(), insisted]);
  if (abandoned === 0) return 0;
  terminal.stderr.write(
    `${abandoned} request${abandoned === 1 ? ' was' : 's were'} not answered.\n`,
  );
  return 1;
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`"${text}" is no port`, {
    hint: 'Write a number from 1 to 65535, or 0 for any free port, after --port or into $PORT.',
  });
}

function tokenMap(
  tokens: NonNullable<ReturnType<typeof servedTokens>>,
): ReadonlyMap<string, string> {
  return new Map(Object.entries(tokens));
}
