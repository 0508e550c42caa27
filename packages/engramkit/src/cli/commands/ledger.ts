import {
  findLedgerRun,
  type LedgerRun,
  type LedgerVerification,
  listLedgerRuns,
  openLedger,
  RUN_LEDGER_NAME,
  runLedgerDirectory,
  verifyLedger,
  verifySession,
} from '@engramkit/provenance';
import type { CommandCall, ExitCode } from '../command.js';
import { durationText, printable } from '../layout.js';
import { activeSigner, openKeys, trustOf } from '../ledger-access.js';
import { stateDirectory } from '../state-directory.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';
import { writeLedgerExport } from './ledger-export.js';
import { executeKey } from './ledger-key.js';

const VERBS = ['list', 'show', 'verify', 'export', 'repair', 'key'];

/** `engramkit ledger list | show | verify | export | repair | key`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, directory } = call;
  const [verb = '', argument] = positionals;
  const state = stateDirectory({ flag: flags.text('directory'), directory });
  if (verb === 'key') return executeKey(call, state);
  if (positionals.length > 2) {
    throw new UsageError(`unexpected argument "${positionals[2]}"`, {
      hint: '"engramkit help ledger" shows every form.',
    });
  }
  if (verb === 'list') return list(call, state);
  if (verb === 'show') return show(call, state, argument);
  if (verb === 'verify') return verify(call, state);
  if (verb === 'export') return writeLedgerExport(call, state);
  if (verb === 'repair') return repair(call, state);
  const meant = suggest(verb, VERBS);
  throw new UsageError(`unknown ledger command "${verb}"`, {
    hint: `${meant === undefined ? '' : `Did you mean "ledger ${meant}"? `}There are ledger ${VERBS.join(', ')}.`,
  });
}

async function list(call: CommandCall, state: string): Promise<ExitCode> {
  const { flags, terminal, program } = call;
  const runs = await listLedgerRuns({ directory: state, limit: limitOf(flags.text('limit')) });
  if (flags.on('json')) {
    terminal.stdout.write(`${JSON.stringify(runs, null, 2)}\n`);
    return 0;
  }
  if (runs.length === 0) {
    terminal.stderr.write(
      `The ledger has no runs yet; "${program} run <module>" records the first one.\n`,
    );
  }
  for (const run of runs) terminal.stdout.write(runLine(run));
  return 0;
}

function runLine(run: LedgerRun): string {
  const duration = run.durationMs === null ? '' : durationText(run.durationMs);
  const parts = [
    String(run.index).padStart(6),
    `${run.time.slice(0, 19).replace('T', ' ')}`,
    run.outcome.padEnd(11),
    duration.padStart(10),
    printable(`${run.component} ${run.version}`),
    run.runId,
  ];
  return `${parts.join('  ')}\n`;
}

async function show(call: CommandCall, state: string, id: string | undefined): Promise<ExitCode> {
  if (id === undefined) {
    throw new UsageError('ledger show needs the id of a run', {
      hint: 'Give the beginning of an id from "engramkit ledger list", or last.',
    });
  }
  const [newest] = id === 'last' ? await listLedgerRuns({ directory: state, limit: 1 }) : [];
  const entries = await findLedgerRun({ directory: state, runId: newest?.runId ?? id });
  const { stdout } = call.terminal;
  if (call.flags.on('json')) {
    stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
    return 0;
  }
  for (const { index, time, hash, body } of entries) {
    stdout.write(`${stdout.paint('bold', `entry ${index}`)}  ${time}\n`);
    stdout.write(`  hash          ${hash}\n`);
    for (const [name, value] of Object.entries(body)) {
      if (name === 'type' || value === null) continue;
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      stdout.write(`  ${name.padEnd(13)} ${printable(text)}\n`);
    }
  }
  return 0;
}

async function verify(call: CommandCall, state: string): Promise<ExitCode> {
  const { flags, terminal, positionals } = call;
  const session = flags.text('session') ?? positionals[1];
  const trust = trustOf(await openKeys(state));
  const found =
    session === undefined
      ? await verifyLedger({
          directory: runLedgerDirectory(state),
          name: RUN_LEDGER_NAME,
          ...trust,
        })
      : await verifySession({ storageDirectory: state, id: session, ...trust });
  if (flags.on('json')) terminal.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else terminal.stdout.write(verificationText(call, found));
  return found.ok ? 0 : 1;
}

function verificationText({ terminal }: CommandCall, found: LedgerVerification): string {
  const { stdout } = terminal;
  const { damage, signatures } = found;
  const counts = `${found.entries} entries, ${found.seals} checkpoints, ${signatures.trusted} trusted signatures`;
  const unknown =
    signatures.unknown === 0 ? '' : `, ${signatures.unknown} signatures by unknown keys`;
  if (damage === undefined) {
    const clock =
      found.clockStepsBack === 0 ? '' : `The clock went back ${found.clockStepsBack} times.\n`;
    return `${stdout.paint('green', 'intact')}  ${counts}${unknown}\n${clock}head    ${found.head}\n`;
  }
  return [
    `${stdout.paint('red', 'damaged')} ${damage.message}`,
    `kind    ${damage.kind}, found by ${damage.reason}`,
    `where   ${damage.path}, byte ${damage.byte ?? damage.offset}`,
    `before  ${counts}${unknown} are intact`,
    '',
  ].join('\n');
}

/** Cuts a damaged end of the runs' ledger, keeps what is cut beside it, and says so in the ledger. */
async function repair(call: CommandCall, state: string): Promise<ExitCode> {
  const { flags, terminal, env } = call;
  const signer = await activeSigner(state, env);
  await using ledger = await openLedger({
    directory: runLedgerDirectory(state),
    name: RUN_LEDGER_NAME,
    mode: 'continue',
    salvage: true,
    sync: 'each',
    waitMs: 15_000,
    ...(signer === undefined ? {} : { signer }),
  });
  const { recovered } = ledger;
  if (flags.on('json')) {
    terminal.stdout.write(`${JSON.stringify({ recovered: recovered ?? null })}\n`);
  } else if (recovered === undefined) {
    terminal.stdout.write('The end of the ledger is intact; runs can be recorded.\n');
  } else {
    terminal.stdout.write(
      `Cut ${recovered.tornBytes} bytes off the end; they are kept in ${recovered.keptIn}\n`,
    );
  }
  return 0;
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return 20;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 100_000) return limit;
  throw new UsageError(`--limit ${text} is not a number from 1 to 100000`, {
    hint: 'Write a whole number, such as --limit 50.',
  });
}
