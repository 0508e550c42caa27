import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  attestSession,
  exportOpenLineage,
  exportProvJson,
  exportRdf,
  formatSessionFile,
  type ProvSource,
  RUN_LEDGER_NAME,
  runLedgerDirectory,
  runLedgerSource,
  sessionLedgerState,
  sessionSource,
  verifyLedger,
} from '@engramkit/provenance';
import type { CommandCall, ExitCode } from '../command.js';
import { activeSigner } from '../ledger-access.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';

const FORMATS = [
  'turtle',
  'n-quads',
  'n-triples',
  'json-ld',
  'prov-json',
  'openlineage',
  'session',
  'in-toto',
] as const;
type Format = (typeof FORMATS)[number];

/** `engramkit ledger export`: to standard output, or whole into a file. */
export async function writeLedgerExport(call: CommandCall, state: string): Promise<ExitCode> {
  const { flags, terminal, directory, positionals } = call;
  const format = formatOf(flags.text('format'));
  const session = flags.text('session') ?? positionals[1];
  const source =
    session === undefined
      ? await runLedgerSource({ directory: state })
      : await sessionSource({ storageDirectory: state, id: session });
  const chunks =
    format === 'in-toto' ? attestation(call, state, session, source) : exported(source, format);
  const target = flags.text('output');
  if (target === undefined) {
    for await (const chunk of chunks) terminal.stdout.write(chunk);
    return 0;
  }
  const path = resolve(directory, target);
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(Readable.from(chunks), createWriteStream(draft));
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  terminal.stderr.write(`Written to ${path}\n`);
  return 0;
}

async function* exported(
  source: ProvSource,
  format: Exclude<Format, 'in-toto'>,
): AsyncGenerator<string> {
  if (format === 'prov-json') yield* exportProvJson(source);
  else if (format === 'openlineage') yield* exportOpenLineage(source);
  else if (format === 'session') {
    const actions = [];
    for await (const action of source.actions()) actions.push(action);
    yield `${formatSessionFile({ ...source.header, actions })}\n`;
  } else yield* exportRdf(source, { format });
}

async function* attestation(
  call: CommandCall,
  state: string,
  session: string | undefined,
  source: ProvSource,
): AsyncGenerator<string> {
  const signer = await activeSigner(state, call.env);
  if (signer === undefined) {
    throw new UsageError('an attestation needs a signing key, and there is none yet', {
      hint: 'Run "engramkit ledger key generate" first.',
    });
  }
  const envelope = await attestSession(source, {
    ledger: await ledgerState(state, session, source),
    signers: [signer],
  });
  yield `${JSON.stringify(envelope)}\n`;
}

async function ledgerState(state: string, session: string | undefined, source: ProvSource) {
  if (session !== undefined) {
    return sessionLedgerState({ storageDirectory: state, id: source.header.session_id });
  }
  const found = await verifyLedger({
    directory: runLedgerDirectory(state),
    name: RUN_LEDGER_NAME,
  });
  if (found.ok) return { name: RUN_LEDGER_NAME, head: found.head, size: found.entries };
  throw new UsageError(`the ledger is damaged: ${found.damage?.message ?? ''}`, {
    hint: 'Nothing is attested about a damaged ledger; "engramkit ledger verify" says more.',
  });
}

function formatOf(text: string | undefined): Format {
  const format = FORMATS.find((name) => name === (text ?? 'turtle'));
  if (format !== undefined) return format;
  const meant = suggest(text ?? '', FORMATS);
  throw new UsageError(`unknown format "${text}"`, {
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}There are ${FORMATS.join(', ')}.`,
  });
}
