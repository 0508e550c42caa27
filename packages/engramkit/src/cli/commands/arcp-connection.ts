import { readFileSync } from 'node:fs';
import type { ArcpClient } from '@engramkit/client';
import type { CommandCall } from '../command.js';
import { fileProblem } from '../file-problem.js';
import { importOptional } from '../optional-package.js';
import { secretSources } from '../secret-flags.js';
import { UsageError } from '../usage-error.js';

const DEFAULT_URL = 'ws://127.0.0.1:7070/arcp';

/** The address that a command talks to: `--url`, else the variable ARCP_URL, else this machine. */
export function addressOf(call: CommandCall): string {
  const url = call.flags.text('url') ?? call.env.ARCP_URL ?? DEFAULT_URL;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'ws:' || parsed?.protocol === 'wss:') return url;
  throw new UsageError('the address is no WebSocket address', {
    hint: 'Write it like --url wss://host/arcp, or set the variable ARCP_URL.',
  });
}

/** The token: `--token env:VAR|file:PATH`, else the variable ARCP_TOKEN. Never repeated in a message. */
export function tokenOf(call: CommandCall): string {
  const flag = call.flags.text('token');
  const source =
    flag === undefined ? 'env:ARCP_TOKEN' : secretSources([`token=${flag}`], call.directory).token;
  if (source === undefined) throw missing('the variable ARCP_TOKEN');
  if (source.startsWith('file:')) {
    const file = source.slice('file:'.length);
    try {
      return nonEmpty(readFileSync(file, 'utf8'), `the file ${file}`);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw fileProblem(error, { what: '--token', file, code: 'TOKEN_FILE_UNREADABLE' });
    }
  }
  const variable = source.slice('env:'.length);
  return nonEmpty(call.env[variable] ?? '', `the variable ${variable}`);
}

/** Opens a session; the caller closes it. */
export async function openSession(
  call: CommandCall,
  verb: string,
  signal?: AbortSignal,
): Promise<ArcpClient> {
  const url = addressOf(call);
  const token = tokenOf(call);
  const { connect } = await importOptional(
    '@engramkit/client',
    () => import('@engramkit/client'),
    `arcp ${verb}`,
  );
  return await connect({
    url,
    token,
    compat: 'auto',
    client: { name: 'engramkit-cli', version: '0.1.0' },
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Aborts at the first Ctrl-C or SIGTERM. */
export function interruption(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort(new Error('interrupted'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}

function nonEmpty(text: string, what: string): string {
  const token = text.trim();
  if (token === '') throw missing(what);
  return token;
}

function missing(what: string): UsageError {
  return new UsageError(`there is no token: ${what} is empty or not set`, {
    hint: 'Set ARCP_TOKEN, or write --token env:VARIABLE or --token file:PATH.',
  });
}
