import { join } from 'node:path';
import { Keyring, type SigningKey, type TrustedKey } from '@engramkit/provenance';

/** The variable with the passphrase of the signing key. */
export const PASSPHRASE_VARIABLE = 'ENGRAMKIT_LEDGER_PASSPHRASE';

/** The keys of a state directory. */
export function openKeys(stateDirectory: string): Promise<Keyring> {
  return Keyring.open({ directory: join(stateDirectory, 'keys') });
}

/** The passphrase, if the environment gives one. */
export function passphraseOf(
  env: Readonly<Record<string, string | undefined>>,
): { readonly passphrase: string } | undefined {
  const passphrase = env[PASSPHRASE_VARIABLE];
  return passphrase === undefined || passphrase === '' ? undefined : { passphrase };
}

/** The key that signs checkpoints here; undefined while no key was generated. */
export async function activeSigner(
  stateDirectory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SigningKey | undefined> {
  const keyring = await openKeys(stateDirectory);
  return keyring.active === undefined ? undefined : keyring.signer(passphraseOf(env));
}

/** What a verification trusts: the keyring's keys, or anything while there is none. */
export function trustOf(keyring: Keyring): { readonly trustedKeys?: readonly TrustedKey[] } {
  return keyring.keys.length === 0 ? {} : { trustedKeys: keyring.trustedKeys() };
}
