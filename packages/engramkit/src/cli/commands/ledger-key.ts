import { hostname } from 'node:os';
import {
  type KeyringEntry,
  openLedger,
  RUN_LEDGER_NAME,
  runLedgerDirectory,
} from '@engramkit/provenance';
import type { CommandCall, ExitCode } from '../command.js';
import { activeSigner, openKeys, PASSPHRASE_VARIABLE, passphraseOf } from '../ledger-access.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';

const VERBS = ['generate', 'list', 'rotate', 'revoke', 'show'];

/** `engramkit ledger key generate | list | rotate | revoke <id> | show <id>`. */
export async function executeKey(call: CommandCall, state: string): Promise<ExitCode> {
  const [, verb = '', id] = call.positionals;
  if (verb === 'generate') return generate(call, state);
  if (verb === 'list') return list(call, state);
  if (verb === 'rotate') return rotate(call, state);
  if (verb === 'revoke' || verb === 'show') {
    if (id === undefined) {
      throw new UsageError(`ledger key ${verb} needs the id of a key`, {
        hint: 'Give an id from "engramkit ledger key list".',
      });
    }
    return verb === 'revoke' ? revoke(call, state, id) : show(call, state, id);
  }
  const meant = suggest(verb, VERBS);
  throw new UsageError(`unknown ledger key command "${verb}"`, {
    hint: `${meant === undefined ? '' : `Did you mean "ledger key ${meant}"? `}There are ${VERBS.join(', ')}.`,
  });
}

async function generate(call: CommandCall, state: string): Promise<ExitCode> {
  const keyring = await openKeys(state);
  const key = await keyring.generate({ name: nameOf(call), ...passphraseOf(call.env) });
  report(call, key.keyId, 'signs the checkpoints of this ledger from now on');
  return 0;
}

async function rotate(call: CommandCall, state: string): Promise<ExitCode> {
  const old = await activeSigner(state, call.env);
  const keyring = await openKeys(state);
  const directory = runLedgerDirectory(state);
  // The lock comes first: nothing is signed between the old key's end and the note that names the new one.
  await using ledger = await openLedger({
    directory,
    name: RUN_LEDGER_NAME,
    waitMs: 15_000,
    sync: 'each',
    ...(old === undefined ? {} : { signer: old }),
  });
  const key = await keyring.rotate({ name: nameOf(call), ...passphraseOf(call.env) });
  await ledger.rotateKey(key, key.publicKey);
  report(call, key.keyId, 'signs from now on; what the old key signed stays valid');
  return 0;
}

async function revoke(call: CommandCall, state: string, id: string): Promise<ExitCode> {
  const keyring = await openKeys(state);
  await keyring.revoke(id);
  report(call, id, 'is trusted no longer, not even for what it signed before');
  return 0;
}

async function list(call: CommandCall, state: string): Promise<ExitCode> {
  const { keys } = await openKeys(state);
  const { stdout, stderr } = call.terminal;
  if (call.flags.on('json')) {
    stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
    return 0;
  }
  if (keys.length === 0) {
    stderr.write(`There are no keys; "${call.program} ledger key generate" makes one.\n`);
  }
  for (const key of keys) stdout.write(keyLine(key));
  return 0;
}

async function show(call: CommandCall, state: string, id: string): Promise<ExitCode> {
  const key = (await openKeys(state)).keys.find((item) => item.id === id);
  if (key === undefined) {
    throw new UsageError(`there is no key "${id}"`, {
      hint: 'Give an id from "engramkit ledger key list".',
    });
  }
  call.terminal.stdout.write(
    call.flags.on('json') ? `${JSON.stringify(key, null, 2)}\n` : key.publicKey,
  );
  return 0;
}

function keyLine(key: KeyringEntry): string {
  const until = key.validUntil === undefined ? '' : ` to ${key.validUntil}`;
  return `${key.id}  ${key.status.padEnd(7)}  ${key.name}  from ${key.validFrom}${until}\n`;
}

function report(call: CommandCall, id: string, what: string): void {
  const { stdout, stderr } = call.terminal;
  if (call.flags.on('json')) stdout.write(`${JSON.stringify({ key: id })}\n`);
  else stdout.write(`Key ${id} ${what}.\n`);
  if (passphraseOf(call.env) === undefined && !call.flags.on('json')) {
    stderr.write(`Private keys are stored unencrypted unless ${PASSPHRASE_VARIABLE} is set.\n`);
  }
}

function nameOf(call: CommandCall): string {
  return call.flags.text('name') ?? hostname().replace(/[\s+]/g, '-');
}
